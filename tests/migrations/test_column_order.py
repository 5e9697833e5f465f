"""Nothing relies on where a column stands in its table: a server puts a new one behind all others.

``make test-columns`` runs the tests of SQL servers on such tables; here is what handles all columns at once.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
import sqlalchemy as sa

from nova_db.context import get_admin_context
from nova_db.moving import compare, copy
from nova_db.schema import TABLES
from nova_db.upkeep import archive
from nova_db_conformance.harness.scenarios import Backend
from nova_db_sqlalchemy import SQLAlchemyDriver, migrations, models
from nova_db_sqlalchemy.session import session_scope
from nova_db_sqlalchemy.tables import creation
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA
from tests.migrations import databases
from tests.migrations.backwards import CreateBackwards

ADMIN = get_admin_context()


@pytest.fixture
def backwards(empty: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a database whose tables have the last column first."""
    with monkeypatch.context() as patch:
        patch.setattr(creation, "CreateTable", CreateBackwards)
        databases.create_unversioned(empty)
    with databases.connected(empty) as connection:
        names = [column["name"] for column in sa.inspect(connection).get_columns("instances")]
    assert names == list(TABLES["instances"].names)[::-1]
    return empty


def test_check_sees_no_difference(backwards: str) -> None:
    assert migrations.check(backwards) == []


def test_rows_are_read_archived_copied_and_compared(backwards: str, server: Backend, tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        beside = stack.enter_context(databases.empty_database(server, tmp_path))
        databases.create_unversioned(beside)
        source, target = [stack.enter_context(contextlib.closing(SQLAlchemyDriver(url))) for url in (backwards, beside)]
        kept, gone = [
            source.instance_create(ADMIN, {"host": host, "user_data": "u", "metadata": {"a": "b"}}) for host in "xy"
        ]
        with session_scope(backwards) as session:
            (found,) = session.scalars(sa.select(models.Instance).where(models.Instance.uuid == kept["uuid"]))
            assert {name: getattr(found, name) for name in TABLES["instances"].names} == {
                name: kept[name] for name in TABLES["instances"].names
            }
        source.instance_destroy(ADMIN, gone["uuid"])
        deleted = source.instance_get_by_uuid(ADMIN.elevated(read_deleted="yes"), gone["uuid"])
        assert archive(source).rows["instances"] == 1
        with databases.connected(backwards) as connection:
            row = connection.execute(sa.select(SQL_METADATA.tables["shadow_instances"])).mappings().one()
        assert dict(row) == {name: deleted[name] for name in row}
        copy(source.engine, target.engine)
        assert compare(source.engine, target.engine).is_equal
