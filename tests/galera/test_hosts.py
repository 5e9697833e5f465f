"""Several hosts in one connection, tried in turn."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from nova_db.exceptions import DBConnectionError
from nova_db_conformance.harness.values import instance_values
from nova_db_sqlalchemy import SQLAlchemyDriver
from nova_db_sqlalchemy.mariadb import hosts as mariadb_hosts
from nova_db_sqlalchemy.session import create_engine
from scripts.servers.galera import Node
from scripts.servers.host import free_port
from tests.galera.load import ADMIN
from tests.galera.spread import counted_driver

Attempt = tuple[int, bool]
LONGER_THAN_EVICTION = 10
"""Seconds in which the others have left a silent node out; what they commit waits for that."""


class Caller:
    """A driver, and which ports it has tried to connect to, with what success."""

    def __init__(self, url: str, *ports: int, **options: Any) -> None:
        hosts = [f"127.0.0.1:{port}" for port in ports]
        self.url = sa.make_url(url).update_query_dict({"host": hosts}).render_as_string(hide_password=False)
        self.driver = counted_driver(self.url, mysql_wsrep_sync_wait=1, **options)
        self.tried: list[Attempt] = []
        server: Any = self.driver.engine.server
        connect = server._connect_to

        def noting(host: dict[str, Any]) -> Any:
            try:
                connection = connect(host)
            except DBConnectionError:
                self.tried.append((host["port"], False))
                raise
            self.tried.append((host["port"], True))
            return connection

        server._connect_to = noting

    def create(self, name: str) -> None:
        """Write something."""
        self.driver.instance_create(ADMIN, instance_values(display_name=name))

    def names(self) -> list[str]:
        """Read what was written."""
        return sorted(instance["display_name"] for instance in self.driver.instance_get_all(ADMIN))

    def anew(self) -> list[Attempt]:
        """Give up all connections and read; what was tried for that."""
        self.driver.engine.close()
        self.tried.clear()
        self.names()
        return self.tried


Make = Callable[..., Caller]


@pytest.fixture
def make(url: str) -> Iterator[Make]:
    """Makes callers on an empty database."""
    made: list[SQLAlchemyDriver] = []

    def call(*ports: int, **options: Any) -> Caller:
        caller = Caller(url, *ports, **options)
        made.append(caller.driver)
        return caller

    empty = SQLAlchemyDriver(url)
    empty.engine.clear()
    empty.close()
    yield call
    for driver in made:
        driver.close()


def test_the_first_host_that_answers_is_used(make: Make, nodes: list[Node]) -> None:
    nobody = free_port()
    caller = make(nobody, nodes[1].port, nodes[0].port)
    caller.create("a")
    assert caller.tried == [(nobody, False), (nodes[1].port, True)]


def test_one_that_did_not_answer_is_tried_after_the_others_for_a_while(
    make: Make, nodes: list[Node], monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = free_port()
    caller = make(nobody, nodes[1].port)
    caller.names()
    assert caller.anew() == [(nodes[1].port, True)]
    monkeypatch.setattr(mariadb_hosts, "AVOIDED_SECONDS", 0.0)
    caller = make(nobody, nodes[1].port)
    caller.names()
    assert caller.anew() == [(nobody, False), (nodes[1].port, True)]


def test_when_none_answers_the_error_names_them_all(make: Make) -> None:
    first, second = free_port(), free_port()
    caller = make(first, second, max_retries=0, db_max_retries=1)
    with pytest.raises(DBConnectionError) as caught:
        caller.names()
    assert re.search(f"127.0.0.1:{first}: .*refused.*127.0.0.1:{second}: .*refused", str(caught.value))
    assert caller.tried == 2 * [(first, False), (second, False)]


def test_calls_go_on_at_the_next_host_when_theirs_is_killed(make: Make, nodes: list[Node]) -> None:
    mine, next_one = nodes[2], nodes[0]
    caller = make(mine.port, next_one.port)
    caller.create("before")

    def lose_the_node_on_the_way() -> None:
        with caller.driver.transaction(ADMIN):
            caller.create("undone")
            mine.kill()
            caller.create("in vain")

    with pytest.raises(DBConnectionError):
        lose_the_node_on_the_way()
    caller.create("after")
    assert caller.names() == ["after", "before"]
    assert caller.tried == [(mine.port, True), (mine.port, False), (next_one.port, True)]


def test_calls_go_on_at_the_next_host_when_theirs_is_cut_off(make: Make, nodes: list[Node]) -> None:
    mine, next_one = nodes[1], nodes[2]
    caller = make(mine.port, next_one.port)
    single = make(mine.port, db_max_retries=0)
    caller.create("before")
    assert single.names() == ["before"]
    mine.cut_off()
    try:
        mine.wait_for("wsrep_ready", lambda ready: ready == "OFF")
        caller.create("after")
        with pytest.raises(DBConnectionError, match="not yet prepared node"):
            single.names()
    finally:
        mine.let_back()
    assert caller.names() == ["after", "before"]
    assert caller.tried == [(mine.port, True), (mine.port, False), (next_one.port, True)]


def test_calls_go_on_at_the_next_host_when_theirs_hangs(make: Make, nodes: list[Node]) -> None:
    mine, next_one = nodes[0], nodes[1]
    caller = make(mine.port, next_one.port, connect_timeout=2, read_timeout=LONGER_THAN_EVICTION)
    caller.create("before")
    mine.suspend()
    try:
        caller.create("after")
    finally:
        mine.resume()
    assert caller.names() == ["after", "before"]
    assert caller.tried == [(mine.port, True), (mine.port, False), (next_one.port, True)]


def test_orm_sessions_try_them_in_turn_as_well(url: str, nodes: list[Node]) -> None:
    hosts = [f"127.0.0.1:{free_port()}", nodes[1].address]
    engine = create_engine(sa.make_url(url).update_query_dict({"host": hosts}))
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SELECT @@port")) == nodes[1].port
    engine.dispose()
