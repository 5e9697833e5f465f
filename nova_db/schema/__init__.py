"""The tables of the state database and their relations, described once, as data.

Every backend, the ORM models, the migrations and the validation of values are derived from ``TABLES``.
"""

from __future__ import annotations

from nova_db.schema.coercion import parse_datetime
from nova_db.schema.table import Table
from nova_db.schema.tables import PARENTS_FIRST, TABLES
from nova_db.schema.types import (
    NO_MATCH,
    NOW,
    Column,
    Computed,
    Constant,
    ForeignKey,
    Index,
    Kind,
    Marker,
    Mention,
    Owner,
    Relation,
    Unique,
    Via,
)

__all__ = [
    "NOW",
    "NO_MATCH",
    "PARENTS_FIRST",
    "TABLES",
    "Column",
    "Computed",
    "Constant",
    "ForeignKey",
    "Index",
    "Kind",
    "Marker",
    "Mention",
    "Owner",
    "Relation",
    "Table",
    "Unique",
    "Via",
    "parse_datetime",
]
