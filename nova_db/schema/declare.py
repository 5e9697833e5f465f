"""The words that ``nova_db.schema.tables`` is written in: one short call for each column, rule or relation.

A column is nullable unless ``null=False``.  Where a name is derived it is from the table and its columns:
``instances_host_deleted_idx``, ``instances_uuid_key``, ``consoles_pool_id_fkey``.  A row belongs to what its foreign
keys refer to, unless ``holds`` says otherwise, and to what ``belongs`` names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from nova_db.schema.table import Table
from nova_db.schema.types import (
    NOW,
    Column,
    Computed,
    Constant,
    ForeignKey,
    Index,
    Kind,
    Mention,
    Owner,
    Relation,
    Unique,
    Via,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nova_db.schema.types import Default, Role

NAME_LIMIT = 63
"""The longest name of an index or constraint that every server takes, in characters (PostgreSQL's bound)."""

HOST: Final = "hosts and nodes come and go under one name"
"""Why nothing belongs to the row of a host that it names."""

ANY: Final[frozenset[Role]] = frozenset()
SOURCE: Final[frozenset[Role]] = frozenset({"source"})
TARGET: Final[frozenset[Role]] = frozenset({"target"})
VIA: Final[frozenset[Role]] = frozenset({"via"})

Rule = TypeVar("Rule", Index, Unique)


class ShadowIndex(NamedTuple):
    """Columns of an index that the shadow table has."""

    columns: tuple[str, ...]


Item = Column | Index | Unique | Relation | Computed | Constant | Owner | Mention | ShadowIndex


def _reference(remote: str) -> tuple[str, str] | None:
    if not remote:
        return None
    table_name, column = remote.split(".")
    return table_name, column


def serial(name: str) -> Column:
    """The primary key that the backend generates: a positive 32-bit integer, never used twice."""
    return Column(name, Kind.INTEGER, nullable=False, primary_key=True, autoincrement=True)


def text_key(name: str, length: int) -> Column:
    """A primary key that the caller gives."""
    return Column(name, Kind.STRING, length, nullable=False, primary_key=True)


def integer(name: str, *, null: bool = True, default: int | None = None, references: str = "", doc: str = "") -> Column:
    return Column(name, Kind.INTEGER, None, null, default, references=_reference(references), doc=doc)


def bigint(name: str, *, default: int | None = None, doc: str = "") -> Column:
    return Column(name, Kind.BIGINT, None, True, default, doc=doc)


def boolean(name: str, *, default: bool | None = None, doc: str = "") -> Column:
    return Column(name, Kind.BOOLEAN, None, True, default, doc=doc)


def real(name: str, *, default: float | None = None, doc: str = "") -> Column:
    return Column(name, Kind.FLOAT, None, True, default, doc=doc)


def string(name: str, length: int = 255, *, null: bool = True, default: str | None = None, doc: str = "") -> Column:
    return Column(name, Kind.STRING, length, null, default, doc=doc)


def secret(column: Column, what: str) -> Column:
    """A column that by its purpose may hold a secret, and which one; its values are shown nowhere."""
    return column._replace(secret=what)


def uuid(name: str, *, null: bool = True, references: str = "", doc: str = "") -> Column:
    """Text of 36 characters; that it is a uuid is the caller's promise, nothing checks it."""
    return Column(name, Kind.STRING, 36, null, references=_reference(references), doc=doc)


def text(name: str, *, doc: str = "") -> Column:
    return Column(name, Kind.TEXT, 2**16 - 1, doc=doc)


def mediumtext(name: str, *, null: bool = True, doc: str = "") -> Column:
    return Column(name, Kind.MEDIUMTEXT, 2**24 - 1, null, doc=doc)


def time(name: str, *, null: bool = True, default: Default = None, doc: str = "") -> Column:
    return Column(name, Kind.DATETIME, None, null, default, doc=doc)


def ip(name: str, *, doc: str = "") -> Column:
    return Column(name, Kind.IP, 39, doc=doc)


def cidr(name: str, *, doc: str = "") -> Column:
    return Column(name, Kind.CIDR, 43, doc=doc)


def added(column: Column, *, since: str) -> Column:
    """A column that a revision adds to the tables of the deployed schema."""
    return column._replace(since=since)


def index(
    *columns: str, name: str = "", nulls_first: bool = False, narrow: tuple[str, ...] = (), **prefixes: int
) -> Index:
    """An index; ``column=100`` has servers that bound the size of an entry index 100 characters of that column.

    ``narrow`` has a server that bounds it, and cannot do that, index these columns alone.
    """
    return Index(name, columns, prefixes, nulls_first, narrow)


def list_index(*columns: str) -> Index:
    """An index by which database servers have a list's rows in order, nulls first; no store of rows has to keep it."""
    return Index("", columns, nulls_first=True, servers_only=True)


def unique(*columns: str, name: str = "") -> Unique:
    return Unique(name, columns)


def shadow_index(*columns: str) -> ShadowIndex:
    """An index of the shadow table, which has none but its key otherwise."""
    return ShadowIndex(columns)


def belongs(column: str, remote: str, *, unless: str = "") -> Owner:
    """A row goes with the row that it names, though no foreign key says so; ``remote`` is ``"table.column"``."""
    table, key = remote.split(".")
    return Owner(column, table, key, unless=unless)


def holds(column: str, remote: str, why: str) -> Mention:
    """A row keeps the row that it names where it is, and does not go with it while it is live."""
    table, key = remote.split(".")
    return Mention(column, table, key, why, holds=True)


def names(column: str, remote: str, why: str) -> Mention:
    """A row names another one, and neither goes with it nor keeps it."""
    table, key = remote.split(".")
    return Mention(column, table, key, why)


def one(name: str, local: str, remote: str, *, live: frozenset[Role] = ANY, hidden: bool = False) -> Relation:
    """A relation to one row or none; ``remote`` is ``"table.column"``."""
    table, column = remote.split(".")
    return Relation(name, table, local, column, live=live, hidden=hidden)


def many(
    name: str,
    local: str,
    remote: str,
    *,
    via: tuple[str, str, str] | None = None,
    live: frozenset[Role] = ANY,
    hidden: bool = False,
) -> Relation:
    """A relation to a list of rows; ``via`` is the association table, its local and its remote column."""
    table, column = remote.split(".")
    return Relation(name, table, local, column, True, Via(*via) if via else None, live, hidden)


def computed(name: str, doc: str, *, type: str = "str", in_record: bool = True) -> Computed:
    return Computed(name, in_record, doc, type)


def constant(name: str, value: Any, doc: str) -> Constant:
    return Constant(name, value, doc)


BASE: Final = (
    time("created_at", default=NOW),
    time("updated_at", doc="null until the first update"),
    time("deleted_at"),
)
DELETED: Final = integer("deleted", default=0, doc="0 while the row is live, its own id once it is soft-deleted")


def table(
    name: str,
    model: str,
    description: str,
    *items: Item,
    deleted: Column = DELETED,
    archived: bool = True,
    soft_deleted: bool = True,
) -> Table:
    """Declare a table: its columns in storage order (the base columns follow by themselves), then everything else."""
    columns = (*(item for item in items if isinstance(item, Column)), *BASE, deleted)
    mentions = tuple(item for item in items if isinstance(item, Mention))
    return Table(
        name,
        model,
        description,
        columns,
        indexes=tuple(_named(name, "idx", item) for item in items if isinstance(item, Index)),
        uniques=tuple(_named(name, "key", item) for item in items if isinstance(item, Unique)),
        foreign_keys=tuple(
            _foreign_key(name, column.name, *column.references) for column in columns if column.references
        ),
        relations={item.name: item for item in items if isinstance(item, Relation)},
        computed={item.name: item for item in items if isinstance(item, Computed)},
        constants={item.name: item for item in items if isinstance(item, Constant)},
        archived=archived,
        soft_deleted=soft_deleted,
        shadow_indexes=tuple(
            _named(f"shadow_{name}", "idx", Index("", item.columns)) for item in items if isinstance(item, ShadowIndex)
        ),
        owners=(
            *_enforced(columns, {mention.column for mention in mentions}),
            *(item for item in items if isinstance(item, Owner)),
        ),
        mentions=mentions,
    )


def _enforced(columns: Iterable[Column], mentioned: set[str]) -> Iterator[Owner]:
    for column in columns:
        if column.references and column.name not in mentioned:
            yield Owner(column.name, *column.references, enforced=True)


def _named(table_name: str, suffix: str, rule: Rule) -> Rule:
    return rule if rule.name else rule._replace(name=_name(table_name, *rule.columns, suffix))


def _foreign_key(table_name: str, column: str, remote_table: str, remote: str) -> ForeignKey:
    return ForeignKey(_name(table_name, column, "fkey"), column, remote_table, remote)


def _name(*words: str) -> str:
    name = "_".join(words)
    if len(name) > NAME_LIMIT:
        raise ValueError(f"{name!r} has {len(name)} characters; give a name of {NAME_LIMIT} at most")
    return name
