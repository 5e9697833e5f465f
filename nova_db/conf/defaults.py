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


def configured_connection(conf: cfg.ConfigOpts, backend: str = DEFAULT_BACKEND) -> str:
    """The connection in ``[database]``, or the default one where nobody has set it.

    :raises BaseException: what was given to :func:`refuse_default`, of a backend that the default is one of.
    """
    # Read first of all: oslo.config, asked where it was set, would quote a part of one that cannot be read.
    connection = connection_of(conf)
    if _refusals and backend == DEFAULT_BACKEND and is_default(conf, "connection"):
        for refuse in _refusals:
            refuse()
    return connection


def connection_of(conf: cfg.ConfigOpts) -> str:
    """The same, for those who tell which database it is before they use it: nothing is refused."""
    connection: str | None = secret_option(conf, "connection")
    # Another library may have registered the option, with no default. One that is set but empty is told of by the
    # backend: it is no URL.
    return DEFAULT_CONNECTION if connection is None else connection


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
