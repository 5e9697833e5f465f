"""What a failed test says was wrong, in a line or two, and which method of the engine is not written yet."""

from __future__ import annotations

import difflib
import pprint
import re
import reprlib
from collections.abc import Iterator
from types import TracebackType

from testtools.matchers import MismatchError  # type: ignore[attr-defined] # its package does not say that it is public

from nova_db import offers
from nova_db.exceptions.redaction import without_secrets
from nova_db_conformance.harness.checking import difference
from nova_db_conformance.harness.coverage import CALLS
from nova_db_conformance.harness.promises import BREAKS, PARTS, promise_of, text_of

_LONGEST = 300
_LONGEST_DETAIL = 20_000
_MOST_CASES = 10
_WAS = re.compile(r" (was|had) ")
_ROW_STORES = "nova_db.engine.rows."
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 60
_SHORT.maxdict = _SHORT.maxlist = _SHORT.maxtuple = 3


def told(test_class: type, error: BaseException) -> dict[str, str]:
    """What a failure is told with: the ``promise`` that it breaks, ``what`` was wrong, the ``primitive`` that lacks.

    ``detail`` is all of what was wrong, where that is more; none of it shows the passwords of URLs. ``base`` says
    whether the engine rests on a row store.
    """
    base = "row store" if _rests_on_row_store(error) else ""
    primitive = unwritten_primitive(error)
    if primitive:
        what = without_secrets(f"{primitive} is not written{_hint(error)}")
        return {"promise": text_of(primitive), "what": what, "primitive": primitive, "detail": "", "base": base}
    noted = (note for each in _with_causes(error) for note in getattr(each, "__notes__", ()))
    own = next((note.removeprefix(BREAKS) for note in noted if note.startswith(BREAKS)), None)
    promise = own or promise_of(test_class, CALLS.last) or ""
    what, detail = without_secrets(what_was_wrong(error)), without_secrets(_detail(error))
    detail = "" if detail == what else detail
    return {"promise": promise, "what": what, "primitive": "", "detail": detail, "base": base}


def what_was_wrong(error: BaseException) -> str:
    """The error in one line: of two values that should be equal only where they differ first."""
    if isinstance(error, BaseExceptionGroup):
        first, *others = error.exceptions
        more = f" (and {len(others)} more cases)" if others else ""
        return f"{what_was_wrong(first)}{more}"
    text = _mismatch(error) or _told(error)
    if text.startswith("# "):  # a program, whose head says what it shows
        text = text.partition("\n")[0].removeprefix("# ")
    case = next((note for note in getattr(error, "__notes__", ()) if note.startswith("case: ")), "")
    return _cut(f"{text} ({case})" if case else text)


def _detail(error: BaseException) -> str:
    """The error in full, without its traceback: of two values that should be equal the lines in which they differ."""
    if isinstance(error, BaseExceptionGroup):
        return "\n\n".join(map(_detail, error.exceptions[:_MOST_CASES]))
    if isinstance(error, MismatchError) and hasattr(error.mismatch, "_reference"):
        expected, got = (_lines(value) for value in (error.mismatch._reference, error.matchee))
        text = "\n".join(difflib.unified_diff(expected, got, "expected", "got", lineterm="", n=1))
    else:
        text = _told(error)
    notes = [note for note in getattr(error, "__notes__", ()) if note.startswith("case: ")]
    text = "\n".join((*notes, text))
    return text if len(text) <= _LONGEST_DETAIL else f"{text[:_LONGEST_DETAIL]}\n..."


def _lines(value: object) -> list[str]:
    return pprint.pformat(value, width=100, sort_dicts=False).splitlines()


def unwritten_primitive(error: BaseException) -> str:
    """The method that raised ``NotImplementedError``, as ``Transaction.update`` or ``Rows.get``; empty if none did."""
    for each in _unwritten(error):
        found = [name for frame in _frames(each.__traceback__) if (name := _primitive_in(frame))]
        if found:
            return found[-1]
    return ""


def _hint(error: BaseException) -> str:
    """What an unwritten method says of itself."""
    text = next((str(each) for each in _unwritten(error) if str(each)), "")
    return f": {text}" if text else ""


def _unwritten(error: BaseException) -> Iterator[NotImplementedError]:
    return (each for each in _with_causes(error) if isinstance(each, NotImplementedError))


def _mismatch(error: BaseException) -> str | None:
    """What ``assertEqual`` found, cut to the first difference."""
    if not isinstance(error, MismatchError):
        return None
    expected = getattr(error.mismatch, "_reference", None)  # no public name
    found = difference(expected, error.matchee, "the result") if hasattr(error.mismatch, "_reference") else None
    if found is None:
        return None
    if not isinstance(expected, dict | list | tuple):
        return f"expected {_SHORT.repr(expected)}, got {_SHORT.repr(error.matchee)}"
    return _WAS.sub(lambda word: {"was": " should be ", "had": " should have "}[word[1]], found, count=1)


def _told(error: BaseException) -> str:
    kind, text = type(error).__name__, str(error)
    return text if text and isinstance(error, AssertionError) else f"{kind}: {text}".removesuffix(": ")


def _cut(text: str) -> str:
    """One line; of a long one the beginning and the end."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST // 2]} ... {line[-_LONGEST // 2 :]}"


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    """An error, those in a group, and those that led to it."""
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [each.__context__, each.__cause__]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions


def _frames(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _rests_on_row_store(error: BaseException) -> bool:
    """Whether what has failed, or the engine of the test that has, is made of the classes for stores of rows."""
    owners = [
        frame.tb_frame.f_locals.get("self") for each in _with_causes(error) for frame in _frames(each.__traceback__)
    ]
    engines = [offers.engine_of(driver) for owner in owners if (driver := getattr(owner, "driver", None)) is not None]
    classes = {kind for owner in (*owners, *engines) for kind in type(owner).__mro__}
    return any(kind.__module__.startswith(_ROW_STORES) for kind in classes)


def _primitive_in(frame: TracebackType) -> str:
    name, owner = frame.tb_frame.f_code.co_name, frame.tb_frame.f_locals.get("self")
    for part, methods in PARTS.items():
        if isinstance(owner, part) and name in methods:
            return f"{part.__name__}.{name}"
    return ""
