"""The schema of a database: creating and upgrading it, its version, and how it differs from what it should be.

::

    from nova_db_sqlalchemy import migrations

    migrations.upgrade("sqlite:///nova.sqlite")
    assert migrations.status("sqlite:///nova.sqlite")["synced"]
    for difference in migrations.check("sqlite:///nova.sqlite"):
        print(difference)
"""

from __future__ import annotations

from nova_db_sqlalchemy.migrations.compare import check, model_differences, revision_differences
from nova_db_sqlalchemy.migrations.migration import (
    Status,
    current,
    head,
    new_revision,
    require_usable,
    script,
    sql,
    stamp,
    status,
    upgrade,
    upgraded,
)
from nova_db_sqlalchemy.schema_errors import (
    FutureSchema,
    InterruptedUpgrade,
    OddVersion,
    OlderRevision,
    SchemaBehind,
    SchemaError,
    UnknownRevision,
    UnversionedSchema,
    UpgradeBusy,
    WrongEncoding,
)
from nova_db_sqlalchemy.tables.differences import Difference

__all__ = [
    "Difference",
    "FutureSchema",
    "InterruptedUpgrade",
    "OddVersion",
    "OlderRevision",
    "SchemaBehind",
    "SchemaError",
    "Status",
    "UnknownRevision",
    "UnversionedSchema",
    "UpgradeBusy",
    "WrongEncoding",
    "check",
    "current",
    "head",
    "model_differences",
    "new_revision",
    "require_usable",
    "revision_differences",
    "script",
    "sql",
    "stamp",
    "status",
    "upgrade",
    "upgraded",
]
