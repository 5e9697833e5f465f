"""Models and API calls on one database: each sees what the other has committed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

import nova_db
from nova_db.context import get_admin_context
from nova_db.fixtures import DatabaseFixture
from nova_db_conformance.scenarios import Backend
from nova_db_sqlalchemy import migrations
from nova_db_sqlalchemy.models import Instance, InstanceInfoCache, InstanceMetadata, InstanceSystemMetadata
from nova_db_sqlalchemy.session import get_engine, session_scope


@pytest.fixture
def connection(server: Backend) -> Iterator[str]:
    """The URL of the database that the API is bound to."""
    with DatabaseFixture(server.name, server.connection) as database:
        assert database.connection is not None
        yield database.connection
        # The driver empties the tables that it has written to itself.
        with session_scope(database.connection, write=True) as session:
            for model in (InstanceMetadata, InstanceSystemMetadata, InstanceInfoCache, Instance):
                session.execute(sa.delete(model))
        get_engine(database.connection).dispose()


def test_its_schema_is_that_of_the_migrations(connection: str) -> None:
    assert migrations.check(connection) == []


def test_the_models_read_what_the_api_wrote(connection: str) -> None:
    context = get_admin_context()
    values = {"host": "h", "metadata": {"role": "db"}, "system_metadata": {"image": "i"}, "access_ip_v6": "2001:DB8::1"}
    record = nova_db.instance_create(context, values)
    nova_db.instance_metadata_update(context, record["uuid"], {"size": "big"}, delete=True)
    with session_scope(connection) as session:
        instance = session.scalars(sa.select(Instance)).one()
        stored = nova_db.instance_get_by_uuid(context, record["uuid"])
        assert instance.to_dict() == {key: stored[key] for key in instance.to_dict()}
        assert {item.key: item.value for item in instance.metadata} == {"size": "big"}
        assert {item.key: item.value for item in instance.system_metadata} == {"image": "i"}
        deleted = session.scalars(sa.select(InstanceMetadata).where(InstanceMetadata.deleted != 0)).one()
        assert (deleted.key, deleted.deleted) == ("role", deleted.id)


def test_the_api_reads_what_the_models_wrote(connection: str) -> None:
    context = get_admin_context()
    with session_scope(connection, write=True) as session:
        instance = Instance(uuid="00000000-0000-4000-8000-000000000001", host="h", memory_mb="512")
        session.add(InstanceMetadata(key="role", value="db", instance=instance))
    record = nova_db.instance_get_by_uuid(context, "00000000-0000-4000-8000-000000000001")
    assert (record["host"], record["memory_mb"], record["deleted"]) == ("h", 512, 0)
    assert [(item["key"], item["value"]) for item in record["metadata"]] == [("role", "db")]


def test_a_report_does_not_stop_calls(connection: str) -> None:
    context = get_admin_context()
    nova_db.instance_create(context, {"host": "a"})
    with session_scope(connection) as session:
        query = sa.select(Instance.host).order_by(Instance.id)
        assert session.scalars(query).all() == ["a"]
        nova_db.instance_create(context, {"host": "b"})
    with session_scope(connection) as session:
        assert session.scalars(query).all() == ["a", "b"]
