"""Looking below the engine: the cells as they are."""

from __future__ import annotations

from collections.abc import Mapping

from nova_db.engine.rows import layout
from nova_db.engine.rows.cells.packing import pack
from nova_db.engine.rows.cells.paths import indexes
from nova_db.schema import TABLES
from nova_db_lmdb import LMDBDriver, LMDBEngine
from nova_db_lmdb.rows import codec

NAMES = (*TABLES, *(table.shadow.name for table in TABLES.values() if table.shadow is not None))


def cells_of(driver: LMDBDriver, beginning: bytes = b"") -> dict[bytes, bytes]:
    """All cells, or those whose keys begin so."""
    assert isinstance(driver.engine, LMDBEngine)
    tx = driver.engine._begin(writes=False)
    try:
        return dict(tx.cells.scan(beginning, beginning + b"\xff" * 5))
    finally:
        tx.rollback()


def write(driver: LMDBDriver, cells: Mapping[bytes, bytes | None]) -> None:
    """Write cells, whatever they mean."""
    assert isinstance(driver.engine, LMDBEngine)
    tx = driver.engine._begin(writes=True)
    tx._apply(cells)
    tx.rollback()


def assert_indexes_true(driver: LMDBDriver) -> None:
    """Every row has its entry in each index, and no index has another."""
    cells = cells_of(driver)
    expected = {}
    for name in NAMES:
        rows, *others = indexes(name)
        for key, value in cells.items():
            if key.startswith(rows.prefix):
                [row] = codec(layout(name)).decode([value])
                packed = key.removeprefix(rows.prefix)
                expected[key] = value
                for index in others:
                    entry = index.prefix + b"".join(pack(row[column]) for column in index.columns) + packed
                    if index.live is None or row["deleted"] != index.live:
                        expected[entry] = packed
    known = tuple(index.prefix for name in NAMES for index in indexes(name))
    assert {key: value for key, value in cells.items() if key.startswith(known)} == expected
    assert len([key for key in cells if not key.startswith(known)]) <= len(NAMES) + 2, "counters, and the schema"
