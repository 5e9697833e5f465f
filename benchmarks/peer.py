"""The peer, PyPI's nova: its ``nova.db.main.api``, on a database that its own migrations have made.

It runs in an environment of its own, ``make build/peer/.installed``, and imports nothing else of ours.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from benchmarks import cases as names
from benchmarks import cloud
from benchmarks.cases import Case
from benchmarks.worker import serve

NEEDED = ("nova", "oslo.db", "SQLAlchemy", "psycopg2-binary", "PyMySQL")


class Peer:
    """The calls that its compute services and its conductor make of its database."""

    def __init__(self) -> None:
        self.uuids: list[str] = []
        self.services: list[int] = []
        self.context = self._context("admin")

    def _context(self, project: str) -> Any:
        from nova.context import RequestContext

        return RequestContext("somebody", project, is_admin=True)

    def open(self, connection: str, create: bool) -> dict[str, str]:
        """Configure its database, and let its migrations make the tables."""
        import nova.conf
        from nova.db import migration
        from nova.db.main import api

        nova.conf.CONF([], project="nova", default_config_files=[])
        nova.conf.CONF.set_override("connection", connection, "database")
        nova.conf.CONF.set_override("sqlite_synchronous", False, "database")  # no commit waits for the disk, as ours
        api.configure(nova.conf.CONF)
        self.api = api
        if create:
            migration.db_sync(database="main")
        return {name: version(name) for name in NEEDED}

    def fill(self, instances: int) -> None:
        """Make the cloud by its calls; rules of groups, for which it has none any more, by its models."""
        from nova.db.main import models

        api, admin = self.api, self.context
        for values, rules in cloud.groups(instances):
            group = api.security_group_create(self._context(values["project_id"]), values)
            with api.context_manager.writer.using(admin):
                for port in range(rules):
                    rule = models.SecurityGroupIngressRule(parent_group_id=group["id"], **cloud.rule(port))
                    admin.session.add(rule)
        for number in range(cloud.NODES):
            service = api.service_create(admin, {"version": 1, **cloud.service(number)})
            values = {"service_id": service["id"], "host": service["host"], "uuid": cloud.uuid_of(-2 - number)}
            stats = json.dumps(dict(cloud.STATISTICS))
            api.compute_node_create(admin, cloud.compute_node(number) | values | {"stats": stats})
        for number in range(instances):
            api.instance_create(self._context(cloud.project_of(number)), cloud.instance(number))
        self.use(instances)

    def use(self, instances: int) -> None:
        """Work on a cloud that another process has made."""
        self.uuids = [cloud.uuid_of(number) for number in range(instances)]
        self.services = [row["id"] for row in self.api.service_get_all(self.context)]

    def grow(self, first: int, last: int) -> None:
        """It has no way of its own to make instances in bulk."""
        raise NotImplementedError

    def made(self) -> Any:
        """A new instance."""
        return self.api.instance_create(self._context(cloud.ELSEWHERE), cloud.new_instance())

    def updated(self, uuid: str, state: str) -> Any:
        """An instance after a change: its update gives the columns, so that the rest is read."""
        self.api.instance_update(self.context, uuid, {"vm_state": state})
        return self.api.instance_get_by_uuid(self.context, uuid)

    def cases(self) -> Iterable[Case]:
        """Its calls; relations are those that it joins unless told otherwise."""
        api, admin = self.api, self.context
        uuids, states = itertools.cycle(self.uuids), itertools.cycle(["building", "active"])
        hosts = itertools.cycle([cloud.host_of(number) for number in range(0, len(self.uuids), cloud.PER_HOST)])
        projects = itertools.cycle([cloud.project_of(n) for n in range(0, len(self.uuids), cloud.PER_PROJECT)])
        services, counts = itertools.cycle(self.services), itertools.count(1)
        by_filters = api.instance_get_all_by_filters

        def mine() -> dict[str, Any]:
            return {"project_id": next(projects), "deleted": False}

        yield Case(names.GET, lambda _: api.instance_get_by_uuid(admin, next(uuids)))
        yield Case(names.UPDATE, lambda _: self.updated(next(uuids), next(states)))
        yield Case(names.BY_HOST, lambda _: api.instance_get_all_by_host(admin, next(hosts)))
        yield Case(names.BY_FILTERS, lambda _: by_filters(admin, mine(), limit=100))
        yield Case(names.LIMITED, lambda _: by_filters(admin, mine(), limit=20))
        yield Case(names.LIMITED_ALL, lambda _: by_filters(admin, {"deleted": False}, limit=20))
        yield Case(names.CREATE, lambda _: self.made())
        yield Case(names.DESTROY, lambda made: api.instance_destroy(admin, made["uuid"]), self.made)
        yield Case(names.NODES, lambda _: api.compute_node_get_all(admin))
        yield Case(names.GROUPS, lambda _: api.security_group_get_by_project(admin, cloud.GROUPED))
        yield Case(names.BEAT, lambda _: api.service_update(admin, next(services), {"report_count": next(counts)}))

    def floor(self) -> Iterable[Case]:
        """There is none."""
        return ()

    def archive(self) -> int:
        """As its command does until all is archived."""
        moved = 0
        while found := self.api.archive_deleted_rows(self.context, max_rows=1000)[-1]:
            moved += found
        return moved

    def close(self) -> None:
        """Let go of its connections."""
        self.api.get_engine().dispose()


if __name__ == "__main__":
    serve(Peer(), sys.stdin)
