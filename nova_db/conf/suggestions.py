"""Other defaults for options, for a while: what a file or an override says counts more, as it does for all defaults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from nova_db import forking
from nova_db.conf import get_conf

_lock = forking.lock(__name__, "_lock")


class _Suggestion(NamedTuple):
    conf: Any
    name: str
    group: str
    value: Any
    mark: object


_suggestions: list[_Suggestion] = []


def suggest(name: str, value: Any, group: str) -> Callable[[], None]:
    """Give an option of the configuration in use a default; returns what takes that back.

    Of several suggestions the last one counts that has not been taken back, in whatever order they are.
    """
    mine = _Suggestion(get_conf(), name, group, value, object())

    def take_back() -> None:
        with _lock:
            _suggestions[:] = [each for each in _suggestions if each.mark is not mine.mark]
            _apply(mine)

    with _lock:
        _suggestions.append(mine)
        _apply(mine)
    return take_back


def _apply(changed: _Suggestion) -> None:
    conf, name, group = changed[:3]
    values = [each.value for each in _suggestions if each.conf is conf and (each.name, each.group) == (name, group)]
    if values:
        conf.set_default(name, values[-1], group)
    else:
        conf.clear_default(name, group)
