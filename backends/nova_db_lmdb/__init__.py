"""The backend on LMDB: embedded, crash-safe, shared by processes, without a server; and the example for authors.

Read it from the bottom up: ``rows`` (a row as bytes), ``environment`` (the files, who may write, errors),
``transaction`` (cells and savepoints), ``engine``, ``driver``.  All the rest is ``nova_db.engine.rows``.
"""

from __future__ import annotations

from nova_db_lmdb.driver import LMDBDriver
from nova_db_lmdb.engine import LMDBEngine

__all__ = ["LMDBDriver", "LMDBEngine"]
