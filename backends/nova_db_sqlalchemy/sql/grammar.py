"""What servers write differently: the grammar that statements are built with."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Any, ClassVar

import sqlalchemy as sa

from nova_db.schema import Column, Kind
from nova_db_sqlalchemy.sql.conversion import Bind, Forms
from nova_db_sqlalchemy.sql.parameters import Parameters

Sql = str | bytes
Expression = sa.ColumnElement[Any]
Compiled = tuple[Sql, Bind | None]
Cell = tuple[Expression, Column | None]
"""What a row in a JSON document has at one place: the value of a column, or, without one, JSON."""


class Grammar(abc.ABC):
    """How a server writes what statements are made of, and in which form values come and go."""

    mark: ClassVar[str]
    """What stands for a parameter in what the DB-API library is given; ``{}`` in it for a number."""

    row_forms: ClassVar[Forms]
    """How values of a row become Python's."""
    document_forms: ClassVar[Forms]
    """How values inside a JSON document become Python's."""
    document_excludes: ClassVar[frozenset[Kind]] = frozenset()
    """Kinds of columns whose values do not survive a JSON document."""
    documents_in_lists: ClassVar[bool] = False
    """Whether lists, too, bring their relations in documents, and not in one more statement for each relation."""
    waits_for_rows: ClassVar[bool] = True
    """Whether a statement that locks rows may wait for them, and then reads others as they were when it began."""
    documents_may_break: ClassVar[bool] = False
    """Whether a document that is too long arrives cut or empty, instead of being an error."""
    parameter_forms: ClassVar[Forms]
    """How Python's values become parameters."""
    pins_lists: ClassVar[bool] = False
    """Whether a list has to ask for the very index that has its rows in order; see ``pinned``."""
    sorted_bytes: ClassVar[int | None] = None
    """How many bytes of a text the server compares when it sorts; None: all, however long it is."""

    @property
    @abc.abstractmethod
    def compiler(self) -> sa.Dialect:
        """SQLAlchemy's dialect, with parameters by name, ``%(name)s``."""

    def compile(self, statement: sa.ClauseElement, parameters: Parameters) -> Compiled:
        """The text of a statement and the function that fills its parameters."""
        return parameters.placed(str(statement.compile(dialect=self.compiler)), self.mark)

    def comparable(self, parameter: sa.BindParameter[Any], kind: Kind) -> Expression:
        """A parameter that a column of a kind is compared with."""
        return parameter

    def typed(self, parameter: sa.BindParameter[Any], kind: Kind) -> Expression:
        """A parameter that is stored in a column of a kind."""
        return parameter

    def addend(self, parameter: sa.BindParameter[Any], kind: Kind) -> Expression:
        """A parameter that is added to a column of a kind; the sum may fit where the number alone does not."""
        return self.typed(parameter, kind)

    def added(self, column: Expression, number: Expression, kind: Kind) -> Expression:
        """A column plus a number; an error when the sum leaves the column's range."""
        return column + number

    def list_class(self, length: int) -> int:
        """The length class of an ``in`` list: lists of one class share a statement.  0: any length."""
        return 0

    @abc.abstractmethod
    def is_member(self, column: Expression, parameters: Parameters, kind: Kind, size: int) -> Expression:
        """Whether a column equals an element of the next value; ``size`` is the list's length class."""

    @abc.abstractmethod
    def is_no_member(self, column: Expression, parameters: Parameters, kind: Kind, size: int) -> Expression:
        """Whether a column is not null and equals no element of the next value."""

    @abc.abstractmethod
    def is_listed(
        self, columns: Sequence[Expression], parameters: Parameters, kinds: Sequence[Kind]
    ) -> tuple[Expression, Expression]:
        """Whether columns equal a tuple of the next value, and how many tuples there are.

        Written so that no index is chosen for it: there is a better way to the few rows that are asked.
        """

    def is_found(self, column: Expression, select: sa.Select[Any]) -> Expression:
        """Whether a column equals one of the few values that a select of one column gives."""
        return column.in_(select)

    def number_of(self, columns: Sequence[Expression]) -> Expression:
        """The aggregate that counts the different values in columns."""
        return sa.func.count(sa.distinct(columns[0] if len(columns) == 1 else sa.tuple_(*columns)))

    def usual(self, condition: Expression) -> Expression:
        """A condition that most rows meet, beside others by which few are found: no index is to be chosen for it."""
        return condition

    def rare(self, condition: Expression) -> Expression:
        """The one condition of several by which few rows are found: its index is to be chosen."""
        return condition

    @abc.abstractmethod
    def contains(self, text: Expression, part: Expression) -> Expression:
        """Whether a text contains another one, both folded already."""

    def folded(self, text: Expression) -> Expression:
        """A text with its ASCII letters, and no others, in lower case."""
        return sa.func.lower(text)

    def sorted(self, column: Expression, kind: Kind, *, descending: bool, nullable: bool) -> Expression:
        """A column to sort by, nulls smallest."""
        return column.desc() if descending else column.asc()

    def hides_order(self, *, is_limited: bool, is_given: bool) -> bool:
        """Whether a planner has to be kept from an index that has all rows in order, where another leads to the few.

        :param is_limited: whether the first rows are asked for.
        :param is_given: whether there is an order other than that of the keys.
        """
        return False

    def hidden(self, column: Expression) -> Expression:
        """A column to sort by that no index is in the order of, for all the planner knows."""
        return sa.func.coalesce(column, column)

    def pinned(self, column: Expression, value: Expression, kind: Kind) -> Expression:
        """That a column has a value, said so that an order by the column goes on to mean something.

        An order that begins with it can be had of an index alone that begins with it, too.
        """
        return column == value

    def size(self, text: Expression) -> Expression:
        """How long a text is, in bytes or characters, whatever is known faster."""
        return sa.func.length(text)

    def beginning(self, text: Expression) -> Expression:
        """What of a text the server compares when it sorts."""
        return text

    def compared(self, text: Expression, other: Expression) -> Expression:
        """1 where a text comes after another one, 0 where it is the same, else another number, or null."""
        after: Expression = sa.literal_column("1")
        same: Expression = sa.literal_column("0")
        return sa.case((text > other, after), (text == other, same))

    def limited(self, statement: sa.Select[Any], limit: Expression) -> sa.Select[Any]:
        """The first rows of a select."""
        return statement.limit(limit)

    def locked(self, statement: sa.Select[Any], table: sa.FromClause) -> sa.Select[Any]:
        """A select whose rows others cannot change until the transaction ends."""
        return statement

    def unlocked(self, statement: sa.Select[Any], table: sa.FromClause) -> sa.Select[Any]:
        """The same, of rows only that nobody else keeps so already."""
        return statement

    # --------------------------------------------------------------------------------------- JSON documents

    @abc.abstractmethod
    def json_array(self, items: Sequence[Expression]) -> Expression:
        """A JSON array of some values."""

    @abc.abstractmethod
    def json_collected(self, item: Expression) -> Expression:
        """The aggregate that makes a JSON array of the rows' values, in any order."""

    def json_rows(self, cells: Sequence[Cell], *, is_one: bool) -> Expression:
        """The JSON array of the arrays that rows make of their cells, in any order, or null without rows.

        :param is_one: whether there is one row at most.
        """
        row = self.json_array([cell for cell, _ in cells])
        return self.json_array([row]) if is_one else self.json_collected(row)

    def json_text(self, document: Expression) -> Expression:
        """A document as the text in which it is sent."""
        return document
