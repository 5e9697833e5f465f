"""What conditions that are tested in Python look at: columns of the rows, and the rows that semijoins look for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from nova_db.engine import And, Col, Exists, ExistsEach, In, Or, Predicate, Query, Row, Transaction
from nova_db.engine.matching import Probe

Buckets = dict[tuple[str, str], dict[Any, list[Row]]]


def columns_of(predicate: Predicate) -> Iterator[str]:
    """The columns of a row that a condition looks at, perhaps several times."""
    if isinstance(predicate, (And, Or)):
        for part in predicate.parts:
            yield from columns_of(part)
    elif isinstance(predicate, Exists):
        yield from [outer for outer, _ in predicate.on]
    elif hasattr(predicate, "column"):
        yield predicate.column
        value = getattr(predicate, "value", None)
        if isinstance(value, Col):
            yield value.name


def probe_of(tx: Transaction, rest: Predicate, rows: Sequence[Row]) -> Probe:
    """The rows that the semijoins of a condition look for, read ahead, and no more of them than they look at."""
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    _note_columns(rest, wanted)
    buckets: Buckets = {}
    _read_ahead(tx, rest, rows, buckets, {table: tuple(sorted(names)) for table, names in wanted.items()})

    def probe(table: str, column: str, value: Any) -> Iterable[Row]:
        return buckets[table, column].get(value, ())

    return probe


def _note_columns(predicate: Predicate, wanted: defaultdict[str, set[str]]) -> None:
    if isinstance(predicate, (And, Or)):
        for part in predicate.parts:
            _note_columns(part, wanted)
    if isinstance(predicate, Exists):
        wanted[predicate.table] |= {inner for _, inner in predicate.on} | set(columns_of(predicate.where))
        if isinstance(predicate, ExistsEach):
            wanted[predicate.table].update(predicate.columns)
        _note_columns(predicate.where, wanted)


def _read_ahead(
    tx: Transaction,
    predicate: Predicate,
    rows: Sequence[Row],
    buckets: Buckets,
    columns: dict[str, tuple[str, ...]],
) -> None:
    if isinstance(predicate, (And, Or)):
        for part in predicate.parts:
            _read_ahead(tx, part, rows, buckets, columns)
    if not isinstance(predicate, Exists):
        return
    outer, inner = predicate.on[0]
    bucket = buckets.setdefault((predicate.table, inner), {})
    # Semijoins on the same columns share a bucket, so it holds rows whatever else they must meet.
    keys = {row[outer] for row in rows} - bucket.keys()
    bucket.update({key: [] for key in keys})
    found = tx.select(Query(predicate.table, In(inner, keys), columns=columns[predicate.table]))
    for row in found:
        bucket[row[inner]].append(row)
    _read_ahead(tx, predicate.where, found, buckets, columns)
