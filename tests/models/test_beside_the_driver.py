"""Models and API calls on one database: each sees what the other has committed."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

import nova_db
from nova_db.context import get_admin_context
from nova_db.fixtures import DatabaseFixture
from nova_db_conformance.harness.scenarios import Backend
from nova_db_sqlalchemy import migrations
from nova_db_sqlalchemy.models import Instance, InstanceInfoCache, InstanceMetadata, InstanceSystemMetadata, Service
from nova_db_sqlalchemy.session import get_engine, session_scope


@pytest.fixture
def connection(server: Backend) -> Iterator[str]:
    """The URL of the database that the API is bound to."""
    with DatabaseFixture(server.name, server.connection) as database:
        assert database.connection is not None
        yield database.connection
        # The driver empties the tables, and starts the counters anew, of which it knows that they were written to.
        with session_scope(write=True) as session:
            for model in (InstanceMetadata, InstanceSystemMetadata, InstanceInfoCache, Instance, Service):
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
        stored: Mapping[str, Any] = nova_db.instance_get_by_uuid(context, record["uuid"])
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


@pytest.mark.parametrize("is_text", [False, True], ids=["by models", "as text"])
def test_what_a_transaction_has_read_holds_against_the_models(connection: str, is_text: bool) -> None:
    """A run notes how many services it has seen; a session adds one meanwhile, before it or after it."""
    context, reading = get_admin_context(), threading.Event()

    def add_service() -> list[str | None]:
        reading.wait(60)
        with session_scope(connection, write=True) as session:
            if is_text:
                session.execute(sa.text("INSERT INTO services (host, report_count, deleted) VALUES ('h', 0, 0)"))
            else:
                session.add(Service(host="h", report_count=0))
        return [aggregate["name"] for aggregate in nova_db.aggregate_get_all(context)]

    def note(session: Any) -> None:
        seen = len(nova_db.service_get_all(context))
        reading.set()
        adding.done() or threading.Event().wait(0.3)  # it is done by then, or waits for the run
        nova_db.aggregate_create(context, {"name": f"seen {seen}"})

    with ThreadPoolExecutor(1) as pool:
        adding = pool.submit(add_service)
        nova_db.run(context, note)
        noted_before = adding.result(60)
    [aggregate] = nova_db.aggregate_get_all(context)
    assert aggregate["name"] == ("seen 0" if noted_before else "seen 1")
