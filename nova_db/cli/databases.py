"""Databases that a command line names beside the configured one."""

from __future__ import annotations

import argparse
import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nova_db.cli.configuration import conf_of, configured, tell_database, unnamed
from nova_db.cli.schemas import engine_driver
from nova_db.conf import DEFAULT_BACKEND
from nova_db.conf.defaults import connection_of, is_default
from nova_db.engine import Capability

if TYPE_CHECKING:
    from nova_db.engine import Engine

_NAMED = re.compile(r"([A-Za-z_][\w.:-]*)=(.*)", re.DOTALL)


@contextlib.contextmanager
def two_engines(options: argparse.Namespace, first: str, second: str) -> Iterator[tuple[Engine, Engine]]:
    """The engines of two databases; closed at the end of the block."""
    if options.backend or options.connection:
        raise ValueError("this command takes the names of two databases, not --backend or --connection")
    if first == second:
        raise ValueError("the two databases are the same one")
    # What configuration files say of time-outs and the like holds for the databases that URLs name
    configured(options, needs_database=False)
    with contextlib.ExitStack() as stack:
        engines = [stack.enter_context(_engine(options, name)) for name in (first, second)]
        if Capability.PERSISTENT in engines[0].capabilities and engines[0].identity() == engines[1].identity():
            places = dict.fromkeys(engine.location() for engine in engines)
            raise ValueError(f"the two databases are the same one: {' is '.join(places)}")
        yield engines[0], engines[1]


@contextlib.contextmanager
def _engine(options: argparse.Namespace, text: str) -> Iterator[Engine]:
    from nova_db.api import load_backend

    conf = conf_of(text.removeprefix("@")) if text.startswith("@") else None
    if conf is None:
        backend, connection = backend_and_url(text)
    else:
        backend, connection = conf.database.backend, connection_of(conf, conf.database.backend)
        if is_default(conf, "connection") and backend == DEFAULT_BACKEND:
            raise ValueError(unnamed(text.removeprefix("@")))
    with contextlib.closing(load_backend(backend, connection, conf)) as driver:
        tell_database(options, backend, driver, "" if conf is None else text.removeprefix("@"))
        yield engine_driver(driver).engine


def backend_and_url(text: str) -> tuple[str, str | None]:
    """The backend and its URL: ``BACKEND=URL``, else the backend that is called like the URL's scheme, else SQL's."""
    from nova_db.api import installed_backends

    named = _NAMED.fullmatch(text)
    if named is not None:
        return named[1], named[2]
    scheme = text.partition(":")[0].partition("+")[0]
    return (scheme if scheme in installed_backends() else DEFAULT_BACKEND), text
