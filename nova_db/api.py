"""The lazy plug: each function of the API forwards to the driver in force at the time of the call.

Which driver that is, in this order:

1. the one bound (:func:`binding`) in the current context, in the sense of :mod:`contextvars`;
2. the one bound last anywhere in the process and still bound: threads started inside a binding do not inherit it;
3. the configured one: the backend named by the options ``backend`` and ``connection`` in ``[database]``, loaded on
   first use, once for the process, or the one that :func:`set_driver` installed.

Nothing is imported, read or connected before the first call. A child of a fork goes on with its parent's driver.
"""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from types import MethodType
from typing import TYPE_CHECKING, Any, TypeVar

from nova_db import forking, loading
from nova_db.conf import DEFAULT_BACKEND, get_conf
from nova_db.exceptions import BackendLoadError
from nova_db.loading import installed_backends, load_backend

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from oslo_config import cfg

    from nova_db.driver import Driver
    from nova_db.driver.types import Context, IsolationName, Session

__all__ = [
    "API",
    "Binding",
    "LazyDriver",
    "bind",
    "binding",
    "bound_driver",
    "get_driver",
    "installed_backends",
    "load_backend",
    "reset",
    "run",
    "set_driver",
    "transaction",
]

_LOG = logging.getLogger(__name__)
_T = TypeVar("_T")
_FORWARDED_EXTENSIONS = ("transaction", "run")

_configured: Driver | None = None
_loading = False
_lock = forking.rlock(__name__, "_lock")
# Replaced as a whole, under the lock, so that readers need none. Innermost last.
_active: tuple[Binding, ...] = ()
_bound: ContextVar[Binding | None] = ContextVar("nova_db_binding", default=None)


def get_driver() -> Driver:
    """The driver in force here and now; the configured one is loaded if it has not been yet.

    A failure to load is not remembered: the next call tries again.

    :raises BackendNotFound, BackendLoadError, IncompleteDriver, DBError, ValueError: as :func:`load_backend` does.
    """
    if _active:
        driver = bound_driver()
        if driver is not None:
            return driver
    return _configured if _configured is not None else _load()


def bound_driver() -> Driver | None:
    """The driver that a binding, such as the fixture of a test, puts into force here and now; None without one."""
    bound = _innermost(_bound.get())
    if bound is None:
        active = _active
        bound = active[-1] if active else None
    return None if bound is None else bound.driver


def set_driver(driver: Driver) -> Driver | None:
    """Install a driver as the configured one. Returns the one it replaces, which is left open, or None.

    :raises IncompleteDriver: the driver lacks functions, or some of its signatures do not fit.
    """
    global _configured
    loading.check(driver)
    with _lock:
        replaced, _configured = _configured, driver
    return replaced


def reset() -> None:
    """Close the configured driver and forget it; the next call loads it afresh. Bindings are not touched."""
    global _configured
    with _lock:
        driver, _configured = _configured, None
        loading.forget()
    if driver is not None:
        driver.close()


class Binding:
    """A driver in force for the context that bound it, until :meth:`release`. Made by :func:`bind`.

    Read only: ``driver``; ``outer``, the binding that was in force in this context before, or None; ``released``,
    whether the binding has ended.
    """

    __slots__ = ("driver", "outer", "released")

    def __init__(self, driver: Driver) -> None:
        global _active
        self.driver = driver
        self.outer = _innermost(_bound.get())
        self.released = False
        with _lock:
            _active = (*_active, self)
        _bound.set(self)

    def release(self) -> None:
        """End the binding; the driver stays open. Order, thread and context do not matter, nor does doing it twice."""
        global _active
        with _lock:
            self.released = True
            _active = tuple(binding for binding in _active if binding is not self)
        _bound.set(_innermost(_bound.get()))


def bind(driver: Driver) -> Binding:
    """Put a driver into force for the current context, and for threads that have no binding of their own.

    Bindings nest; the innermost one counts. The driver is not checked, so that a partial one can stand in for a test.
    """
    return Binding(driver)


@contextlib.contextmanager
def binding(driver: Driver) -> Iterator[Driver]:
    """Put a driver into force, as :func:`bind` does, for a ``with`` block."""
    bound = bind(driver)
    try:
        yield driver
    finally:
        bound.release()


def transaction(context: Context, *, isolation: IsolationName = None) -> AbstractContextManager[Session]:
    """Make the calls of a ``with`` block one transaction; see :meth:`nova_db.driver.Driver.transaction`."""
    return get_driver().transaction(context, **_asked(isolation))


def run(context: Context, function: Callable[[Session], _T], *, isolation: IsolationName = None) -> _T:
    """Call ``function(session)`` as one transaction, re-run on conflicts; see :meth:`nova_db.driver.Driver.run`."""
    return get_driver().run(context, function, **_asked(isolation))


def _asked(isolation: IsolationName) -> dict[str, Any]:
    # A driver may have been written before there was a choice.
    return {} if isolation is None else {"isolation": isolation}


class LazyDriver:
    """The functions of the API, as attributes; each forwards to the driver in force when it is called.

    They carry the names, signatures, annotations and docstrings of the contract. One that was looked up stays the same
    object, and follows the driver wherever it is kept.
    """

    def __getattr__(self, name: str) -> Callable[..., Any]:
        from nova_db.driver import FUNCTIONS

        if name not in FUNCTIONS and name not in _FORWARDED_EXTENSIONS:
            raise AttributeError(_unknown_function(name, FUNCTIONS), name=name, obj=self)
        # Threads that get here together must end up with one and the same function.
        forwarders: dict[str, Callable[..., Any]] = vars(self)
        return forwarders.setdefault(name, _forwarder(name))

    def __dir__(self) -> list[str]:
        from nova_db.driver import FUNCTIONS

        return sorted({*super().__dir__(), *FUNCTIONS, *_FORWARDED_EXTENSIONS})

    def __repr__(self) -> str:
        return f"<{type(self).__name__} on {_configured!r}>" if _configured else f"<{type(self).__name__}, not loaded>"


API = LazyDriver()
"""The one that the functions of :mod:`nova_db` are taken from."""


def _innermost(bound: Binding | None) -> Binding | None:
    """The binding, or the nearest one around it that has not ended."""
    while bound is not None and bound.released:  # a binding is made after those around it, so there is an outermost one
        bound = bound.outer
    return bound


def _load() -> Driver:
    global _configured, _loading
    with _lock:
        if _configured is not None:
            return _configured
        conf = get_conf()
        name = conf["database"]["backend"]
        if name is None:  # another library has registered the option, with no default
            name = DEFAULT_BACKEND
        if _loading:
            raise BackendLoadError(name=name, reason="it calls functions of the API while it is being loaded")
        _loading = True
        try:
            _warn_of_misspellings(conf)
            _configured = load_backend(name, conf=conf)
        finally:
            _loading = False
        return _configured


def _warn_of_misspellings(conf: cfg.ConfigOpts) -> None:
    """Tell of settings that nobody reads, or that cannot be meant so, once for each driver that is loaded."""
    from nova_db.conf.misspellings import misspellings
    from nova_db.operations.rows.template_columns import doubtful_columns

    wrong = [*misspellings(conf), *doubtful_columns(conf)]
    if wrong:
        _LOG.warning("Some settings have no effect, or another one than was meant: %s", "; ".join(wrong))


def _forwarder(name: str) -> Callable[..., Any]:
    from nova_db.driver import Driver

    contract = getattr(Driver, name)

    def forward(*args: Any, **kwargs: Any) -> Any:
        # get_driver() in short, for the usual case: this is on the path of every call.
        driver = _configured
        if driver is None or _active:
            driver = get_driver()
        return getattr(driver, name)(*args, **kwargs)

    functools.update_wrapper(forward, contract, assigned=("__doc__", "__annotations__"), updated=())
    forward.__name__ = forward.__qualname__ = name
    forward.__module__ = "nova_db"
    # What inspect.signature() goes by. Being a bound method it shows no self, and nothing is worked out in advance:
    # the signatures of all functions would take milliseconds of everybody's import.
    forward.__wrapped__ = MethodType(contract, API)  # type: ignore[attr-defined]
    return forward


def _unknown_function(name: str, functions: Any) -> str:
    from difflib import get_close_matches

    nearest = get_close_matches(name, functions, n=1)
    return f"the API has no function {name!r}" + (f"; did you mean {nearest[0]!r}?" if nearest else "")


def _after_fork() -> None:
    # The thread of the parent that was loading does not exist here.
    global _loading
    _loading = False


forking.register(after_in_child=_after_fork)
