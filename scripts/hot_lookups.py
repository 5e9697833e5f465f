"""What a cloud's day looks up and claims: by which columns, for which functions, and which index carries it.

The day is the demo's, lived in memory, with each condition noted on its way to the engine.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from nova_db import constraints
from nova_db.cli.day import Day
from nova_db.engine import TRUE, Isolation, Order, Predicate, Query, Row, Transaction, Values, relations
from nova_db.engine.forwarding import ForwardingTransaction
from nova_db.engine.predicates import Shape
from nova_db.engine.rows import Columns, layout
from nova_db.engine.rows.access import conjuncts
from nova_db.operations import EngineDriver
from nova_db.schema import TABLES
from nova_db_memory import MemoryEngine

OFTEN: Final = 6
"""So often a look-up comes in a day of a hundred instances, or it is not hot; a claim always is."""
CLAIM: Final = "claim"
LOOKUP: Final = "look-up"
RELATION: Final = "relation"

Load: TypeAlias = tuple[str, ...]
_SIGNS: Final = {"eq": "", "in": " among", "null": " null", "ne": " differs", "notnull": " not null", "regexp": " like"}
_RANGES: Final = {"lt": " <", "le": " <=", "gt": " >", "ge": " >="}


class Lookup(NamedTuple):
    """A condition without its values, and the order that is wanted."""

    what: str
    table: str
    shape: Shape
    order: tuple[Order, ...]

    def condition(self) -> str:
        """The columns that are asked for, in words."""
        parts = [_told(part) for part, _ in conjuncts(self.shape)]
        wanted = f" in the order of {', '.join(part.column for part in self.order)}" if self.order else ""
        return ", ".join(dict.fromkeys(parts)) + wanted

    def carrier(self) -> str:
        """The index that leads to the fewest rows, by its name in the schema."""
        found, table = layout(self.table), TABLES[self.table]
        columns = max([(found.key,), *found.indexes.values()], key=self._rank)
        if not self._rank(columns)[1]:
            return "none: all rows are read"
        if columns == (found.key,):
            return "the primary key"
        named = [rule.name for rule in table.uniques if rule.columns == columns]
        named += [index.name for index in table.indexes if index.columns == columns]
        return f"`{named[0]}` ({', '.join(columns)})" if named else f"the foreign key on {', '.join(columns)}"

    def _rank(self, columns: Columns) -> tuple[bool, int, int, int]:
        """How far an index leads: to one row, by so many columns that tell rows apart, or that are given at all."""
        conditions = [part for part, _ in conjuncts(self.shape) if len(part) > 1 and isinstance(part[1], str)]
        equal = {part[1] for part in conditions if part[0] in ("eq", "null")}
        ranged = {part[1] for part in conditions if part[0] in ("in", *_RANGES)}
        given = list(itertools.takewhile(equal.__contains__, columns))
        goes_on = len(given) < len(columns) and columns[len(given)] in ranged
        found = layout(self.table)
        is_one = len(given) == len(columns) and columns in {(found.key,), *(rule.columns for rule in found.uniques)}
        narrowing = [column for column in given if column != "deleted"]
        return is_one, len(narrowing) + goes_on, len(given), -len(columns)


class Noted(NamedTuple):
    """How often a look-up came, and for which functions."""

    times: int
    functions: tuple[str, ...]


class _Notes:
    """What was looked for so far; the attributes are functions of the API, as a day calls them."""

    def __init__(self) -> None:
        self.found: defaultdict[Lookup, list[str]] = defaultdict(list)
        self._driver = EngineDriver(_NotingEngine(self))
        self._function = ""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = getattr(self._driver if hasattr(self._driver, name) else constraints, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self._function = name
            return function(*args, **kwargs)

        return call

    def note(
        self, table: str, where: Predicate, order: tuple[Order, ...] = (), *, what: str = LOOKUP, load: Load = ()
    ) -> None:
        """Note a look-up for the function that was called last, and those of the relations that it brings along."""
        self.found[Lookup(what, table, where.shape(), order)].append(self._function)
        for joined, column in _joins(relations.plan(table, load)):
            self.found[Lookup(RELATION, joined, ("eq", column), ())].append(self._function)


class _NotingEngine(MemoryEngine):
    def __init__(self, notes: _Notes) -> None:
        super().__init__()
        self._notes = notes

    def read(self, *, snapshot: bool = True) -> Any:
        return _Noting(super().read(snapshot=snapshot), self._notes)

    def write(self, *, isolation: Isolation = Isolation.READ_COMMITTED, losses: int = 0) -> Any:
        return _Noting(super().write(isolation=isolation, losses=losses), self._notes)


class _Noting(ForwardingTransaction):
    __slots__ = ("_notes",)

    def __init__(self, tx: Transaction, notes: _Notes) -> None:
        super().__init__(tx)
        self._notes = notes

    def _before(self, primitive: str, *names: str, columns: Sequence[str] | None = ()) -> None:
        """What a call is for says more."""

    def select(self, query: Query) -> list[Row]:
        self._notes.note(query.table, query.where, query.order, load=query.load)
        return super().select(query)

    def aggregate(
        self, table: str, where: Predicate = TRUE, *, sums: tuple[str, ...] = (), group_by: tuple[str, ...] = ()
    ) -> list[Row]:
        self._notes.note(table, where)
        return super().aggregate(table, where, sums=sums, group_by=group_by)

    def update(self, table: str, where: Predicate, values: Values) -> int:
        self._notes.note(table, where)
        return super().update(table, where, values)

    def update_returning(self, query: Query, values: Values) -> list[Row]:
        self._notes.note(query.table, query.where, load=query.load)
        return super().update_returning(query, values)

    def delete(self, table: str, where: Predicate) -> int:
        self._notes.note(table, where)
        return super().delete(table, where)

    def claim(
        self, table: str, where: Predicate, values: Values, *, order: tuple[Order, ...] = (), limit: int = 1
    ) -> list[Row]:
        self._notes.note(table, where, order, what=CLAIM)
        return super().claim(table, where, values, order=order, limit=limit)


def noted() -> dict[Lookup, Noted]:
    """All that a day looks for."""
    notes = _Notes()
    for part in Day(notes, hosts=12, instances=100).parts():
        part.live()
    return {lookup: Noted(len(calls), tuple(sorted(set(calls)))) for lookup, calls in notes.found.items()}


def rows() -> Iterator[tuple[str, ...]]:
    """The rows of the table, by what is done and by table: one for each index, or for what lacks one."""
    conditions: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    functions: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for lookup, (times, called_by) in noted().items():
        if lookup.what == CLAIM or times >= OFTEN:
            place: tuple[str, ...] = (lookup.what, f"`{lookup.table}`", lookup.carrier())
            conditions[place].add(lookup.condition())
            functions[place].update(called_by)
    for carried, asked in sorted(conditions.items()):
        yield (*carried, "; ".join(sorted(asked)), ", ".join(f"`{name}`" for name in sorted(functions[carried])))


def _joins(wanted: relations.Plan) -> Iterator[tuple[str, str]]:
    """The tables, and their columns, that rows are looked up by to follow relations."""
    for relation, below in wanted:
        if relation.via is not None:
            yield relation.via.table, relation.via.local
        yield relation.table, relation.remote
        yield from _joins(below)


def _told(part: Shape) -> str:
    """A condition in words."""
    operator, *rest = part
    if operator in _SIGNS or operator in _RANGES:
        return f"{rest[0]}{_SIGNS.get(operator, '')}{_RANGES.get(operator, '')}"
    if operator == "exists":
        return f"a row of {rest[0]}"
    if operator == "or":
        return " or ".join(dict.fromkeys(_told(each) for each in rest if each != ("false",)))
    return "all" if operator == "true" else operator
