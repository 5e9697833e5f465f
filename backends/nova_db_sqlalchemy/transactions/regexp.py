"""What no database evaluates: regular expressions, matched here, before order and limit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from nova_db.engine import And, Exists, In, Or, Predicate, Query, Regexp, Row, Transaction, split
from nova_db.engine.matching import Probe, matcher
from nova_db.engine.ordering import page, total_order
from nova_db.engine.relations import attach
from nova_db_sqlalchemy.tables.catalog import CATALOG

Buckets = dict[tuple[str, str], dict[Any, list[Row]]]


def select_in_python(tx: Transaction, query: Query) -> list[Row]:
    """The rows of a query whose condition holds regular expressions; each semijoin with one costs one statement."""
    able, rest = split(query.where, _is_able)
    rows = tx.select(Query(query.table, able, lock=query.lock))
    test = matcher(rest, _probe(tx, rest, rows))
    order = total_order(query.order, CATALOG[query.table].primary_key)
    found = page([row for row in rows if test(row)], order, query.after, query.limit)
    attach(tx, query.table, found, query.load)
    return found if query.columns is None else projected(found, query.columns, query.load)


def projected(rows: Iterable[Row], columns: tuple[str, ...], load: tuple[str, ...]) -> list[Row]:
    """Of each row these columns and relations."""
    names = (*columns, *dict.fromkeys([path.partition(".")[0] for path in load])) if load else columns
    return [{name: row[name] for name in names} for row in rows]


def without_relations(query: Query) -> Query:
    """The query for whole rows, their relations left out."""
    return Query(query.table, query.where, order=query.order, after=query.after, limit=query.limit, lock=query.lock)


def _is_able(predicate: Predicate) -> bool:
    return not isinstance(predicate, Regexp)


def _probe(tx: Transaction, rest: Predicate, rows: Sequence[Row]) -> Probe:
    """The rows that semijoins look for, read ahead."""
    buckets: Buckets = {}
    _read_ahead(tx, rest, rows, buckets)

    def probe(table: str, column: str, value: Any) -> Iterable[Row]:
        return buckets[table, column].get(value, ())

    return probe


def _read_ahead(tx: Transaction, predicate: Predicate, rows: Sequence[Row], buckets: Buckets) -> None:
    if isinstance(predicate, (And, Or)):
        for part in predicate.parts:
            _read_ahead(tx, part, rows, buckets)
    if not isinstance(predicate, Exists):
        return
    outer, inner = predicate.on[0]
    bucket = buckets.setdefault((predicate.table, inner), {})
    # Semijoins on the same columns share a bucket, so it holds rows whatever else they must meet.
    keys = {row[outer] for row in rows} - bucket.keys()
    bucket.update({key: [] for key in keys})
    found = tx.select(Query(predicate.table, In(inner, keys)))
    for row in found:
        bucket[row[inner]].append(row)
    _read_ahead(tx, predicate.where, found, buckets)
