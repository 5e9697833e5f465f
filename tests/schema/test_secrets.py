"""Columns are marked as secret where their purpose says so."""

from __future__ import annotations

import re

from nova_db.exceptions.redaction import is_secret, secret_tables
from nova_db.schema import TABLES, Kind

SUSPICIOUS = re.compile(r"passw|passphrase|secret|token|credential|auth|private|_data$|connection_info|key$")
"""Names that suggest a secret."""
HARMLESS = frozenset({"key", "vpn_private_address"})
"""What names a value, and an address."""


def test_what_is_called_like_a_secret_is_marked() -> None:
    suspected = {
        (table.name, column.name)
        for table in TABLES.values()
        for column in table.columns
        if SUSPICIOUS.search(column.name) and column.name not in HARMLESS
    }
    marked = {(table.name, column.name) for table in TABLES.values() for column in table.columns if column.secret}

    assert suspected
    assert suspected <= marked


def test_only_texts_are_marked() -> None:
    kinds = {column.kind for table in TABLES.values() for column in table.columns if column.secret}

    assert kinds == {Kind.STRING, Kind.MEDIUMTEXT}


def test_shadow_tables_are_marked_alike() -> None:
    marked = {
        (name, column.name)
        for table in TABLES.values()
        for name in (table.name, table.shadow.name if table.shadow else table.name)
        for column in table.columns
        if column.secret
    }

    assert {table for table, _ in marked} == secret_tables()
    assert all(is_secret(table, [column]) for table, column in marked)
    assert not is_secret("aggregate_metadata", ["key", "value"])
