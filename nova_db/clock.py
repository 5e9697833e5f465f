"""The clock of the API. It is the one of ``oslo_utils.timeutils``, so that tests can set it."""

from __future__ import annotations

import datetime as dt
from types import ModuleType

_timeutils: ModuleType | None = None


def utcnow() -> dt.datetime:
    """Now, as a naive datetime in UTC, to the microsecond; the overriding time while a test has set one."""
    now: dt.datetime = (_timeutils or _load()).utcnow()
    return naive_utc(now) if now.tzinfo is not None else now


def naive_utc(moment: dt.datetime) -> dt.datetime:
    """``moment`` in UTC without its zone; one without a zone is taken to be in UTC."""
    if moment.tzinfo is None:
        return moment
    return moment.astimezone(dt.UTC).replace(tzinfo=None)


def _load() -> ModuleType:
    # On first use: the import takes tens of milliseconds, which those who only import the API need not spend.
    global _timeutils
    from oslo_utils import timeutils

    _timeutils = timeutils
    return timeutils
