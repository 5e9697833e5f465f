"""What a table is made of: columns, keys, indexes, relations and values that are computed."""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(Enum):
    """The logical type of a column; the same on every backend.

    The Python types of stored values: ``int`` (INTEGER: 32 bits, BIGINT: 64 bits), ``bool``, ``float``, ``str``
    (STRING counts characters; TEXT and MEDIUMTEXT count bytes of UTF-8; IP and CIDR are text in normal form) and
    naive UTC ``datetime.datetime`` with microseconds.
    """

    INTEGER = "integer"
    BIGINT = "bigint"
    BOOLEAN = "boolean"
    FLOAT = "float"
    STRING = "string"
    TEXT = "text"
    MEDIUMTEXT = "mediumtext"
    DATETIME = "datetime"
    IP = "ip"
    CIDR = "cidr"


class Marker(Enum):
    """Two values that no column can hold."""

    NOW = "the time of the insert"
    NO_MATCH = "no stored value can be equal"

    def __repr__(self) -> str:
        return self.name


NOW: Final = Marker.NOW
"""Column default: the current time, naive UTC, taken once for each inserted row."""

NO_MATCH: Final = Marker.NO_MATCH
"""What ``Table.lookup`` gives for a value that no row can have in that column."""

Default = bool | int | float | str | Literal[Marker.NOW] | None


class Column(NamedTuple):
    """One column.

    ``length`` is in characters for STRING, IP and CIDR, in bytes of UTF-8 for TEXT and MEDIUMTEXT, otherwise None.
    ``default`` is what an insert stores for an absent value or None: None, a literal, or ``NOW``.
    ``references`` is the (table, column) of an enforced foreign key.
    ``secret`` says which secret it may hold by its purpose: nothing that prints or logs shows its values. Empty: none.
    ``since`` is the revision that has added it; empty: the deployed schema's.
    """

    name: str
    kind: Kind
    length: int | None = None
    nullable: bool = True
    default: Default = None
    primary_key: bool = False
    autoincrement: bool = False
    references: tuple[str, str] | None = None
    doc: str = ""
    secret: str = ""
    since: str = ""


class Index(NamedTuple):
    """A plain index.

    ``prefixes`` says how many characters of a column to index on servers that bound the size of an index entry
    (MySQL, MariaDB); others index the whole column.  ``nulls_first``: rows are listed in the order of the index, so
    nulls come before all values in it, also on a server that puts them last by itself (PostgreSQL).

    ``narrow`` are the columns to index where an entry of all of them could be larger than the server takes, and it has
    no prefixes that a search would use (PostgreSQL): those that tell most, as many as fit at their longest.  Empty:
    all columns fit.

    ``servers_only``: it has the rows of a list in order, for servers; row stores find them by another index, and sort
    them, or keep this order from the first such list on, for less than an index would take.
    """

    name: str
    columns: tuple[str, ...]
    prefixes: Mapping[str, int] = MappingProxyType({})
    nulls_first: bool = False
    narrow: tuple[str, ...] = ()
    servers_only: bool = False


class Unique(NamedTuple):
    """A rule that no two rows have equal values in these columns; soft-deleted rows count, and null equals nothing."""

    name: str
    columns: tuple[str, ...]


class ForeignKey(NamedTuple):
    """An enforced reference: ``column`` is null or equals ``remote`` in a row of ``table``.  Nothing cascades."""

    name: str
    column: str
    table: str
    remote: str


class Owner(NamedTuple):
    """Whose a row is: that of the row of ``table`` whose ``remote`` equals its ``column``; it goes when that has gone.

    ``enforced``: a foreign key says so too, so the owner cannot go before it.
    ``unless``: another column that names a row; while that one is live, the row stays.
    """

    column: str
    table: str
    remote: str
    enforced: bool = False
    unless: str = ""


class Mention(NamedTuple):
    """A column that names a row of ``table`` by its ``remote``, to which its own row does not belong; ``why`` not.

    ``holds``: a live row keeps the row that it names where that is, deleted or not.
    """

    column: str
    table: str
    remote: str
    why: str
    holds: bool = False


Role = Literal["source", "via", "target"]


class Via(NamedTuple):
    """The association table of a many-to-many relation.

    Its ``local`` column equals the source's ``Relation.local``, its ``remote`` column the target's ``Relation.remote``.
    """

    table: str
    local: str
    remote: str


class Relation(NamedTuple):
    """Rows of another table that belong to a row (the source): those whose ``remote`` equals the source's ``local``.

    ``many``: a list in order of the primary key, each row once, ``[]`` when there is none; otherwise the first such row
    or None.  ``live`` names the rows that must not be soft-deleted for the relation to show them; when ``"source"``
    is among them, a soft-deleted source has no related rows.  ``hidden`` relations serve the API itself and are
    never part of a record.
    """

    name: str
    table: str
    local: str
    remote: str
    many: bool = False
    via: Via | None = None
    live: frozenset[Role] = frozenset()
    hidden: bool = False


class Computed(NamedTuple):
    """A value worked out from a row and its relations, never stored; ``in_record``: records carry it as a key.

    ``type`` is its Python type, as an annotation.
    """

    name: str
    in_record: bool
    doc: str = ""
    type: str = "str"


class Constant(NamedTuple):
    """A class attribute of the table's model: no data of a row, the same for all of them."""

    name: str
    value: Any
    doc: str = ""
