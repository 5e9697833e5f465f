"""Announcing changes to listeners, such as the parent of a compute cell.

A listener is an entry point in the group ``nova_db.cells``: a function ``listener(kind, payload)``. It is called after
the change was committed, in the thread that made it, if the option ``enable`` in ``[cells]`` is true. What it raises is
logged and goes no further.

=========================  ============================================================================================
``kind``                   ``payload``
=========================  ============================================================================================
``instance_update``        the instance's record, as it is now
``instance_destroy``       the instance's record, as it was, marked deleted
``instance_fault_create``  the fault's record
``bw_usage_update``        the arguments of the update: ``uuid``, ``mac``, ``start_period``, ``bw_in``, ``bw_out``,
                           ``last_ctr_in``, ``last_ctr_out`` and ``last_refreshed``, which may be None
=========================  ============================================================================================

The payload is made of primitives: dicts with text keys, lists, text, numbers, booleans and None. Datetimes are text of
the form ``YYYY-MM-DDTHH:MM:SS.ffffff``, in UTC. Each listener gets a copy of its own.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from nova_db import conf, forking
from nova_db.clock import naive_utc

__all__ = ["NAMESPACE", "Listener", "notify", "primitive", "reset"]

NAMESPACE = "nova_db.cells"

Listener: TypeAlias = Callable[[str, Any], object]

_LOG = logging.getLogger(__name__)
_lock = forking.lock(__name__, "_lock")
_listeners: tuple[tuple[str, Listener], ...] | None = None


def notify(kind: str, payload: Any) -> None:
    """Tell every listener of a change, unless the configuration says not to. Never raises.

    :param kind: what happened, see the table above.
    :param payload: what it happened to, in any form that :func:`primitive` takes. It is not changed.
    """
    # The change is committed: nothing that goes wrong from here on may look like a failure of the call.
    try:
        listeners = _installed() if conf.option("enable", "cells") else ()
    except Exception:  # noqa: BLE001 - see above; it is logged
        _LOG.exception("The listeners to %s could not be determined; nobody was told", kind)
        return
    for name, listener in listeners:
        try:
            listener(kind, primitive(payload))
        except Exception:  # noqa: BLE001 - the next one is to be told all the same
            _LOG.exception("Listener %s failed on %s", name, kind)


def reset() -> None:
    """Look the listeners up afresh at the next change."""
    global _listeners
    with _lock:
        _listeners = None


def primitive(value: Any) -> Any:
    """A copy of ``value`` made of primitives only; what is none and holds none becomes its text.

    :raises RecursionError: ``value`` contains itself.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dt.datetime):
        return naive_utc(value).isoformat(timespec="microseconds")
    if isinstance(value, Mapping):
        return {str(key): primitive(item) for key, item in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted((primitive(item) for item in value), key=repr)
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview)):
        return [primitive(item) for item in value]
    return str(value)


def _installed() -> tuple[tuple[str, Listener], ...]:
    """The listeners by name, sorted; loaded once. One that cannot be loaded is logged and left out."""
    global _listeners
    if _listeners is None:
        with _lock:
            if _listeners is None:
                _listeners = _load()
    return _listeners


def _load() -> tuple[tuple[str, Listener], ...]:
    from stevedore import ExtensionManager

    manager: ExtensionManager[Any] = ExtensionManager(NAMESPACE, on_load_failure_callback=_log_load_failure)
    return tuple(sorted(((extension.name, extension.plugin) for extension in manager), key=lambda pair: pair[0]))


def _log_load_failure(_manager: object, entry_point: Any, error: BaseException) -> None:
    _LOG.error("Listener %s cannot be loaded and is left out", entry_point.name, exc_info=error)
