"""Services: what runs where, and its heartbeat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nova_db import conf, exceptions
from nova_db.context import require_admin
from nova_db.driver.services import ServicesContract
from nova_db.engine import Eq, Predicate, Query, all_of
from nova_db.operations.rows.changes import create, soft_delete, update_record
from nova_db.operations.rows.conditions import LIVE, equals, matches, visible, visible_with
from nova_db.operations.rows.reading import first, one
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Id, Record, Text, Values
    from nova_db.engine import Transaction

SERVICES = TABLES["services"]
COMPUTE_NODES = TABLES["compute_nodes"]
ENABLED = Eq("disabled", False)


class ServicesOperations(TransactionalDriver, ServicesContract):
    """Services."""

    @writes(require_admin)
    def service_create(self, tx: Transaction, context: Context, values: Values) -> Record:
        if not conf.option("enable_new_services"):
            values = {**values, "disabled": True}
        return create(tx, SERVICES, values)

    @writes(require_admin)
    def service_destroy(self, tx: Transaction, context: Context, instance_id: Id) -> None:
        where = visible_with(context, SERVICES, "id", instance_id)
        if not soft_delete(tx, "services", where):
            raise exceptions.ServiceNotFound(service_id=instance_id)
        nodes = visible_with(context, COMPUTE_NODES, "service_id", instance_id)
        soft_delete(tx, "compute_nodes", nodes)

    @reads(require_admin, snapshot=False)
    def service_get(self, tx: Transaction, context: Context, service_id: Id) -> Record:
        where = visible_with(context, SERVICES, "id", service_id)
        return one(tx, _single(where, ("compute_node",)), exceptions.ServiceNotFound, service_id=service_id)

    @reads(require_admin, snapshot=False)
    def service_get_all(self, tx: Transaction, context: Context, disabled: bool | None = None) -> list[Record]:
        where = visible(context, SERVICES)
        if disabled is not None:
            where = all_of(where, equals(SERVICES, "disabled", disabled))
        return tx.select(Query("services", where))

    @reads(require_admin, snapshot=False)
    def service_get_all_by_topic(self, tx: Transaction, context: Context, topic: Text) -> list[Record]:
        return tx.select(Query("services", all_of(equals(SERVICES, "topic", topic), ENABLED, LIVE)))

    @reads(require_admin, snapshot=False)
    def service_get_all_by_host(self, tx: Transaction, context: Context, host: Text) -> list[Record]:
        return tx.select(Query("services", all_of(equals(SERVICES, "host", host), LIVE)))

    @reads(require_admin, snapshot=False)
    def service_get_by_host_and_topic(
        self, tx: Transaction, context: Context, host: Text, topic: Text
    ) -> Record | None:
        return first(tx, _single(all_of(matches(SERVICES, host=host, topic=topic), ENABLED, LIVE)))

    @reads(require_admin, snapshot=False)
    def service_get_by_compute_host(self, tx: Transaction, context: Context, host: Text) -> Record:
        topic = conf.option("compute_topic")
        return one(
            tx,
            _single(all_of(matches(SERVICES, host=host, topic=topic), LIVE), ("compute_node",)),
            exceptions.ComputeHostNotFound,
            host=host,
        )

    @reads(require_admin, snapshot=False)
    def service_get_by_args(self, tx: Transaction, context: Context, host: Text, binary: Text) -> Record:
        return one(
            tx,
            _single(all_of(matches(SERVICES, host=host, binary=binary), visible(context, SERVICES))),
            exceptions.HostBinaryNotFound,
            host=host,
            binary=binary,
        )

    @writes(require_admin)
    def service_update(self, tx: Transaction, context: Context, service_id: Id, values: Values) -> Record:
        where = visible_with(context, SERVICES, "id", service_id)
        record = update_record(tx, SERVICES, where, values)
        if record is None:
            raise exceptions.ServiceNotFound(service_id=service_id)
        return record


def _single(where: Predicate, load: tuple[str, ...] = ()) -> Query:
    return Query("services", where, load=load, limit=1)
