"""What a forked child goes on with: locks that nobody holds, and objects that were told of the fork."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from oslo_config import cfg

from nova_db import cells, conf, forking
from nova_db.exceptions import DBConnectionError
from nova_db_sqlalchemy.mariadb import hosts as mariadb_hosts
from tests.forks import in_child
from tests.plug.conftest import Install


class Holder:
    """Something with locks and hooks."""

    def __init__(self, told: list[str], name: str = "") -> None:
        self.lock = forking.lock(self, "lock")
        self.rlock = forking.rlock(self, "rlock")
        self.condition = forking.condition(self, "condition")
        self.event = forking.event(self, "event")
        self._told, self._name = told, name
        forking.register(before=self.before, after_in_parent=self.in_parent, after_in_child=self.in_child)

    def before(self) -> None:
        self._told.append(f"before {self._name}")

    def in_parent(self) -> None:
        self._told.append(f"in parent {self._name}")

    def in_child(self) -> None:
        self._told.append(f"in child {self._name}")


def while_held(held: Any, work: Callable[[], object]) -> str:
    """What some work comes to in a child, forked while another thread is holding a lock."""
    holding, over = threading.Event(), threading.Event()

    def hold() -> None:
        with held:
            holding.set()
            over.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait(60)
    try:
        return in_child(work)
    finally:
        over.set()
        thread.join(60)


@pytest.mark.parametrize("name", ["lock", "rlock", "condition"])
def test_a_child_has_locks_that_nobody_holds(name: str) -> None:
    holder = Holder([])

    def use() -> str:
        with getattr(holder, name):
            return "free"

    assert while_held(getattr(holder, name), use) == "'free'"


def test_an_event_of_a_child_is_not_set() -> None:
    holder = Holder([])
    holder.event.set()
    assert in_child(lambda: [holder.event.is_set()]) == "[False]"
    assert holder.event.is_set()


def test_the_parent_keeps_its_locks() -> None:
    holder = Holder([])
    before = holder.lock
    in_child(lambda: None)
    assert holder.lock is before


def test_hooks_run_in_the_order_of_registration_and_before_a_fork_in_the_opposite_one() -> None:
    told: list[str] = []
    holders = [Holder(told, name) for name in "ab"]
    answer = in_child(lambda: told)
    assert answer == repr(["before b", "before a", "in child a", "in child b"])
    assert told == ["before b", "before a", "in parent a", "in parent b"]
    assert len(holders) == 2


def test_a_hook_that_fails_keeps_no_other_from_running(caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []

    class Failing(Holder):
        def before(self) -> None:
            raise ZeroDivisionError("before")

        def in_child(self) -> None:
            raise ZeroDivisionError("child")

    holders = [Holder(told, "a"), Failing(told), Holder(told, "c")]
    answer = in_child(lambda: told)
    assert answer == repr(["before c", "before a", "in child a", "in child c"])
    assert "ZeroDivisionError: before" in caplog.text
    assert len(holders) == 3


def test_nothing_is_kept_alive() -> None:
    told: list[str] = []
    lock = Holder(told).lock
    gc.collect()
    in_child(lambda: None)
    assert told == []
    assert not forking.is_renewed(lock)


def test_locks_of_a_class_and_of_a_module() -> None:
    Holder.shared = forking.lock(Holder, "shared")  # type: ignore[attr-defined]
    assert forking.is_renewed(Holder.shared)  # type: ignore[attr-defined]
    globals()["_own"] = forking.lock(__name__, "_own")
    assert forking.is_renewed(globals()["_own"])
    del Holder.shared, globals()["_own"]  # type: ignore[attr-defined]


def test_the_configuration(options: cfg.ConfigOpts) -> None:
    def use() -> bool:
        return conf.set_conf(options) is options

    assert while_held(vars(conf)["_lock"], use) == "True"


def test_the_listeners_of_cells(options: cfg.ConfigOpts, install: Install) -> None:
    install("nova_db.cells", told=f"{__name__}:_tell")
    options.set_override("enable", True, group="cells")

    def use() -> list[str]:
        cells.notify("instance_update", {})
        return _heard

    assert while_held(vars(cells)["_lock"], use) == "['instance_update']"


def test_the_hosts_of_a_cluster() -> None:
    hosts = mariadb_hosts.Hosts(sa.make_url("mariadb+pymysql://me@/nova?host=a&host=b"))

    def refuse(host: dict[str, Any]) -> None:
        raise DBConnectionError(message=f"no {host['host']}")

    def use() -> None:
        hosts.connect(refuse)

    assert while_held(vars(hosts)["_lock"], use) == "DBConnectionError: no a"


_heard: list[str] = []


def _tell(kind: str, _payload: object) -> None:
    _heard.append(kind)


def test_a_system_without_fork_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "register_at_fork")
    text = Path(str(forking.__file__)).read_text()
    namespace: dict[str, Any] = {"__name__": forking.__name__}
    exec(compile(text, "forking", "exec"), namespace)  # noqa: S102 - the module, on such a system
    with namespace["lock"](Holder, "shared"):
        pass
