"""What the command tells of errors: those that are foreseen, and those that are a bug."""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Iterator
from typing import Final

from nova_db import exceptions
from nova_db.cli import streams
from nova_db.cli.configuration import one_line
from nova_db.cli.parsing import FAILED
from nova_db.exceptions.redaction import redacted

BUG: Final = 70
"""The status of an error that nobody has foreseen; ``EX_SOFTWARE`` of ``sysexits.h``."""
_FORESEEN: Final = (exceptions.NovaException, exceptions.DBError, OSError, ValueError)


def failed(error: Exception, *, debug: bool) -> int:
    """Tell of an error in one line, and where it was raised if that is wanted; the exit status."""
    if isinstance(error, OSError) and streams.output_failure() is not None:
        return FAILED  # the closing line tells
    if debug:
        with contextlib.suppress(OSError):
            print("\n".join(_traced(error)), file=sys.stderr)
    foreseen = _foreseen(error)
    if foreseen is not None:
        streams.say(foreseen)
        return FAILED
    where = "" if debug else " (--debug tells where)"
    streams.say(f"this is a bug: {type(error).__name__}: {redacted(str(error))}{where}")
    return BUG


def _foreseen(error: Exception) -> str | None:
    """The line for an error that may come without anybody having made a mistake here; None: it may not."""
    if isinstance(error, _FORESEEN) or _is_of_configuration(error):
        return one_line(error)
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    if isinstance(error, ModuleNotFoundError):
        return f"the module {error.name} is not installed"
    return None


def _is_of_configuration(error: Exception) -> bool:
    # Not imported for this: it is slow, and nothing raises what was never imported.
    cfg = sys.modules.get("oslo_config.cfg")
    return cfg is not None and isinstance(error, cfg.Error)


def _traced(error: BaseException) -> Iterator[str]:
    """The traceback of an error and of what led to it: places, but no variables, and texts without secrets."""
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if earlier is not None:
        yield from _traced(earlier)
        yield "which led to:"
    yield "Traceback (most recent call last):"
    yield "".join(traceback.format_tb(error.__traceback__)).rstrip("\n")
    yield f"{type(error).__module__}.{type(error).__qualname__}: {redacted(str(error))}"
