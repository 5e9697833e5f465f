"""Fixed ips: made, found, associated with instances, and given back."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from nova_db import exceptions
from nova_db.clock import utcnow
from nova_db.context import authorize_project, is_user_context, require_admin, require_context
from nova_db.driver.fixed_ips import FixedIpsContract
from nova_db.engine import Eq, Exists, Lt, Order, Predicate, Query, Row, all_of, any_of
from nova_db.operations.rows.changes import create, update_record
from nova_db.operations.rows.conditions import LIVE, equals, matches, visible
from nova_db.operations.rows.reading import count, first, one, some, text
from nova_db.operations.rows.uuids import require_uuid
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import NO_MATCH, TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Id, Moment, Record, Session, Text, Uuid, Values
    from nova_db.engine import Transaction

FIXED = TABLES["fixed_ips"]
_INSTANCE = (("instance_uuid", "uuid"),)
_NETWORK = (("network_id", "id"),)


def first_fixed_ip(
    tx: Transaction, context: Context, where: Predicate, load: tuple[str, ...] = (), *, lock: bool = False
) -> Row | None:
    """The first fixed ip that matches and that the context sees."""
    return first(tx, Query(FIXED.name, all_of(where, visible(context, FIXED)), limit=1, load=load, lock=lock))


def fixed_ips_of_instance(tx: Transaction, instance_uuid: Uuid) -> list[Row]:
    """The live fixed ips of an instance, at least one."""
    require_uuid(instance_uuid)
    return some(
        tx,
        Query(FIXED.name, all_of(Eq("instance_uuid", instance_uuid), LIVE)),
        exceptions.FixedIpNotFoundForInstance,
        instance_uuid=instance_uuid,
    )


class FixedIpsOperations(TransactionalDriver, FixedIpsContract):
    """Fixed ips."""

    @writes(require_admin)
    def fixed_ip_associate(
        self,
        tx: Transaction,
        context: Context,
        address: Text,
        instance_uuid: Uuid,
        network_id: Id | None = None,
        reserved: bool = False,
    ) -> str:
        require_uuid(instance_uuid)
        here = any_of(equals(FIXED, "network_id", network_id), Eq("network_id", None))
        candidate = all_of(matches(FIXED, address=address, reserved=reserved), here, LIVE)
        missing = {"address": address, "network_uuid": network_id}
        query = Query(FIXED.name, candidate, limit=1, lock=True)
        found = one(tx, query, exceptions.FixedIpNotFoundForNetwork, **missing)
        free = all_of(Eq("id", found["id"]), any_of(Eq("instance_uuid", None), Eq("instance_uuid", "")))
        taken = FIXED.update_values({"instance_uuid": instance_uuid, "network_id": network_id})
        if not tx.update(FIXED.name, free, {**taken, "updated_at": utcnow()}):
            raise exceptions.FixedIpAlreadyInUse(address=address, instance_uuid=instance_uuid)
        return text(found, "address")

    @writes(require_admin)
    def fixed_ip_associate_pool(
        self,
        tx: Transaction,
        context: Context,
        network_id: Id | None,
        instance_uuid: Text = None,
        host: Text = None,
    ) -> str:
        if instance_uuid:
            require_uuid(instance_uuid)
        owner = {"instance_uuid": instance_uuid, "host": host}
        values = FIXED.update_values({name: value for name, value in owner.items() if value})
        own = FIXED.lookup("network_id", network_id)
        if own is NO_MATCH:
            found = _take(tx, (None,), {})
            if found and values:
                FIXED.update_values({"network_id": network_id})  # which refuses it
        else:
            # All at once at last: what became free since the first look counts, too.
            turns = ((None,),) if own is None else ((own,), (None,), (own, None))
            taken = {**values, "network_id": own, "updated_at": utcnow()} if values else {}
            found = []
            for networks in turns:
                found = found or _take(tx, networks, taken)
        if not found:
            raise exceptions.NoMoreFixedIps
        return text(found[0], "address")

    @writes(require_context)
    def fixed_ip_create(self, tx: Transaction, context: Context, values: Values) -> str | None:
        return create(tx, FIXED, values).get("address")

    @writes(require_context)
    def fixed_ip_bulk_create(self, tx: Transaction, context: Context, ips: Iterable[Values]) -> None:
        rows = [FIXED.insert_values(values) for values in ips]
        if rows:
            tx.insert((FIXED.name, rows))

    @writes(require_context)
    def fixed_ip_disassociate(self, tx: Transaction, context: Context, address: Text) -> None:
        fixed = _owned(tx, context, address, lock=True)
        update_record(tx, FIXED, Eq("id", fixed["id"]), {"instance_uuid": None})

    @writes(require_admin)
    def fixed_ip_disassociate_all_by_timeout(self, tx: Transaction, context: Context, host: Text, time: Moment) -> int:
        on_host = equals(TABLES["networks"], "host", host)
        on_node = equals(TABLES["instances"], "host", host)
        ours = any_of(
            Exists("networks", _NETWORK, on_host),
            all_of(Exists("networks", _NETWORK, Eq("multi_host", True)), Exists("instances", _INSTANCE, on_node)),
        )
        stale = all_of(LIVE, Eq("allocated", False), Lt("updated_at", time), Exists("instances", _INSTANCE), ours)
        return tx.update(FIXED.name, stale, {"instance_uuid": None, "leased": False, "updated_at": utcnow()})

    @reads(require_context)
    def fixed_ip_get(self, tx: Transaction, context: Context, id: Id, get_network: bool = False) -> Record:
        fixed = first_fixed_ip(tx, context, equals(FIXED, "id", id), ("network",) if get_network else ())
        if fixed is None:
            raise exceptions.FixedIpNotFound(id=id)
        _authorize_owner(tx, context, fixed)
        return fixed

    @reads(require_admin, snapshot=False)
    def fixed_ip_get_all(self, tx: Transaction, context: Context) -> list[Record]:
        return some(tx, Query(FIXED.name), exceptions.NoFixedIpsDefined)

    @reads(require_context)
    def fixed_ip_get_by_address(self, tx: Transaction, context: Context, address: Text) -> Record:
        return _owned(tx, context, address)

    @reads(require_admin)
    def fixed_ip_get_by_address_detailed(
        self, tx: Transaction, context: Context, address: Text
    ) -> tuple[Record, Record | None, Record | None]:
        fixed = first_fixed_ip(tx, context, equals(FIXED, "address", address))
        if fixed is None:
            raise exceptions.FixedIpNotFoundForAddress(address=address)
        network = _referred(tx, "networks", "id", fixed["network_id"])
        return fixed, network, _referred(tx, "instances", "uuid", fixed["instance_uuid"])

    @reads(require_context, snapshot=False)
    def fixed_ip_get_by_floating_address(
        self, tx: Transaction, context: Context, floating_address: Text
    ) -> Record | None:
        floating = all_of(equals(TABLES["floating_ips"], "address", floating_address), LIVE)
        return first_fixed_ip(tx, context, Exists("floating_ips", (("id", "fixed_ip_id"),), floating))

    @reads(require_admin, snapshot=False)
    def fixed_ip_get_by_host(self, tx: Transaction, context: Context, host: Text) -> list[Record]:
        on_host = all_of(equals(TABLES["instances"], "host", host), LIVE)
        return tx.select(Query(FIXED.name, all_of(Exists("instances", _INSTANCE, on_host), visible(context, FIXED))))

    @reads(require_context, snapshot=False)
    def fixed_ip_get_by_instance(self, tx: Transaction, context: Context, instance_uuid: Uuid) -> list[Record]:
        return fixed_ips_of_instance(tx, instance_uuid)

    @reads(require_context, snapshot=False)
    def fixed_ip_get_by_network_host(
        self, tx: Transaction, context: Context, network_uuid: Id | None, host: Text
    ) -> Record:
        where = all_of(matches(FIXED, network_id=network_uuid, host=host), LIVE)
        return one(
            tx,
            Query(FIXED.name, where, limit=1),
            exceptions.FixedIpNotFoundForNetworkHost,
            network_id=network_uuid,
            host=host,
        )

    @reads(require_context, snapshot=False)
    def fixed_ips_by_virtual_interface(self, tx: Transaction, context: Context, vif_id: Id | None) -> list[Record]:
        return tx.select(Query(FIXED.name, all_of(equals(FIXED, "virtual_interface_id", vif_id), LIVE)))

    @writes(require_context)
    def fixed_ip_update(self, tx: Transaction, context: Context, address: Text, values: Values) -> None:
        fixed = _owned(tx, context, address, lock=True)
        update_record(tx, FIXED, Eq("id", fixed["id"]), values)

    @reads(require_context, snapshot=False, authorize=authorize_project, takes_session=True)
    def fixed_ip_count_by_project(
        self, tx: Transaction, context: Context, project_id: Text, session: Session = None
    ) -> int:
        ours = Exists("instances", _INSTANCE, equals(TABLES["instances"], "project_id", project_id))
        return count(tx, FIXED.name, all_of(LIVE, ours))


def _take(tx: Transaction, networks: Sequence[int | None], values: dict[str, Any]) -> list[Row]:
    """Take the first free address of the networks, of none last; without values only look at it."""
    here = any_of(*map(functools.partial(Eq, "network_id"), networks))
    free = all_of(here, Eq("reserved", False), Eq("instance_uuid", None), Eq("host", None), LIVE)
    order = (Order("network_id", descending=True),) if len(networks) > 1 else ()
    if values:
        return tx.claim(FIXED.name, free, values, order=order)
    return tx.select(Query(FIXED.name, free, order=order, limit=1))


def _referred(tx: Transaction, table: str, column: str, value: Any) -> Row | None:
    return None if value is None else first(tx, Query(table, Eq(column, value), limit=1))


def _owned(tx: Transaction, context: Context, address: Text, *, lock: bool = False) -> Row:
    """The first visible fixed ip with an address, which must be the caller's if it has an instance."""
    fixed = first_fixed_ip(tx, context, equals(FIXED, "address", address), lock=lock)
    if fixed is None:
        raise exceptions.FixedIpNotFoundForAddress(address=address)
    _authorize_owner(tx, context, fixed)
    return fixed


def _authorize_owner(tx: Transaction, context: Context, fixed: Row) -> None:
    """NotAuthorized for a user of another project than the instance's, InstanceNotFound if there is none."""
    uuid = fixed["instance_uuid"]
    if uuid is None or not is_user_context(context):
        return
    query = Query("instances", Eq("uuid", uuid), columns=("project_id",))
    authorize_project(context, one(tx, query, exceptions.InstanceNotFound, instance_id=uuid)["project_id"])
