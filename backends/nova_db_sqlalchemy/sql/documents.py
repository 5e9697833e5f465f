"""A record with its relations in one statement: the related rows travel as one JSON document beside the columns.

Rows are arrays in the document, in the order of the table's columns, the relations below them after these.  The order
of related rows is made here: a server would have to sort them in every subquery.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from nova_db.engine import Row
from nova_db.engine.generated import generate
from nova_db.engine.relations import Plan, plan
from nova_db.schema import Kind, Relation, Table
from nova_db_sqlalchemy.sql.conversion import NAMES, record_source
from nova_db_sqlalchemy.tables.catalog import CATALOG
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA

if TYPE_CHECKING:
    from nova_db_sqlalchemy.sql.conversion import Read
    from nova_db_sqlalchemy.sql.grammar import Cell, Expression, Grammar

Follow = Callable[[Any], Any]
"""From what the document has for a relation to its value in the record."""


@cache
def fits_document(table: str, load: tuple[str, ...], excluded: frozenset[Kind]) -> bool:
    """Whether no related table has a column of a kind that a document would not bring back exactly."""
    return all(
        not any(column.kind in excluded for column in CATALOG[relation.table].columns)
        and fits_document(relation.table, tuple(_paths(below)), excluded)
        for relation, below in plan(table, load)
    )


def _paths(relations: Plan) -> list[str]:
    paths = []
    for relation, below in relations:
        paths += [f"{relation.name}.{path}" for path in _paths(below)] or [relation.name]
    return paths


class DocumentBuilder:
    """Builds the expression of a document; aliases are numbered through the statement."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar
        self._aliases = 0

    def document(self, table: Table, source: sa.FromClause, load: tuple[str, ...]) -> Expression:
        """The document of the relations of a row that the statement reads from ``source``."""
        items = self._items(table, source, plan(table.name, load))
        return self._grammar.json_text(self._grammar.json_array(items)).label("related")

    def _items(self, table: Table, source: sa.FromClause, relations: Plan) -> list[Expression]:
        return [self._related(table, source, relation, below) for relation, below in relations]

    def _related(self, table: Table, source: sa.FromClause, relation: Relation, below: Plan) -> Expression:
        target = CATALOG[relation.table]
        alias = self._alias(relation.table)
        cells: list[Cell] = [(alias.c[column.name], column) for column in target.columns]
        cells += [(item, None) for item in self._items(target, alias, below)]
        rows = self._grammar.json_rows(cells, is_one=relation.via is None and _is_unique(target, relation.remote))
        conditions = self._joined(relation, source, alias)
        for role, owner, has in (("source", table, source), ("target", target, alias)):
            if role in relation.live:
                conditions.append(has.c.deleted == literal(owner.live_value))
        collected = sa.select(rows).select_from(alias).where(*conditions)
        return collected.correlate(source).scalar_subquery()

    def _joined(self, relation: Relation, source: sa.FromClause, alias: sa.FromClause) -> list[Expression]:
        via = relation.via
        if via is None:
            return [alias.c[relation.remote] == source.c[relation.local]]
        links = self._alias(via.table)
        conditions = [links.c[via.local] == source.c[relation.local]]
        if "via" in relation.live:
            conditions.append(links.c.deleted == literal(CATALOG[via.table].live_value))
        linked = sa.select(links.c[via.remote]).where(*conditions).correlate(source)
        return [self._grammar.is_found(alias.c[relation.remote], linked)]

    def _alias(self, table: str) -> sa.FromClause:
        self._aliases += 1
        return SQL_METADATA.tables[table].alias(f"r{self._aliases}")


def _is_unique(table: Table, column: str) -> bool:
    return column == table.primary_key or any(rule.columns == (column,) for rule in table.uniques)


def known_of(relation: Relation) -> dict[str, str]:
    """The columns of related rows whose values follow from the relation, as expressions for readers of pairs."""
    known = {} if relation.via is not None else {relation.remote: "k"}
    if "target" in relation.live:
        known["deleted"] = repr(CATALOG[relation.table].live_value)
    return known


def literal(value: bool | int | str) -> Expression:
    """A live value as SQL."""
    if isinstance(value, bool):
        return sa.true() if value else sa.false()
    return sa.literal_column(f"'{value}'" if isinstance(value, str) else str(value))


def record_reader(
    columns: Sequence[tuple[str, Kind | None]], table: str, load: tuple[str, ...], grammar: Grammar
) -> Read:
    """A function from rows with these columns and a document after them to records with relations."""
    names, items = _followed(plan(table, load), grammar)
    variables, record = record_source(columns, grammar.row_forms)
    made = f"[{record[:-1]}, {items}}} for {variables}text in rows for d in (decoded(text)[0],)]"
    return generate(f"def read(rows):\n    return {made}", "read", names)


def relations_reader(table: str, load: tuple[str, ...], grammar: Grammar) -> Callable[[str], Row]:
    """A function from a document to the relations, by name."""
    names, items = _followed(plan(table, load), grammar)
    return generate(f"def read(text):\n    d = decoded(text)[0]\n    return {{{items}}}", "read", names)


def _followed(relations: Plan, grammar: Grammar) -> tuple[dict[str, Any], str]:
    """The functions that follow the relations of a document ``d``, by name, and the items of their dict display."""
    names: dict[str, Any] = dict(NAMES)
    items = []
    for index, (relation, below) in enumerate(relations):
        names[f"follow{index}"] = _follower(relation, below, grammar)
        items.append(f"{relation.name!r}: follow{index}(d[{index}])")
    return names, ", ".join(items)


def _follower(relation: Relation, below: Plan, grammar: Grammar) -> Follow:
    """A function from the rows that the document has for a relation to its value: records by primary key, or one."""
    target = CATALOG[relation.table]
    names: dict[str, Any] = dict(NAMES)
    names["key"] = itemgetter(target.names.index(target.primary_key))
    more = []
    for index, (deeper, deepest) in enumerate(below):
        names[f"follow{index}"] = _follower(deeper, deepest, grammar)
        more.append((deeper.name, f"follow{index}({{v}})"))
    columns = [(column.name, column.kind) for column in target.columns]
    variables, record = record_source(columns, grammar.document_forms, more)
    lines = [
        "def follow(rows):",
        "    if not rows:",
        f"        return {'[]' if relation.many else 'None'}",
        "    if rows.__class__ is str:",  # SQLite does not promise that a subquery's JSON stays JSON
        "        rows = decoded(rows)[0]",
        "    if len(rows) > 1:",
        "        rows.sort(key=key)",
        f"    found = [{record} for {variables}in {'rows' if relation.many else 'rows[:1]'}]",
        f"    return {'found' if relation.many else 'found[0]'}",
    ]
    return generate("\n".join(lines), "follow", names)
