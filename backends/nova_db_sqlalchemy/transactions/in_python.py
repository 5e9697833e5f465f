"""What no database does: regular expressions, matched here, and the order of texts too long for a server to sort.

Where the transaction sees one state, the keys of the page are found first, from what decides on them and nothing else,
and long texts are read a portion at a time.  Then the page is read by its keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nova_db.engine import TRUE, In, Predicate, Query, Regexp, Row, split
from nova_db.engine.matching import matcher
from nova_db.engine.ordering import page, total_order
from nova_db.engine.relations import attach
from nova_db_sqlalchemy.sql.key_statements import long_columns
from nova_db_sqlalchemy.tables.catalog import CATALOG
from nova_db_sqlalchemy.transactions.projection import projected
from nova_db_sqlalchemy.transactions.semijoins import columns_of, probe_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nova_db_sqlalchemy.transactions.key_finding import KeyFinding

PORTION: Final = 1 << 22
"""So many characters of long texts are read at once, unless a single row has more."""
MOST_ROWS: Final = 1000
"""So many rows with long texts are read at once."""


def select_in_python(tx: KeyFinding, query: Query) -> list[Row]:
    """The rows of a query of which Python does a part; each semijoin with a regular expression costs a statement."""
    able, rest = split(query.where, _is_able)
    if query.lock or not tx.sees_one_state:
        return _from_whole_rows(tx, query, able, rest)
    if rest is TRUE:
        return _by_keys(tx, query, _sorted_keys(tx, query))
    found = _matching(tx, query, able, rest)
    key = CATALOG[query.table].primary_key
    return tx.select(query.replace(where=In(key, [row[key] for row in found])))


def _is_able(predicate: Predicate) -> bool:
    return not isinstance(predicate, Regexp)


def _from_whole_rows(tx: KeyFinding, query: Query, able: Predicate, rest: Predicate) -> list[Row]:
    """All at once: what one statement has found, a second one may not find any more, or find changed."""
    rows = tx.select(Query(query.table, able, lock=query.lock))
    test = matcher(rest, probe_of(tx, rest, rows))
    order = total_order(query.order, CATALOG[query.table].primary_key)
    found = page([row for row in rows if test(row)], order, query.after, query.limit)
    attach(tx, query.table, found, query.load)
    return found if query.columns is None else projected(found, query.columns, query.load)


def _matching(tx: KeyFinding, query: Query, able: Predicate, rest: Predicate) -> list[Row]:
    """The keys of the rows that match; of the page alone, unless long texts are to be sorted, which servers do."""
    key = CATALOG[query.table].primary_key
    order = total_order(query.order, key)
    sorted_by = [part.column for part in order]
    is_paged = not long_columns(query.table, sorted_by)
    kept = tuple(dict.fromkeys((key, *sorted_by))) if is_paged else (key,)
    found: list[Row] = []
    for rows in _portions(tx, query.table, able, tuple(dict.fromkeys((*kept, *columns_of(rest))))):
        test = matcher(rest, probe_of(tx, rest, rows))
        found += projected([row for row in rows if test(row)], kept, ())
        if is_paged:
            found = page(found, order, query.after, query.limit)
    return found


def _portions(tx: KeyFinding, table: str, where: Predicate, columns: tuple[str, ...]) -> Iterator[list[Row]]:
    """Columns of rows, by key; so many rows at a time as their long texts allow."""
    long = long_columns(table, columns)
    if not long:
        yield tx.select(Query(table, where, columns=columns))
        return
    key = CATALOG[table].primary_key
    keys: list[Any] = []
    total = 0
    for each, size in tx.sizes(table, where, tuple(long)):
        if keys and (total + size > PORTION or len(keys) == MOST_ROWS):
            yield tx.select(Query(table, In(key, keys), columns=columns))
            keys, total = [], 0
        keys.append(each)
        total += size
    if keys:
        yield tx.select(Query(table, In(key, keys), columns=columns))


# ------------------------------------------------------------------------------------------ texts too long to be sorted


def _by_keys(tx: KeyFinding, query: Query, keys: Sequence[Any]) -> list[Row]:
    """The rows with some keys, in the order of these."""
    key = CATALOG[query.table].primary_key
    columns = query.columns
    wanted = columns if columns is None or key in columns else (*columns, key)
    rows = tx.select(Query(query.table, In(key, keys), columns=wanted, load=query.load))
    place = {each: index for index, each in enumerate(keys)}
    rows.sort(key=lambda row: place[row[key]])
    return rows if columns is None or wanted is columns else projected(rows, columns, query.load)


def _sorted_keys(tx: KeyFinding, query: Query) -> list[Any]:
    """The keys of a query in order: the server's, but where the texts that it compares do not end with that."""
    found = tx.sorted_keys(query)
    limit = len(found)
    if limit == query.limit and _is_longer(found[-1]):
        # Of the rows that are alike as far as the server looks, any may belong to the page.
        found = tx.sorted_keys(query.replace(limit=None))
    keys: list[Any] = []
    start = 0
    while start < min(limit, len(found)):  # ends with the page: each round goes on by one row at least
        end = start + 1
        if _is_longer(found[start]):
            while end < len(found) and found[end][1:] == found[start][1:]:
                end += 1
        alike = [each[0] for each in found[start:end]]
        keys += alike if len(alike) == 1 else _first(tx, query, alike, limit - start)
        start = end
    return keys[:limit]


def _is_longer(found: tuple[Any, ...]) -> bool:
    return any(mark is not None for mark in found[1:])


def _first(tx: KeyFinding, query: Query, keys: Sequence[Any], limit: int) -> list[Any]:
    """The first of some rows, by all of their texts; a limited number of these is held at a time."""
    key = CATALOG[query.table].primary_key
    order = total_order(query.order, key)
    columns = tuple(dict.fromkeys((key, *[part.column for part in order])))
    found: list[Row] = []
    for rows in _portions(tx, query.table, In(key, keys), columns):
        found = page([*found, *rows], order, None, limit)
    return [row[key] for row in found]
