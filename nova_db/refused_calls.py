"""Calls of tests that have no database: refused, remembered, and told by the test that made them.

What refuses is an exception, and the code under test may swallow it (``except BaseException``) or make the call in a
thread whose outcome nobody asks for. So it is remembered as well, and the test fails at its end.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Generator, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

if TYPE_CHECKING:
    from types import FrameType

NAME = "nova_db_refused_calls_guard"
"""Of the plug-in, for pytest."""
_NO_DATABASE = (
    "nova_db was called by a test that has no database: it needs the fixture nova_db_database (or a "
    "nova_db.fixtures.DatabaseFixture), or the project has to configure [database] connection. With "
    "nova_db_default_database = true in pytest's configuration such calls work on nova.sqlite in the current folder."
)
_VARIABLES = ("OS_DATABASE__CONNECTION", "OS_DATABASE__BACKEND")
_BETWEEN = frozenset({"nova_db", "nova_db_sqlalchemy", "_pytest", "pluggy"})
_MOST_PLACES = 3


# Not an exception of ours: the code under test may catch those.
class RefusedCall(pytest.fail.Exception):  # type: ignore[name-defined, misc]  # mypy takes it for a value
    """A call that was made without a database; ``place`` says where."""

    __module__ = "builtins"  # in reports it reads as pytest's own failures do

    def __init__(self, text: str, place: str, pytrace: bool = True) -> None:
        super().__init__(text, pytrace=pytrace)
        self.place = place


class RefusedCalls:
    """Part of the plug-in: refuses calls, and fails the tests that keep silent about it."""

    def __init__(self) -> None:
        self._untold: list[RefusedCall] = []
        self._judged: list[str] | None = None

    @contextlib.contextmanager
    def judged(self) -> Iterator[list[str]]:
        """Leave it to the test what it makes of refused calls; the list is filled with the places of them."""
        self._judged = []
        try:
            yield self._judged
        finally:
            self._judged = None

    def refuse(self) -> NoReturn:
        """Refuse a call that would work on the default database."""
        unread = next((name for name in _VARIABLES if os.environ.get(name)), None)
        hint = f" {unread} is set, and counts once the configuration object was called: CONF([])." if unread else ""
        refused = RefusedCall(_NO_DATABASE + hint, _place(sys._getframe(1)))
        if self._judged is None:
            self._untold.append(refused)
        else:
            self._judged.append(refused.place)
        raise refused

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Leave what the set-up has swallowed to the test."""
        return (yield from self._telling(item, "setup"))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """Fail a test that was refused a call and did not say so."""
        result = yield from self._telling(item, "call")
        self._fail_if_untold(item)
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, Any, Any]:
        """The same for calls since then: in the tear-down, or in threads that it has waited for."""
        result = yield from self._telling(item, "teardown")
        self._fail_if_untold(item)
        return result

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the run where a call was refused after the last test."""
        if self._untold and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Tell of it."""
        if self._untold:
            terminalreporter.section("nova_db: calls that no test has told of", red=True)
            terminalreporter.write_line(_told(self._untold))

    def _telling(self, item: pytest.Item, when: str) -> Generator[None, Any, Any]:
        """Have a phase that fails of itself tell the refused calls: by what it raises, or beside it."""
        try:
            return (yield)
        except pytest.skip.Exception:
            raise
        except BaseException as error:
            shown = set(map(id, _chain(error)))
            untold = [refused for refused in self._taken() if id(refused) not in shown]
            if untold:
                item.add_report_section(when, "nova_db", _told(untold))
            raise

    def _fail_if_untold(self, item: pytest.Item) -> None:
        # A unittest.TestCase keeps its failures, instead of raising them; pytest shows the first one in place of this.
        kept = [info.value for info in getattr(item, "_excinfo", None) or ()]
        shown = {id(error) for each in kept for error in _chain(each)}
        untold = [refused for refused in self._taken() if id(refused) not in shown]
        if untold:
            raise RefusedCall(_told(untold), untold[0].place, pytrace=False)

    def _taken(self) -> list[RefusedCall]:
        """The calls refused so far, each of them once."""
        untold = self._untold[:]
        del self._untold[: len(untold)]  # threads may be adding more
        return untold


def _told(refused: list[RefusedCall]) -> str:
    places = list(dict.fromkeys(each.place for each in refused))
    more = len(places) - _MOST_PLACES
    rest = f", and at {more} more places" if more > 0 else ""
    return f"{refused[0].msg} It was called {', '.join(places[:_MOST_PLACES])}{rest}."


def _chain(error: BaseException | None) -> Iterable[BaseException]:
    """An error, those that it came from, and those that it holds."""
    found: dict[int, BaseException] = {}
    waiting = [error]
    while waiting:  # each error is looked at once
        each = waiting.pop()
        if each is None or id(each) in found:
            continue
        found[id(each)] = each
        waiting += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions
    return found.values()


def _place(frame: FrameType | None) -> str:
    """The innermost frame that is not ours, pytest's or Python's; and the thread, where it is not the main one."""
    # Up to the thread's first frame.
    while frame is not None and _is_between(frame.f_globals.get("__name__") or ""):
        frame = frame.f_back
    thread = threading.current_thread()
    where = "" if thread is threading.main_thread() else f"in thread {thread.name}"
    if frame is None:
        return where or "from nowhere"
    code = frame.f_code
    return f"at {code.co_filename}:{frame.f_lineno}, in {code.co_qualname}{where and f' ({where})'}"


def _is_between(module: str) -> bool:
    head = module.partition(".")[0]
    return head in _BETWEEN or head in sys.stdlib_module_names
