"""Finding the backend that the configuration names, and making a driver of it.

A backend is an entry point in the group ``nova_db.backends``: a :class:`~nova_db.driver.Driver` class, or a function
that returns a driver. Either is called with two keyword arguments: ``connection``, the database's URL or None where
nobody has named one (:mod:`nova_db.offers`), and ``conf``, the configuration object. A backend without an entry point
is named by its import path: ``package.module``, which must have a function ``get_backend``, or ``package.module.Class``
(also written ``package.module:Class``).
"""

from __future__ import annotations

import importlib
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from nova_db import offers
from nova_db.conf import DEFAULT_BACKEND, get_conf, register_opts
from nova_db.conf.defaults import configured_connection, connection_of
from nova_db.conf.values import check as check_values
from nova_db.exceptions import BackendLoadError, BackendNotFound, DBError, NovaException
from nova_db.exceptions.redaction import redacted, without_credentials

if TYPE_CHECKING:
    from oslo_config import cfg

    from nova_db.driver import Driver

__tracebackhide__ = True  # of pytest, whose --showlocals would show a password among our variables
NAMESPACE = "nova_db.backends"
EXTRAS = {"MySQLdb": "mysqlclient", "lmdb": "lmdb", "msgspec": "lmdb", "psycopg": "postgresql", "pymysql": "mysql"}
"""Module that a backend or a server needs to the extra of this package that installs it."""

_POSTGRESQL = ("postgresql://USER@HOST/DATABASE", "postgresql")
_MARIADB = ("mariadb://USER@HOST/DATABASE", "mariadb")
_DATABASES = {
    "sqlite": ("sqlite:///FILE", "sqlite"),
    **dict.fromkeys(("postgres", "postgresql", "pgsql", "psycopg"), _POSTGRESQL),
    **dict.fromkeys(("mariadb", "mysql", "pymysql"), _MARIADB),
}
"""What somebody may call a database whose backend has another name: a connection to it, and what tests call it."""

Factory: TypeAlias = Callable[..., Any]

_factories: dict[str, Factory] = {}
_checked: weakref.WeakSet[type] = weakref.WeakSet()


def installed_backends() -> list[str]:
    """The names of the installed backends, sorted. None of them is imported."""
    from stevedore.named import NamedExtensionManager

    manager: NamedExtensionManager[Any] = NamedExtensionManager(NAMESPACE, [], on_missing_entrypoints_callback=None)
    return sorted({entry_point.name for entry_point in manager.list_entry_points()})


def load_backend(name: str, connection: str | None = None, conf: cfg.ConfigOpts | None = None) -> Driver:
    """Make a new driver of the backend ``name``. It is not installed anywhere; the caller closes it.

    :param name: the name of an installed backend, or an import path.
    :param connection: the database's URL; None: the option ``connection`` in ``[database]``, whose default is the
        default backend's alone. Where nobody has set it, any other is given None.
    :param conf: the configuration for the backend; None: :func:`nova_db.conf.get_conf`.

    :raises BackendNotFound: there is no such backend.
    :raises BackendLoadError: it cannot be imported, or fails when it is called, or returns no driver.
    :raises IncompleteDriver: the driver lacks functions, or some of its signatures do not fit.
    :raises DBError: the backend says so of the database, e.g. that it cannot be reached.
    :raises ValueError: an option cannot be read or has no value of its kind, or the backend does not accept the
        connection's URL.
    """
    if conf is None:
        conf = get_conf()
    else:
        register_opts(conf)
    check_values(conf, without_credentials)
    factory = find_backend(name)
    if connection is None:
        connection = configured_connection(conf) if name == DEFAULT_BACKEND else connection_of(conf, name)
    return _checked_driver(name, factory, connection, conf)


def find_backend(name: str) -> Factory:
    """The backend ``name`` itself: the class of its drivers, or the function that returns one.

    :raises BackendNotFound, BackendLoadError, IncompleteDriver: as :func:`load_backend` does.
    """
    factory = _find(name)
    if isinstance(factory, type):
        # Before it is instantiated, which Python would refuse with fewer words.
        _check(factory, factory)
    return factory


def load_unconfigured(name: str, connection: str | None) -> Driver:
    """The same as :func:`load_backend`, but for the connection, which is the one given, never the configured one.

    For tests: what is configured may be a database in use. None is what the backend is given where it is given.
    """
    conf = get_conf()
    check_values(conf, without_credentials)
    return _checked_driver(name, find_backend(name), connection, conf)


def require_loadable(name: str, connection: str | None) -> None:
    """Raise what keeps a backend from making databases for tests, where it shows before they are made.

    :raises BackendNotFound, BackendLoadError, IncompleteDriver, DBError, ValueError: as :func:`load_backend` does.
    """
    if connection is not None or offers.PROVISION.of(find_backend(name)) is None:
        load_unconfigured(name, connection).close()


def check(driver: Driver) -> None:
    """Compare a driver with the contract, once for each class.

    :raises IncompleteDriver: it lacks functions, or some of its signatures do not fit.
    """
    _check(driver, type(driver))


def forget() -> None:
    """Look backends up afresh from now on."""
    _factories.clear()


def _find(name: str) -> Factory:
    factory = _factories.get(name)
    if factory is None:
        factory = _from_entry_point(name)
        if factory is None and ("." in name or ":" in name):
            factory = _from_path(name)
        if factory is None:
            raise _not_found(name)
        _factories[name] = factory
    return factory


def _from_entry_point(name: str) -> Factory | None:
    from stevedore.named import NamedExtensionManager

    failures: list[BaseException] = []
    manager: NamedExtensionManager[Any] | None = None
    try:
        manager = NamedExtensionManager(
            NAMESPACE,
            [name],
            on_load_failure_callback=lambda _manager, _entry_point, error: failures.append(error),
            on_missing_entrypoints_callback=None,
        )
    except AssertionError as error:  # the one failure that stevedore does not hand to the callback
        failures.append(error)
    if failures or manager is None:
        raise _load_error(name, failures[0]) from failures[0]
    found = {extension.entry_point_target: extension.plugin for extension in manager}
    if len(found) > 1:
        raise BackendLoadError(name=name, reason=f"several are installed under this name: {', '.join(sorted(found))}")
    return next(iter(found.values()), None)


def _from_path(path: str) -> Factory | None:
    """What an import path leads to; None where there is nothing of that name."""
    module_name, colon, attribute = path.partition(":")
    module = _import(path, module_name)
    if module is None and not colon:
        module_name, _, attribute = path.rpartition(".")
        module = _import(path, module_name)
    if module is None:
        return None
    attribute = attribute or "get_backend"
    factory: Factory | None = getattr(module, attribute, None)
    if not callable(factory):
        raise BackendLoadError(name=path, reason=f"module {module_name} has no class or function {attribute}")
    return factory


def _import(path: str, module_name: str) -> Any:
    """The module, or None if there is none; its own failures are raised."""
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and f"{module_name}.".startswith(f"{error.name}."):
            return None
        raise _load_error(path, error) from error
    except Exception as error:
        raise _load_error(path, error) from error


def _checked_driver(name: str, factory: Factory, connection: str | None, conf: cfg.ConfigOpts) -> Driver:
    driver = _make(name, factory, connection, conf)
    check(driver)
    return driver


def _make(name: str, factory: Factory, connection: str | None, conf: cfg.ConfigOpts) -> Driver:
    from nova_db.driver import Driver

    try:
        driver = factory(connection=connection, conf=conf)
    except (NovaException, DBError, ValueError):
        raise
    except Exception as error:
        raise _load_error(name, error) from error
    if not isinstance(driver, Driver):
        kind = type(driver).__name__
        raise BackendLoadError(name=name, reason=f"it returned {kind}, which is no nova_db.driver.Driver")
    return driver


def _check(driver: object, kind: type) -> None:
    if kind in _checked:
        return
    from nova_db.driver import check_driver

    check_driver(driver)
    _checked.add(kind)


def _load_error(name: str, error: BaseException) -> BackendLoadError:
    if isinstance(error, ModuleNotFoundError) and error.name:
        module = error.name.partition(".")[0]
        return BackendLoadError(
            name=name, reason=f"the module {error.name} is not installed", module=error.name, extra=EXTRAS.get(module)
        )
    return BackendLoadError(name=name, reason=f"{type(error).__name__}: {redacted(str(error))}")


def _not_found(name: str) -> BackendNotFound:
    from difflib import get_close_matches

    installed = installed_backends()
    instead = _DATABASES.get(name.lower()) if DEFAULT_BACKEND in installed else None
    if instead is not None:
        connection, short = instead
        return BackendNotFound(
            name=name, installed=installed, nearest=None, instead=(DEFAULT_BACKEND, connection, short)
        )
    nearest = next(iter(get_close_matches(name, installed, n=1)), None)
    return BackendNotFound(name=name, installed=installed, nearest=nearest, instead=None)
