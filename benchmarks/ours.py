"""Our side: any of our backends, called through the namespace as services do."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import sys
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import nova_db
from benchmarks import cases as names
from benchmarks import cloud
from benchmarks.bulk import grow
from benchmarks.by_hand import by_hand
from benchmarks.cases import Case
from benchmarks.databases import driver_of, server_of
from benchmarks.worker import serve
from nova_db import api, upkeep
from nova_db.context import get_admin_context
from nova_db.version import __version__

WORKING_SET = 10_000
"""Instances that calls are about, in no order, however many there are."""
NETWORK, ADDRESSES = 1, 6000


class Ours:
    """The calls of the contract."""

    def __init__(self, driver: Any = None, interface: Any = nova_db) -> None:
        self.driver = driver
        self.interface = interface
        """Where the functions are: the namespace, or, where there are several drivers, one of them."""
        self.instances = 0
        self.services: list[int] = []
        self.context = get_admin_context()
        self.context.project_id = cloud.ELSEWHERE

    def open(self, connection: str, create: bool) -> dict[str, str]:
        """Connect; ``memory`` is a database of this process."""
        self.driver = driver_of(None if connection == "memory" else connection)
        api.set_driver(self.driver)
        if create:
            self.driver.engine.create_schema()
        return {"nova-db": __version__, "server": server_of(self.driver)}

    def fill(self, instances: int) -> None:
        """Make the cloud through the functions."""
        db, context = self.interface, get_admin_context()
        for values, rules in cloud.groups(instances):
            group = db.security_group_create(context, values)
            for port in range(rules):
                db.security_group_rule_create(context, {"parent_group_id": group["id"], **cloud.rule(port)})
        for number in range(cloud.NODES):
            service = db.service_create(context, cloud.service(number))
            values = cloud.compute_node(number) | {"service_id": service["id"], "stats": dict(cloud.STATISTICS)}
            db.compute_node_create(context, values)
        db.fixed_ip_bulk_create(
            context,
            [{"address": f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", "network_id": NETWORK} for n in range(ADDRESSES)],
        )
        for number in range(instances):
            context.project_id = cloud.project_of(number)
            db.instance_create(context, cloud.instance(number))
        self.use(instances)

    def use(self, instances: int) -> None:
        """Work on a cloud of so many instances, which is there."""
        self.instances = instances
        self.services = [row["id"] for row in self.interface.service_get_all(self.context)]

    def grow(self, first: int, last: int) -> None:
        """Add instances in bulk, through the engine."""
        grow(self.driver, get_admin_context(), first, last)

    def made(self) -> Any:
        """A new instance."""
        return self.interface.instance_create(self.context, cloud.new_instance())

    def cases(self) -> Iterable[Case]:
        """The calls of the interface."""
        chosen = self._chosen()
        yield from self._reads(chosen)
        yield from self._writes([cloud.uuid_of(number) for number in chosen])

    def floor(self) -> Iterable[Case]:
        """What the raw DB-API library takes for the same, if it is a SQL database."""
        return by_hand(self.driver, self.context, self._chosen())

    def _chosen(self) -> list[int]:
        return random.Random(1).sample(range(self.instances), min(self.instances, WORKING_SET))

    def _reads(self, chosen: list[int]) -> Iterable[Case]:
        db, context = self.interface, self.context
        uuids = itertools.cycle([cloud.uuid_of(number) for number in chosen])
        hosts = itertools.cycle([cloud.host_of(number) for number in chosen])
        projects = itertools.cycle([cloud.project_of(number) for number in chosen])
        by_filters = db.instance_get_all_by_filters

        def mine() -> dict[str, Any]:
            return {"project_id": next(projects), "deleted": False}

        yield Case(names.GET, lambda _: db.instance_get_by_uuid(context, next(uuids)), times=100)
        yield Case(names.BY_HOST, lambda _: db.instance_get_all_by_host(context, next(hosts)))
        yield Case(names.BY_FILTERS, lambda _: by_filters(context, mine(), limit=100))
        yield Case(names.LIMITED, lambda _: by_filters(context, mine(), limit=20))
        yield Case(names.LIMITED_ALL, lambda _: by_filters(context, {"deleted": False}, limit=20))
        yield Case(names.NODES, lambda _: db.compute_node_get_all(context))
        yield Case(names.GROUPS, lambda _: db.security_group_get_by_project(context, cloud.GROUPED))

    def _writes(self, chosen: list[str]) -> Iterable[Case]:
        db, context = self.interface, self.context
        uuids, states = itertools.cycle(chosen), itertools.cycle(["building", "active"])
        services, counts = itertools.cycle(self.services), itertools.count(1)
        update, beat = db.instance_update, db.service_update
        yield Case(names.UPDATE, lambda _: update(context, next(uuids), {"vm_state": next(states)}), times=30)
        yield Case(names.CREATE, lambda _: self.made())
        yield Case(names.DESTROY, lambda made: db.instance_destroy(context, made["uuid"]), self.made)
        yield Case(names.BEAT, lambda _: beat(context, next(services), {"report_count": next(counts)}), times=50)
        yield Case(names.RESERVE, self._reserving())
        claimed: list[str] = []

        def free() -> None:
            while claimed:
                db.fixed_ip_disassociate(context, claimed.pop())

        def claim(_: object) -> None:
            claimed.append(db.fixed_ip_associate_pool(context, NETWORK, next(uuids)))

        yield Case(names.ADDRESS, claim, free)

    def _reserving(self) -> Callable[[Any], object]:
        resources = {"instances": SimpleNamespace(sync=lambda *_: {"instances": 1})}
        later = dt.datetime(2100, 1, 1)
        reserve, limits = self.interface.quota_reserve, {"instances": -1}
        return lambda _: reserve(self.context, resources, limits, {"instances": 1}, later, 0, 0)

    def archive(self) -> int:
        """All that is deleted, and what belongs to it, as the command does."""
        return upkeep.archive(self.driver).rows.total()

    def close(self) -> None:
        """Let go of the database."""
        self.driver.close()


if __name__ == "__main__":
    serve(Ours(), sys.stdin)
