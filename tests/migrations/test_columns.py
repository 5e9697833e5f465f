"""A new column waits for transactions in turns, leaves the session's patience as it was, and may be there already."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext

from nova_db_sqlalchemy import migrations
from nova_db_sqlalchemy.connections.migrating import own_connection
from nova_db_sqlalchemy.mariadb import migrating as on_mariadb
from nova_db_sqlalchemy.migrations.baseline.declare import string
from nova_db_sqlalchemy.migrations.columns import add_column
from nova_db_sqlalchemy.postgresql import migrating as on_postgresql
from nova_db_sqlalchemy.session import create_engine
from tests.migrations import databases


def _patience(connection: sa.Connection) -> object:
    name = (
        "@@SESSION.lock_wait_timeout" if connection.dialect.name != "postgresql" else "current_setting('lock_timeout')"
    )
    return connection.exec_driver_sql(f"SELECT {name}").scalar()


def _add_column(connection: sa.Connection) -> None:
    connection.commit()
    context = MigrationContext.configure(connection)
    with context.begin_transaction(), Operations.context(context):
        add_column("services", string("purpose"))


@databases.only_on("postgresql", "mysql", "mariadb")
def test_the_session_waits_afterwards_as_it_did_before(upgraded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (on_mariadb, on_postgresql):  # one story
        monkeypatch.setattr(module, "_WAIT", 1)
        monkeypatch.setattr(module, "_TRIES", 1)
    engine = create_engine(upgraded)
    with databases.connected(upgraded) as other, own_connection(engine) as connection:
        before = _patience(connection)
        other.exec_driver_sql("SELECT count(*) FROM services")
        with pytest.raises(migrations.UpgradeBusy):
            _add_column(connection)
        assert _patience(connection) == before
        connection.rollback()
    with own_connection(engine) as connection:
        _add_column(connection)
        assert _patience(connection) == before
    engine.dispose()


def test_a_column_that_is_there_is_left_alone(upgraded: str) -> None:
    engine = create_engine(upgraded)
    for _ in range(2):  # one story
        with engine.connect() as connection:
            _add_column(connection)
            connection.commit()
    with databases.connected(upgraded) as connection:
        names = [column["name"] for column in sa.inspect(connection).get_columns("services")]
    assert names.count("purpose") == 1
    engine.dispose()
