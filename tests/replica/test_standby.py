"""A real standby: who answers, how old the answers are, and what happens when it goes."""

from __future__ import annotations

import logging
import threading

import psycopg
import pytest

import nova_db
from nova_db.engine import Eq
from nova_db.exceptions import DBError, HostBinaryNotFound
from nova_db_sqlalchemy import migrations
from tests.replica.world import World, ask, count, until


def test_reads_in_the_block_run_on_the_standby(world: World) -> None:
    with world.observed() as seen:
        assert world.stale_hosts() == ["old"]
    assert seen["standby"] > 0
    assert seen["primary"] == 0
    # As the servers themselves see it: the session's last statement, and on which server that session is.
    assert any("services" in query for query in world.sessions(world.standby, "query"))
    assert not any("FROM services" in query for query in world.sessions(world.primary, "query"))
    connection = world.standby_engine.pool.take()
    connection.cursor.execute("SELECT pg_is_in_recovery(), inet_server_port()")
    assert connection.cursor.fetchall() == [(True, world.standby.port)]
    world.standby_engine.pool.give(connection)


def test_reads_outside_of_it_run_on_the_primary(world: World) -> None:
    with world.observed() as seen:
        assert world.hosts() == ["old"]
    assert seen["primary"] > 0
    assert seen["standby"] == 0
    assert world.sessions(world.standby, "query") == []


def test_writes_in_the_block_go_to_the_primary(world: World) -> None:
    with nova_db.allow_stale_reads():
        made = world.create("new")
        world.driver.service_update(world.context, made["id"], {"host": "newer"})
        world.driver.service_destroy(world.context, made["id"])
        world.create("newest")
    assert world.hosts() == ["old", "newest"]
    tx = world.standby_engine.write()
    with pytest.raises(DBError, match="during recovery"):
        tx.delete("services", Eq("host", "old"))  # as they would have fared there
    tx.rollback()


def test_transactions_in_the_block_stay_on_the_primary(world: World) -> None:
    with world.paused(), nova_db.allow_stale_reads(), world.observed() as seen:
        with world.driver.transaction(world.context):
            world.create("new")
            assert world.hosts() == ["old", "new"]
        assert world.driver.run(world.context, lambda _: world.hosts()) == ["old", "new"]
        assert seen["standby"] == 0
        assert world.hosts() == ["old"]


def test_what_the_standby_has_not_replayed_is_not_seen_until_it_has(world: World) -> None:
    with world.paused():
        made = world.create("new")
        world.driver.service_update(world.context, 1, {"host": "renamed"})
        assert world.hosts() == ["renamed", "new"]
        assert world.stale_hosts() == ["old"]
        with nova_db.allow_stale_reads(), pytest.raises(HostBinaryNotFound):
            world.driver.service_get_by_args(world.context, "new", "nova-compute")
        count("answers older than the primary, while the replay was paused", 2)
    assert world.stale_hosts() == ["renamed", "new"]
    with nova_db.allow_stale_reads():
        assert world.driver.service_get(world.context, made["id"])["host"] == "new"


def test_the_primary_answers_until_the_standby_has_replayed_the_schema(bare: World) -> None:
    with bare.paused():
        migrations.upgrade(bare.primary.render_as_string(hide_password=False))
        bare.create("first")
        assert bare.stale_hosts() == ["first"]
        (warning,) = bare.told()
        assert "its schema is not there" in warning
        assert "has yet to replay an upgrade" in warning
    until(lambda: bare.stale_hosts() and not bare.replica.is_down, "the standby is tried again")
    with bare.observed() as seen:
        assert bare.stale_hosts() == ["first"]
    assert set(seen) == {"standby"}
    assert len(bare.told()) == 1


def test_a_crash_makes_the_primary_answer_until_the_standby_is_back(world: World) -> None:
    assert world.stale_hosts() == ["old"]
    with world.halted():
        with world.observed() as seen:
            for _ in range(20):
                assert world.stale_hosts() == ["old"]
        assert seen["primary"] == 20
        assert len(world.told()) == 1
        world.create("new")
        assert world.stale_hosts() == ["old", "new"]
        assert "cannot be reached" in world.driver.describe()["replica"]
    until(lambda: world.stale_hosts() and not world.replica.is_down, "the standby is tried again")
    world.catch_up()
    with world.observed() as seen:
        assert world.stale_hosts() == ["old", "new"]
    assert set(seen) == {"standby"}
    assert (len(world.told()), len(world.told(logging.INFO))) == (1, 1)


def test_a_standby_that_is_not_there_at_first_is_found_later(world: World) -> None:
    with world.halted():
        assert world.stale_hosts() == ["old"]
        assert len(world.told()) == 1
    until(lambda: world.stale_hosts() and not world.replica.is_down, "the standby is found")


def test_a_restart_between_two_reads_is_not_noticed(world: World) -> None:
    assert world.stale_hosts() == ["old"]
    with world.halted():
        pass
    with world.observed() as seen:
        assert world.stale_hosts() == ["old"]
    assert set(seen) == {"standby"}
    assert world.told() == []


def test_a_connection_that_is_killed_in_a_read_is_replaced(world: World) -> None:
    killed: list[list[bool]] = []

    def kill_once() -> None:
        if not killed:
            killed.append(world.sessions(world.standby, "pg_terminate_backend(pid)"))
            until(lambda: not world.sessions(world.standby, "pid"), "the session ends")

    with nova_db.allow_stale_reads(), world.observed() as seen:
        assert world.driver.look(world.context, kill_once) == 1
    assert killed == [[True]]
    assert set(seen) == {"standby"}
    assert world.told() == []


def test_a_read_in_the_way_of_the_replay_is_answered_by_the_primary(world: World) -> None:
    world.driver.quota_create(world.context, "project", "cores", 1)
    world.catch_up()
    blocker = psycopg.connect(
        host=world.primary.host, port=world.primary.port, user=world.primary.username, dbname=world.primary.database
    )
    is_first, found = [True], []

    def block() -> None:
        """Delete what the read's snapshot can see, then keep it waiting, so that the replay finds it at work."""
        if is_first.pop() if is_first else False:
            ask(world.primary, "DELETE FROM quotas")
            blocker.execute("LOCK TABLE services IN ACCESS EXCLUSIVE MODE")
            world.catch_up()

    def read() -> None:
        with nova_db.allow_stale_reads():
            found.append(world.driver.look(world.context, block))

    with world.observed() as seen:
        reader = threading.Thread(target=read)
        reader.start()
        until(lambda: "Lock" in world.sessions(world.standby, "wait_event_type"), "the read waits")
        ask(world.primary, "VACUUM quotas")
        until(lambda: "Lock" not in world.sessions(world.standby, "wait_event_type"), "the read is cancelled")
        blocker.rollback()
        blocker.close()
        reader.join(60)
    assert found == [1]
    assert seen["primary"] > 0
    assert world.told() == []
    assert not world.replica.is_down


def test_a_read_that_pauses_in_the_way_of_the_replay_is_answered_by_the_primary_too(world: World) -> None:
    world.driver.quota_create(world.context, "project", "cores", 1)
    world.catch_up()
    is_first = [True]

    def block() -> None:
        """Remove what the read's snapshot can see, while it runs no statement that could be cancelled."""
        if is_first.pop() if is_first else False:
            ask(world.primary, "DELETE FROM quotas")
            ask(world.primary, "VACUUM quotas")
            until(lambda: not world.sessions(world.standby, "pid"), "the session is ended")

    with nova_db.allow_stale_reads(), world.observed() as seen:
        assert world.driver.look(world.context, block) == 1
    assert seen["primary"] > 0
    assert world.told() == []
    assert not world.replica.is_down
