"""What the cells of a table are: its rows, and of each an entry in each index, worked out by functions made once."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from nova_db.engine.generated import generate
from nova_db.engine.rows.cells.packing import counter_name, pack
from nova_db.engine.rows.cells.paths import Index, Lead, indexes, lead
from nova_db.engine.rows.layout import Columns
from nova_db.engine.values import Row

Entries = Callable[[Row], Sequence[bytes | None]]
"""What the keys of a row's entries begin with, all but the row's key, by index; None for an index without."""
Moves = Callable[[Sequence[Any], Sequence[Any]], Sequence[tuple[bytes | None, bytes | None]]]
"""The same before and after a change of values: of the columns that decide on entries."""


class Stored(NamedTuple):
    """What the cells of a table are."""

    prefix: bytes
    """What the keys of its rows begin with."""
    entries: Entries
    deciding: Callable[[Row], tuple[Any, ...]]
    """The values of all columns that decide on entries."""
    counter: bytes
    """The key of the cell that holds the highest id so far."""
    leads: Mapping[str, Lead]
    """What leads to rows by the values of one column, by column."""


@functools.cache
def stored(table: str) -> Stored:
    """The cells of a table."""
    rows, *others = indexes(table)
    leading = dict.fromkeys(column for index in (rows, *others) for column in index.columns[:1])
    leads = {column: found for column in leading if (found := lead(table, (column,))) is not None}
    values = "".join(f"row[{column!r}], " for column in _deciding(table))
    deciding = generate(f"def deciding(row):\n    return ({values})", "deciding", {})
    return Stored(rows.prefix, _entries(others), deciding, counter_name(table), leads)


def _deciding(table: str) -> Columns:
    """The columns that decide on entries."""
    return tuple(dict.fromkeys(column for index in indexes(table)[1:] for column in index.needs))


@functools.cache
def moves(table: str, differs: tuple[bool, ...]) -> Moves:
    """Where entries move when some of the columns that decide on them change; the others keep their entries."""
    columns = _deciding(table)
    changed = {column for column, is_changed in zip(columns, differs, strict=True) if is_changed}
    some = [index for index in indexes(table)[1:] if not changed.isdisjoint(index.needs)]
    lines, places = ["def moves(old, new):"], {column: place for place, column in enumerate(columns)}
    for column in dict.fromkeys(column for index in some for column in index.columns):
        place = places[column]
        lines.append(f"    old{place} = pack(old[{place}])")
        lines.append(f"    new{place} = " + (f"pack(new[{place}])" if column in changed else f"old{place}"))
    pairs = []
    for index in some:
        pair = [_key(index, [f"{each}{places[column]}" for column in index.columns]) for each in ("old", "new")]
        if index.live is not None:
            at = places["deleted"]
            pair = [
                f"None if {each}[{at}] == {index.live!r} else {key}"
                for each, key in zip(("old", "new"), pair, strict=True)
            ]
        pairs.append(f"({', '.join(pair)}), ")
    lines.append(f"    return ({''.join(pairs)})")
    return cast("Moves", generate("\n".join(lines), "moves", {"pack": pack}))


def _entries(some: Sequence[Index]) -> Entries:
    """The function that makes entries: each column is packed once."""
    columns = list(dict.fromkeys(column for index in some for column in index.columns))
    lines = ["def entries(row):"]
    lines += [f"    c{place} = pack(row[{column!r}])" for place, column in enumerate(columns)]
    keys = []
    for index in some:
        key = _key(index, [f"c{columns.index(column)}" for column in index.columns])
        keys.append(key if index.live is None else f"None if row['deleted'] == {index.live!r} else {key}")
    lines.append(f"    return ({''.join(f'{key}, ' for key in keys)})")
    return cast("Entries", generate("\n".join(lines), "entries", {"pack": pack}))


def _key(index: Index, values: Sequence[str]) -> str:
    """The source of an entry, of packed values."""
    return " + ".join([repr(index.prefix), *values])
