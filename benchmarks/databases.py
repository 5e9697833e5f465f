"""Private databases to measure on: of our backends, each by its name or by the URL of a server."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from typing import Any, Final

from nova_db_lmdb import LMDBDriver
from nova_db_memory import MemoryDriver
from nova_db_sqlalchemy import SQLAlchemyDriver
from nova_db_sqlalchemy.provisioning import drop_database, make_database

EMBEDDED: Final = {"memory": MemoryDriver, "lmdb": LMDBDriver, "sqlite": SQLAlchemyDriver}
"""The backends that take no server, by the name that benchmarks know them by."""
FILES: Final = {"lmdb": "lmdb:///{}/cloud", "sqlite": "sqlite:///{}/nova.sqlite"}
"""Those that keep a file or a folder, and the URL of one in a folder."""


@contextlib.contextmanager
def database(connection: str, *, waits: bool = True) -> Iterator[tuple[Any, str]]:
    """A driver on a private, empty database, and what it is.

    :param connection: ``memory``, ``lmdb``, ``sqlite``, or the URL of a server, beside whose database one is made.
    :param waits: a commit waits for the disk, as in production; it does on none of our databases for tests.
    """
    with contextlib.ExitStack() as stack:
        backend = EMBEDDED.get(connection, SQLAlchemyDriver)
        made: str | None = None
        if backend is not MemoryDriver and not waits:
            given = None if connection in EMBEDDED else connection
            made = backend.provision(given)  # type: ignore[attr-defined]
            stack.callback(backend.discard, made)  # type: ignore[attr-defined]
        elif connection in FILES:
            made = FILES[connection].format(stack.enter_context(tempfile.TemporaryDirectory()))
        elif connection not in EMBEDDED:
            made = make_database(connection)
            stack.callback(drop_database, made)
        driver: Any = backend(made)
        stack.callback(driver.close)
        driver.engine.create_schema()
        described = driver.engine.describe()
        yield driver, described.get("server", described["engine"])
