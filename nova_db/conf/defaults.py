"""What is used where nobody has configured anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from nova_db.conf.secret_options import secret_option

if TYPE_CHECKING:
    from oslo_config import cfg

DEFAULT_BACKEND: Final = "sqlalchemy"
DEFAULT_CONNECTION: Final = "sqlite:///nova.sqlite"

_refusals: list[Callable[[], object]] = []


def configured_connection(conf: cfg.ConfigOpts) -> str:
    """The connection in ``[database]``, or the default one where nobody has set it.

    :raises BaseException: what was given to :func:`refuse_default` last, where it is the default.
    """
    # Read first of all: oslo.config, asked where it was set, would quote a part of one that cannot be read.
    connection: str | None = secret_option(conf, "connection")
    if _refusals and is_default(conf, "connection"):
        _refusals[-1]()  # the last one given: of runs of pytest inside a test it is the inner one that is meant
    # Another library may have registered the option, with no default. One that is set but empty is told of by the
    # backend: it is no URL.
    return DEFAULT_CONNECTION if connection is None else connection


def connection_of(conf: cfg.ConfigOpts, backend: str) -> str | None:
    """The same for a backend, for those who tell which database it is before they use it: nothing is refused.

    None: nobody has set it, and the default is another backend's.
    """
    connection: str | None = secret_option(conf, "connection")
    if backend == DEFAULT_BACKEND:
        return DEFAULT_CONNECTION if connection is None else connection
    return None if is_default(conf, "connection") else connection


def is_default(conf: cfg.ConfigOpts, name: str, group: str = "database") -> bool:
    """Whether nobody has set an option: no file, no variable of the environment, no override, no other default.

    None, as an override or a default, is nothing that is set.
    """
    location = conf.get_location(name, group)
    return location is None or location.location.name == "opt_default" or conf[group][name] is None


def refuse_default(refuse: Callable[[], object]) -> Callable[[], None]:
    """Have ``refuse``, which raises, called where the default connection would be used; returns what ends that."""
    _refusals.append(refuse)
    return lambda: _refusals.remove(refuse)
