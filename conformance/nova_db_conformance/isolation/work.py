"""What a process of its own does to a database under test: ``python -m nova_db_conformance.isolation.work``.

It reads lines of JSON from its standard input: first where the database is, then orders.  To each it answers that it is
ready, and waits for one more line, so that several begin at once; then it works, and prints what came of it.
"""

from __future__ import annotations

import contextlib
import json
import random
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from nova_db import exceptions
from nova_db.api import load_backend
from nova_db.conf import get_conf
from nova_db.context import get_admin_context
from nova_db.engine import Add, Eq, Query, Transaction
from nova_db_conformance.engine.cases import transact
from nova_db_conformance.harness.hangs import shown_if_it_hangs

READY = "ready"
COUNTED = "counted"
"""The host of the instances that a node counts."""
ITEMS = 5
"""How many items of each kind an instance is made with."""
ADMIN = get_admin_context()


def take_places(driver: Any, node: int, places: int, tries: int) -> int:
    """Try to take a place of a node, each time in a run; how often it could."""

    def take(_: object) -> bool:
        found = driver.compute_node_get(ADMIN, node)["running_vms"]
        if found >= places:
            return False
        driver.compute_node_update(ADMIN, node, {"running_vms": found + 1})
        return True

    return sum(driver.run(ADMIN, take) for _ in range(tries))


def go_off_call(driver: Any, mine: list[int], theirs: list[int]) -> int:
    """Of each pair of services, let the first go off call if the other one is on; how many went."""

    def go(pair: tuple[int, int]) -> bool:
        if driver.service_get(ADMIN, pair[1])["disabled"]:
            return False
        driver.service_update(ADMIN, pair[0], {"disabled": True})
        return True

    return sum(driver.run(ADMIN, lambda _, pair=pair: go(pair)) for pair in zip(mine, theirs, strict=True))


def drain(driver: Any, network: int, uuid: str, alone: bool) -> list[str]:
    """Take addresses of a network until there are no more, as single calls or each in a run; those taken."""

    def take(_: object = None) -> str:
        return str(driver.fixed_ip_associate_pool(ADMIN, network, uuid))

    taken: list[str] = []
    while True:
        try:
            taken.append(take() if alone else driver.run(ADMIN, take))
        except exceptions.NoMoreFixedIps:
            return taken


def name_aggregates(driver: Any, names: list[str], alone: bool) -> list[str]:
    """Make aggregates, as single calls or each in a run that has read something; the names that were free."""

    def make(name: str) -> None:
        driver.service_get_all(ADMIN)
        driver.aggregate_create(ADMIN, {"name": name})

    mine: list[str] = []
    for name in names:
        try:
            make(name) if alone else driver.run(ADMIN, lambda _, name=name: make(name))
        except exceptions.AggregateNameExists:
            continue
        mine.append(name)
    return mine


def move(driver: Any, source: int, target: int, times: int) -> list[int]:
    """Move a number from row to row, and add both up in runs of their own; the sums."""

    def count(key: int) -> int:
        return int(driver.compute_node_get(ADMIN, key)["running_vms"])

    def once(_: object) -> None:
        there = count(source)
        driver.compute_node_update(ADMIN, target, {"running_vms": count(target) + 1})
        driver.compute_node_update(ADMIN, source, {"running_vms": there - 1})

    sums = []
    for _ in range(times):
        driver.run(ADMIN, once)
        sums.append(driver.run(ADMIN, lambda _: count(source) + count(target)))
    return sums


def insert_services(driver: Any, times: int) -> list[int]:
    """Insert services; their ids."""
    return [driver.service_create(ADMIN, {"host": f"h{number}"})["id"] for number in range(times)]


def count_up(driver: Any, key: int, times: int) -> list[int]:
    """Add one to a number of a service, again and again; what it was then."""

    def count(tx: Transaction) -> int:
        [row] = tx.update_returning(Query("services", Eq("id", key)), {"report_count": Add(1)})
        return int(row["report_count"])

    return [transact(driver.engine, count) for _ in range(times)]


def insert_interfaces(driver: Any, addresses: list[str]) -> list[str]:
    """Insert virtual interfaces; the addresses that were free."""
    mine = []
    for address in addresses:
        with contextlib.suppress(exceptions.VirtualInterfaceCreateException):
            driver.virtual_interface_create(ADMIN, {"address": address})
            mine.append(address)
    return mine


def keep_books(driver: Any, node: int, alone: bool) -> None:
    """Make instances with what belongs to them, and tell each that was made, without an end.

    Alone, each is a single call; else it is made in a run that counts it in a node as well.
    """
    items = {f"key {number}": "value" for number in range(ITEMS)}
    values = {"metadata": items, "system_metadata": items}

    def make(_: object) -> str:
        made = driver.instance_create(ADMIN, {**values, "host": COUNTED})
        counted = driver.compute_node_get(ADMIN, node)["running_vms"]
        driver.compute_node_update(ADMIN, node, {"running_vms": counted + 1})
        return str(made["uuid"])

    while True:  # ended by a signal
        _say(driver.instance_create(ADMIN, values)["uuid"] if alone else driver.run(ADMIN, make))
        time.sleep(random.uniform(0, 0.04))  # so that the others get through where nobody sees to that


def wait_for(driver: Any, key: int, name: str) -> list[str]:
    """Want a row, and a name, that somebody else has; what each came to."""
    wanted: list[Callable[[Transaction], object]] = [
        lambda tx: tx.update("services", Eq("id", key), {"host": "taken"}),
        lambda tx: tx.serialize(name),
    ]
    return [_outcome(driver, work) for work in wanted]


def _outcome(driver: Any, work: Callable[[Transaction], object]) -> str:
    try:
        tx = driver.engine.write()
    except exceptions.DBError as error:
        return type(error).__name__
    try:
        work(tx)
    except exceptions.DBError as error:
        return type(error).__name__
    finally:
        tx.rollback()
    return "done"


WORK: Mapping[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        take_places,
        go_off_call,
        drain,
        name_aggregates,
        move,
        insert_services,
        count_up,
        insert_interfaces,
        keep_books,
        wait_for,
    )
}


def main() -> None:
    """Do what one order after the other says, until there are no more."""
    place = json.loads(sys.stdin.readline())
    for name, value in place.get("options", {}).items():
        get_conf().set_override(name, value, "database")
    driver = load_backend(place["backend"], place["connection"])
    try:
        for line in sys.stdin:
            order = json.loads(line)
            driver.service_get_all(ADMIN)  # which connects
            _say(READY)
            sys.stdin.readline()
            with shown_if_it_hangs():
                result = WORK[order["work"]](driver, *order["arguments"])
            _say(result)
    finally:
        driver.close()


def _say(answer: Any) -> None:
    sys.stdout.write(f"{json.dumps(answer)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
