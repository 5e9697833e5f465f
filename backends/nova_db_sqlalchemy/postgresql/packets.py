"""The relations of a list in one round trip: plain selects, one for each table, that travel together.

To write documents takes the server longer than to run a select for each relation, and rows are read faster than texts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import sqlalchemy as sa

from nova_db.engine import Row
from nova_db.engine.generated import generate
from nova_db.engine.relations import Plan, plan
from nova_db.schema import Column, Relation, Table
from nova_db_sqlalchemy.sql.conditions import has_regexp
from nova_db_sqlalchemy.sql.conversion import NAMES, record_source
from nova_db_sqlalchemy.sql.documents import literal
from nova_db_sqlalchemy.sql.hiding import mask_of
from nova_db_sqlalchemy.sql.ordering import leading_columns
from nova_db_sqlalchemy.sql.parameters import Parameters
from nova_db_sqlalchemy.tables.catalog import CATALOG, is_single
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA

if TYPE_CHECKING:
    from nova_db.schema.types import Role
    from nova_db_sqlalchemy.sql.conversion import Forms
    from nova_db_sqlalchemy.sql.grammar import Expression, Grammar
    from nova_db_sqlalchemy.sql.hiding import Mask
    from nova_db_sqlalchemy.sql.statements import SelectShape

SHORT: Final = frozenset({"aggregates", "console_pools", "instance_types", "security_group_rules", "security_groups"})
"""The tables whose lists have few rows: there one statement with documents costs less than several without."""

Has = Callable[["Expression"], "Expression"]
"""The condition that a column has one of the keys of a relation."""
Pieces = Iterator[list[tuple[Any, ...]]]
"""The rows of the selects, in their order."""
Found = dict[Any, Any]
"""What is related to each key: a record or a list of them."""


@lru_cache(1024)  # callers choose columns and conditions
def travels(shape: SelectShape) -> bool:
    """Whether a query is for a list, not a short one, whose relations are found by indexes that its columns lead to."""
    if not shape.load or shape.lock or shape.limit == 1 or shape.table in SHORT or has_regexp(shape.where):
        return False
    relations = plan(shape.table, shape.load)
    if is_single(CATALOG[shape.table], shape.where) or not _are_indexed(relations):
        return False
    needed = {*locals_of(shape.table, shape.load), *("deleted" for each, _ in relations if "source" in each.live)}
    return shape.columns is None or needed <= {*shape.columns}


@cache
def locals_of(table: str, load: tuple[str, ...]) -> tuple[str, ...]:
    """The columns that lead to relations."""
    return tuple(dict.fromkeys([relation.local for relation, _ in plan(table, load)]))


def _are_indexed(relations: Plan) -> bool:
    return all(
        relation.remote in leading_columns(CATALOG[relation.table])
        and (relation.via is None or relation.via.local in leading_columns(CATALOG[relation.via.table]))
        and (relation.via is None or is_single(CATALOG[relation.table], ("eq", relation.remote)))
        and _are_indexed(below)
        for relation, below in relations
    )


# -------------------------------------------------------------------------------------------------------- statements


class Related(NamedTuple):
    """A select of rows that are related to others."""

    local: str
    """The column of those others whose values it takes, as a list."""
    text: str
    mask: Mask


class RelatedSelects:
    """Builds the selects of the relations of rows; aliases are numbered through all of them.

    Nothing but the keys is to be found by an index: not the marks of live rows, of which there are many.
    """

    def __init__(self, grammar: Grammar, table: str, load: tuple[str, ...]) -> None:
        self._grammar = grammar
        self._plan = plan(table, load)
        self._aliases = 0

    def selects(self) -> Iterator[Related]:
        """The selects, a relation before those below it."""
        for relation, below in self._plan:
            parameters = Parameters(self._grammar.parameter_forms)
            for select in self._selects(relation, below, self._listed(relation, parameters)):
                text, _ = parameters.placed(str(select.compile(dialect=self._grammar.compiler)), self._grammar.mark)
                yield Related(relation.local, text, mask_of(select, None))

    def _listed(self, relation: Relation, parameters: Parameters) -> Has:
        via = relation.via
        table, column = (relation.table, relation.remote) if via is None else (via.table, via.local)
        kind = CATALOG[table].column[column].kind

        def has(column: Expression) -> Expression:
            parameters.rewind()
            return self._grammar.is_member(column, parameters, kind, 0)

        return has

    def _found(self, column: Expression, conditions: Sequence[Expression]) -> Has:
        chosen = sa.select(column).where(*conditions)
        return lambda wanted: self._grammar.is_found(wanted, chosen)

    def _selects(self, relation: Relation, below: Plan, has_key: Has) -> Iterator[sa.Select[Any]]:
        via = relation.via
        if via is not None:
            links = self._alias(via.table)
            linked = [has_key(links.c[via.local]), *self._live(relation, "via", via.table, links)]
            yield sa.select(links.c[via.local], links.c[via.remote]).where(*linked)
            has_key = self._found(links.c[via.remote], linked)
        target = self._alias(relation.table)
        conditions = [has_key(target.c[relation.remote]), *self._live(relation, "target", relation.table, target)]
        yield sa.select(*[target.c[column.name] for column in _columns_of(relation)]).where(*conditions)
        for deeper, deepest in below:
            yield from self._selects(deeper, deepest, self._found(target.c[deeper.local], conditions))

    def _live(self, relation: Relation, role: Role, table: str, source: sa.FromClause) -> list[Expression]:
        if role not in relation.live:
            return []
        return [self._grammar.hidden(source.c.deleted) == literal(CATALOG[table].live_value)]

    def _alias(self, table: str) -> sa.FromClause:
        self._aliases += 1
        return SQL_METADATA.tables[table].alias(f"r{self._aliases}")


# ----------------------------------------------------------------------------------------------------------- records


Attach = Callable[[Pieces, list[Row]], None]
"""Takes what belongs to some relations from the pieces, and sets them on rows."""


def attacher(table: str, load: tuple[str, ...], forms: Forms) -> Attach:
    """What sets the relations of rows of a table."""
    return _attacher(CATALOG[table], plan(table, load), forms)


def _attacher(table: Table, relations: Plan, forms: Forms) -> Attach:
    attachers = [_attacher_of(table, relation, below, forms) for relation, below in relations]

    def attach(pieces: Pieces, rows: list[Row]) -> None:
        for each in attachers:
            each(pieces, rows)

    return attach


def _attacher_of(table: Table, relation: Relation, below: Plan, forms: Forms) -> Attach:
    target = CATALOG[relation.table]
    attach_below, give, copied = _attacher(target, below, forms), _giver(table, relation, below), _copier(below)
    is_by_key = not relation.many or relation.via is not None
    read = _one_reader(relation, forms) if is_by_key else _many_reader(relation, forms)

    def attach(pieces: Pieces, rows: list[Row]) -> None:
        links = next(pieces) if relation.via is not None else None
        found = read(next(pieces))
        if below:
            attach_below(pieces, [*found.values()] if is_by_key else [each for some in found.values() for each in some])
        give(rows, found if links is None else _linked(links, found, copied))

    return attach


def _one_reader(relation: Relation, forms: Forms) -> Callable[[list[Any]], Found]:
    """A function from rows to the one record of each key, that of the lowest primary key; by primary key with links."""
    target = CATALOG[relation.table]
    lines = ["def read(rows):"]
    if relation.via is not None:
        lines.append("    rows.sort(key=key)")
    elif not is_single(target, ("eq", relation.remote)):
        lines.append("    rows.sort(key=key, reverse=True)")  # the last one of a key stays
    lines.append("    return {{{remote}: {record} for {variables}in rows}}")
    return _reader(relation, lines, forms)


def _many_reader(relation: Relation, forms: Forms) -> Callable[[list[Any]], Found]:
    """A function from rows to the records of each key, by primary key."""
    lines = [
        "def read(rows):",
        "    rows.sort(key=key)",
        "    found = defaultdict(list)",
        "    for {variables}in rows:",
        "        found[{remote}].append({record})",
        "    return found",
    ]
    return _reader(relation, lines, forms)


def _reader(relation: Relation, lines: list[str], forms: Forms) -> Callable[[list[Any]], Found]:
    """A function of such lines, on the rows that the select of a relation gives."""
    target, columns = CATALOG[relation.table], [column.name for column in _columns_of(relation)]
    known = {name: repr(target.live_value) for name in target.names if name not in columns}
    variables, record = record_source([(each.name, each.kind) for each in target.columns], forms, known=known)
    remote = variables.split(", ")[columns.index(relation.remote)]
    source = "\n".join(lines).format(remote=remote, record=record, variables=variables)
    key = itemgetter(columns.index(target.primary_key))
    return generate(source, "read", {**NAMES, "key": key, "defaultdict": defaultdict})


def _columns_of(relation: Relation) -> list[Column]:
    """The columns that are read of related rows: the mark of rows all of which are live is known."""
    columns = CATALOG[relation.table].columns
    return [column for column in columns if column.name != "deleted" or "target" not in relation.live]


def _linked(links: list[tuple[Any, ...]], targets: Found, copied: Callable[[Row], Row]) -> Found:
    """The records of each key by its links, in the order of the targets; one that is linked twice is listed once."""
    place = {remote: number for number, remote in enumerate(targets)}
    pairs = [(place[remote], key, remote) for key, remote in {*links} if remote in place]
    pairs.sort(key=itemgetter(0))
    found: Found = defaultdict(list)
    before = None
    for number, key, remote in pairs:
        record = targets[remote]
        found[key].append(copied(record) if number == before else record)
        before = number
    return found


def _giver(table: Table, relation: Relation, below: Plan) -> Callable[[list[Row], Found], None]:
    """What sets a relation on rows; records are private, so what several rows share is copied."""
    mine = f"get(row[{relation.local!r}])"
    if "source" in relation.live:
        mine = f"{mine} if row['deleted'] == {table.live_value!r} else None"
    lines = ["def give(rows, found):", "    get = found.get", "    taken = set()", "    for row in rows:"]
    lines.append(f"        mine = {mine}")
    if not is_single(table, ("eq", relation.local)):
        copy = "[copied(each) for each in mine]" if relation.many else "copied(mine)"
        lines += [
            "        if mine:",
            f"            if row[{relation.local!r}] in taken:",
            f"                mine = {copy}",
            "            else:",
            f"                taken.add(row[{relation.local!r}])",
        ]
    lines.append(f"        row[{relation.name!r}] = {'mine or []' if relation.many else 'mine'}")
    return generate("\n".join(lines), "give", {"copied": _copier(below)})


def _copier(below: Plan) -> Callable[[Row], Row]:
    """What copies a record with the relations below it."""
    if not below:
        return dict
    deeper = [(relation.name, relation.many, _copier(deepest)) for relation, deepest in below]

    def copied(record: Row) -> Row:
        made = dict(record)
        for name, many, copy in deeper:
            value = made[name]
            if value is not None:
                made[name] = [copy(each) for each in value] if many else copy(value)
        return made

    return copied
