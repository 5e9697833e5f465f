"""Relations: from rows to the rows that belong to them, by the look-ups.

What is to be loaded becomes a function once, with all its steps written out: it is these functions that reading a whole
instance consists of.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from nova_db.engine.generated import generate
from nova_db.engine.relations import Plan, plan
from nova_db.engine.rows.hashed import rows_of
from nova_db.engine.values import Row
from nova_db.schema import TABLES, Relation


class Reached(Protocol):
    """The rows of a table, as far as relations lead to them; see ``Readable``."""

    def get(self, key: Any) -> Row | None:
        """The row with a primary key."""

    def having(self, column: str, value: Any, alive: Any = None) -> list[Row]:
        """The rows in which a column equals a value, by primary key; all, or those that are live."""


Tables = Mapping[str, Reached]
"""The tables, by name."""
Follow = Callable[[Tables, Any], list[Row]]
"""From the value of a relation's local column to the stored rows at the other end, by primary key."""
Attach = Callable[[Tables, Sequence[Row], Sequence[Row]], None]
"""Sets relations of stored rows on copies of them."""


@functools.lru_cache(maxsize=1024)
def attacher(table: str, load: tuple[str, ...]) -> Attach:
    """The function that attaches the relations ``load`` of a table, whatever the store."""
    return _written(table, load, Ways(_by_having, "end.copy()"))


@functools.lru_cache(maxsize=1024)
def attacher_of_own(table: str, load: tuple[str, ...]) -> Attach:
    """The same for stores that make a row anew each time that it is asked for."""
    return _written(table, load, Ways(_by_having, "end"))


@functools.lru_cache(maxsize=1024)
def attacher_by_indexes(table: str, load: tuple[str, ...]) -> Attach:
    """The same for stores whose tables have ``indexes``: a hash index by each column that is asked for."""
    return _written(table, load, Ways(_by_indexes, "end.copy()"))


@functools.lru_cache(maxsize=1024)
def follower(relation: Relation) -> Follow:
    """The function that follows a relation."""
    table, remote, via = relation.table, relation.remote, relation.via
    alive = _alive(table, relation, "target")
    if via is None:
        return lambda tables, key: tables[table].having(remote, key, alive)
    links, near, far = via.table, via.local, via.remote
    link_alive = _alive(links, relation, "via")
    by_key = TABLES[table].primary_key

    def follow_links(tables: Tables, key: Any) -> list[Row]:
        having = tables[table].having
        found = tables[links].having(near, key, link_alive)
        return _each_once([row for link in found for row in having(remote, link[far], alive)], by_key)

    return follow_links


def _each_once(rows: list[Row], by_key: str) -> list[Row]:
    """The different ones of some rows, by primary key."""
    if len(rows) < 2:
        return rows
    different = {row[by_key]: row for row in rows}
    return [different[key] for key in sorted(different)]


def _alive(table: str, relation: Relation, side: str) -> Any:
    """What ``deleted`` has to hold in the rows of a table at a side of a relation; None where nothing is asked."""
    return TABLES[table].live_value if side in relation.live else None


class Ways(NamedTuple):
    """How the rows at the other end of a relation are come by, as source."""

    find: Callable[[_Prepared, Relation, str], tuple[list[str], str]]
    """Given the expression of a key: the lines that make ``found`` rows, by primary key, and a condition on ``end``,
    one of them, which is empty where all are meant."""
    take: str
    """The expression that makes ``end`` the caller's own."""


class _Prepared:
    """What the function uses that is not of one row."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"rows_of": rows_of, "each_once": _each_once}
        self.lines: list[str] = []

    def once(self, expression: str) -> str:
        """The name of what is worked out once for all rows."""
        self.lines.append(f"prepared{len(self.lines)} = {expression}")
        return f"prepared{len(self.lines) - 1}"

    def known(self, thing: object) -> str:
        """The name of what is there before."""
        name = f"known{len(self.names)}"
        self.names[name] = thing
        return name


def _written(table: str, load: tuple[str, ...], ways: Ways) -> Attach:
    prepared = _Prepared()
    steps = _steps(prepared, ways, table, plan(table, load), 0)
    loop = ["for row0, copy0 in zip(rows, copies):", *_inside(steps)]
    source = ["def attach(tables, rows, copies):", *_inside([*prepared.lines, *loop])]
    return generate("\n".join(source), "attach", prepared.names)


def _steps(prepared: _Prepared, ways: Ways, table: str, relations: Plan, depth: int) -> list[str]:
    """The lines that set relations on ``copyN``, the copy of ``rowN``, N being the depth."""
    lines = [f"{_key(column, depth)} = row{depth}[{column!r}]" for column in {each.local: 0 for each, _ in relations}]
    for relation, below in relations:
        held = f"copy{depth}[{relation.name!r}]"
        found, condition = ways.find(prepared, relation, _key(relation.local, depth))
        alive = _alive(table, relation, "source")
        if below or not relation.many or alive is not None:
            lines.append(f"{held} = {'[]' if relation.many else 'None'}")
        if relation.many and not below:
            is_meant = f" if {condition}" if condition else ""
            found.append(f"{held} = [{ways.take} for end in found{is_meant}]")
        else:
            deeper = _steps(prepared, ways, relation.table, below, depth + 1)
            each = [f"row{depth + 1} = end", f"copy{depth + 1} = {ways.take}"]
            each += (
                [f"{held}.append(copy{depth + 1})", *deeper]
                if relation.many
                else [f"{held} = copy{depth + 1}", *deeper, "break"]
            )
            found += ["for end in found:", *_inside(_where(condition, each))]
        lines += _where("" if alive is None else f"row{depth}['deleted'] == {alive!r}", found)
    return lines


def _key(column: str, depth: int) -> str:
    """The variable of what a row leads on by."""
    return f"{column}{depth}"


def _where(condition: str, lines: list[str]) -> list[str]:
    """Lines for what meets a condition; an empty one is met."""
    return [f"if {condition}:", *_inside(lines)] if condition else lines


def _inside(lines: Iterable[str]) -> Iterator[str]:
    return (f"    {line}" for line in lines)


def _by_having(prepared: _Prepared, relation: Relation, key: str) -> tuple[list[str], str]:
    """By what each table of rows can do."""
    if relation.via is not None:
        return [f"found = {prepared.known(follower(relation))}(tables, {key})"], ""
    having = prepared.once(f"tables[{relation.table!r}].having")
    return [f"found = {having}({relation.remote!r}, {key}, {_alive(relation.table, relation, 'target')!r})"], ""


def _by_indexes(prepared: _Prepared, relation: Relation, key: str) -> tuple[list[str], str]:
    """By the hash indexes themselves, without a call of ours where one row is found, or a handful."""
    table, remote, via = relation.table, relation.remote, relation.via
    is_key = remote == TABLES[table].primary_key
    if via is not None and not is_key:
        return _by_having(prepared, relation, key)
    alive = _alive(table, relation, "target")
    condition = "" if alive is None else f"end['deleted'] == {alive!r}"
    if not is_key:
        return _looked_up(prepared, table, remote, key), condition
    get = prepared.once(f"tables[{table!r}].get")
    if via is None:
        return [f"end = {get}({key})", "found = () if end is None else (end,)"], condition
    link_alive = _alive(via.table, relation, "via")
    is_meant = "" if link_alive is None else f"link['deleted'] == {link_alive!r}"
    follow = [f"end = {get}(link[{via.remote!r}])", "if end is not None:", "    ends.append(end)"]
    return [
        *_looked_up(prepared, via.table, via.local, key),
        "ends = []",  # no comprehension, which would make a cell of its variable
        "for link in found:",
        *_inside(_where(is_meant, follow)),
        f"found = each_once(ends, {remote!r}) if len(ends) > 1 else ends",
    ], condition


def _looked_up(prepared: _Prepared, table: str, column: str, key: str) -> list[str]:
    """The lines that make ``found`` what an index leads to."""
    look = prepared.once(f"tables[{table!r}].indexes[{column!r}].buckets.get")
    one_or_many = "(found,) if type(found) is dict else rows_of(found)"
    return [f"found = {look}({key}, ())", "if type(found) is not tuple:", f"    found = {one_or_many}"]
