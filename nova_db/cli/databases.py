"""Databases that a command line names beside the configured one."""

from __future__ import annotations

import argparse
import contextlib
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from nova_db.cli.configuration import conf_of, configured
from nova_db.cli.schemas import engine_driver

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
    configured(options)
    with contextlib.ExitStack() as stack:
        yield stack.enter_context(_engine(first)), stack.enter_context(_engine(second))


@contextlib.contextmanager
def _engine(text: str) -> Iterator[Engine]:
    from nova_db.api import load_backend
    from nova_db.conf import secret_option

    conf = conf_of(text.removeprefix("@")) if text.startswith("@") else None
    if conf is None:
        backend, connection = backend_and_url(text)
    else:
        backend, connection = conf.database.backend, secret_option(conf, "connection")
    with contextlib.closing(load_backend(backend, connection, conf)) as driver:
        yield engine_driver(driver).engine


def backend_and_url(text: str) -> tuple[str, str | None]:
    """The backend and its URL: ``BACKEND=URL``, else the backend that is called like the URL's scheme, else SQL's."""
    from nova_db.api import installed_backends
    from nova_db.conf import DEFAULT_BACKEND

    named = _NAMED.fullmatch(text)
    if named is not None:
        return named[1], named[2] or None
    scheme = text.partition(":")[0].partition("+")[0]
    return (scheme if scheme in installed_backends() else DEFAULT_BACKEND), text
