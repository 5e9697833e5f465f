"""Consoles of instances, and the pools that serve them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nova_db import exceptions
from nova_db.driver.consoles import ConsolesContract
from nova_db.engine import TRUE, Predicate, Query, all_of
from nova_db.operations.rows.changes import create
from nova_db.operations.rows.conditions import LIVE, equals, matches
from nova_db.operations.rows.reading import first, one
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Id, Record, Text, Values
    from nova_db.engine import Transaction

CONSOLES = TABLES["consoles"]
POOLS = TABLES["console_pools"]


class ConsolesOperations(TransactionalDriver, ConsolesContract):
    """Consoles and pools; consoles are found whether deleted or not."""

    @writes()
    def console_pool_create(self, tx: Transaction, context: Context, values: Values) -> Record:
        return create(tx, POOLS, values)

    @reads(snapshot=False)
    def console_pool_get_by_host_type(
        self,
        tx: Transaction,
        context: Context,
        compute_host: Text,
        proxy_host: Text,
        console_type: Text,
    ) -> Record:
        where = matches(POOLS, host=proxy_host, compute_host=compute_host, console_type=console_type)
        return one(
            tx,
            Query(POOLS.name, all_of(where, LIVE), limit=1, load=("consoles",)),
            exceptions.ConsolePoolNotFoundForHostType,
            host=proxy_host,
            console_type=console_type,
            compute_host=compute_host,
        )

    @reads(snapshot=False)
    def console_pool_get_all_by_host_type(
        self, tx: Transaction, context: Context, host: Text, console_type: Text
    ) -> list[Record]:
        where = all_of(matches(POOLS, host=host, console_type=console_type), LIVE)
        return tx.select(Query(POOLS.name, where, load=("consoles",)))

    @writes()
    def console_create(self, tx: Transaction, context: Context, values: Values) -> Record:
        return create(tx, CONSOLES, values)

    @writes()
    def console_delete(self, tx: Transaction, context: Context, console_id: Id) -> None:
        tx.delete(CONSOLES.name, equals(CONSOLES, "id", console_id))

    @reads(snapshot=False)
    def console_get(self, tx: Transaction, context: Context, console_id: Id, instance_uuid: Text = None) -> Record:
        of = TRUE if instance_uuid is None else equals(CONSOLES, "instance_uuid", instance_uuid)
        found = first(tx, _console(all_of(equals(CONSOLES, "id", console_id), of)))
        if found is not None:
            return found
        if instance_uuid:
            raise exceptions.ConsoleNotFoundForInstance(console_id=console_id, instance_uuid=instance_uuid)
        raise exceptions.ConsoleNotFound(console_id=console_id)

    @reads(snapshot=False)
    def console_get_by_pool_instance(
        self, tx: Transaction, context: Context, pool_id: Id | None, instance_uuid: Text
    ) -> Record:
        query = _console(matches(CONSOLES, pool_id=pool_id, instance_uuid=instance_uuid))
        missing = {"pool_id": pool_id, "instance_uuid": instance_uuid}
        return one(tx, query, exceptions.ConsoleNotFoundInPoolForInstance, **missing)

    @reads(snapshot=False)
    def console_get_all_by_instance(self, tx: Transaction, context: Context, instance_uuid: Text) -> list[Record]:
        return tx.select(Query(CONSOLES.name, equals(CONSOLES, "instance_uuid", instance_uuid)))


def _console(where: Predicate) -> Query:
    return Query(CONSOLES.name, where, limit=1, load=("pool",))
