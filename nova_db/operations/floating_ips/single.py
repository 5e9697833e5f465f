"""Floating ips: made, allocated to projects, associated with fixed ips, and given back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from nova_db import exceptions
from nova_db.context import authorize_project, require_context
from nova_db.driver.floating_ips import FloatingIpsContract
from nova_db.engine import Eq, In, Predicate, Query, Row, all_of, any_of
from nova_db.operations.fixed_ips import FIXED, first_fixed_ip
from nova_db.operations.rows import locks
from nova_db.operations.rows.changes import condition_update, create, record_update, soft_delete, update_record
from nova_db.operations.rows.conditions import LIVE, among, equals, visible, visible_with
from nova_db.operations.rows.reading import first, one, text
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Id, Record, Text, Values
    from nova_db.engine import Transaction

FLOATING = TABLES["floating_ips"]
WITH_FIXED = ("fixed_ip.instance",)


class SingleFloatingIps(TransactionalDriver, FloatingIpsContract):
    """Single floating ips and what is done with them; lists are in ``lists``."""

    @reads(require_context, snapshot=False)
    def floating_ip_get(self, tx: Transaction, context: Context, id: Id) -> Record:
        where = visible_with(context, FLOATING, "id", id, is_scoped=True)
        return one(tx, Query(FLOATING.name, where, limit=1, load=WITH_FIXED), exceptions.FloatingIpNotFound, id=id)

    @reads(require_context)
    def floating_ip_get_by_address(self, tx: Transaction, context: Context, address: Text) -> Record:
        return _owned(tx, context, address, WITH_FIXED)

    @writes(require_context, authorize=authorize_project)
    def floating_ip_allocate_address(self, tx: Transaction, context: Context, project_id: Text, pool: Text) -> str:
        free = all_of(equals(FLOATING, "pool", pool), Eq("fixed_ip_id", None), Eq("project_id", None), LIVE)
        mine = record_update(FLOATING, {"project_id": project_id})
        taken = tx.claim(FLOATING.name, free, mine)
        if not taken:
            raise exceptions.NoMoreFloatingIps
        return text(taken[0], "address")

    @writes(require_context)
    def floating_ip_create(self, tx: Transaction, context: Context, values: Values) -> str | None:
        row = FLOATING.insert_values(values)
        if not row["deleted"]:
            tx.serialize(*locks.floating_addresses([row["address"]]))
            # A live row counts whatever the context sees: there must be no second one.
            blocking = any_of(visible(context, FLOATING), LIVE)
            found = first(tx, Query(FLOATING.name, all_of(_at(row["address"]), blocking), limit=1))
            if found is not None:
                _authorize_owner(context, found)
                raise exceptions.FloatingIpExists(**{**dict.fromkeys(FLOATING.names), **values})
        return create(tx, FLOATING, row).get("address")

    @writes(require_context, keys={"ips": ("address",)})
    def floating_ip_bulk_create(self, tx: Transaction, context: Context, ips: Iterable[Values]) -> None:
        rows: dict[Any, Row] = {}
        for values in ips:
            row = FLOATING.insert_values(values)
            if rows.setdefault(row["address"], row) is not row:
                raise exceptions.FloatingIpExists(**{**dict.fromkeys(FLOATING.names), **rows[row["address"]]})
        if not rows:
            return
        tx.serialize(*locks.floating_addresses(rows))
        there = any_of(In("address", rows), Eq("address", None)) if None in rows else In("address", rows)
        for existing in tx.select(Query(FLOATING.name, all_of(there, LIVE))):
            if rows[existing["address"]].get("id") != existing["id"]:
                raise exceptions.FloatingIpExists(**existing)
        tx.insert((FLOATING.name, list(rows.values())))

    @writes(require_context, keys={"ips": ("address",)})
    def floating_ip_bulk_destroy(self, tx: Transaction, context: Context, ips: Iterable[Values]) -> None:
        addresses = [ip["address"] for ip in ips]
        which = among(FLOATING, "address", addresses)
        if any(address is None for address in addresses):
            which = any_of(which, Eq("address", None))
        soft_delete(tx, FLOATING.name, all_of(which, visible(context, FLOATING)))

    @writes(require_context)
    def floating_ip_deallocate(self, tx: Transaction, context: Context, address: Text) -> None:
        changes = condition_update(FLOATING, {"project_id": None, "host": None, "auto_assigned": False})
        tx.update(FLOATING.name, _addressed(context, address), changes)

    @writes(require_context)
    def floating_ip_set_auto_assigned(self, tx: Transaction, context: Context, address: Text) -> None:
        tx.update(FLOATING.name, _addressed(context, address), condition_update(FLOATING, {"auto_assigned": True}))

    @writes(require_context)
    def floating_ip_destroy(self, tx: Transaction, context: Context, address: Text) -> None:
        tx.delete(FLOATING.name, _addressed(context, address))

    @writes(require_context)
    def floating_ip_disassociate(self, tx: Transaction, context: Context, address: Text) -> Record | None:
        floating = _by_address(tx, context, address, lock=True)
        if floating is None:
            raise exceptions.FloatingIpNotFoundForAddress(address=address)
        update_record(tx, FLOATING, Eq("id", floating["id"]), {"fixed_ip_id": None, "host": None})
        if floating["fixed_ip_id"] is None:
            return None
        return first_fixed_ip(tx, context, Eq("id", floating["fixed_ip_id"]), ("network",))

    @writes(require_context, endless=True)
    def floating_ip_fixed_ip_associate(
        self, tx: Transaction, context: Context, floating_address: Text, fixed_address: Text, host: Text
    ) -> Record | None:
        floating = _owned(tx, context, floating_address, lock=True)
        fixed = first_fixed_ip(tx, context, equals(FIXED, "address", fixed_address), ("network",))
        if fixed is None:
            raise exceptions.FixedIpNotFoundForAddress(address=fixed_address)
        if floating["fixed_ip_id"] == fixed["id"]:
            return None
        update_record(tx, FLOATING, Eq("id", floating["id"]), {"fixed_ip_id": fixed["id"], "host": host})
        return fixed

    @writes(require_context)
    def floating_ip_update(self, tx: Transaction, context: Context, address: Text, values: Values) -> None:
        floating = _owned(tx, context, address, lock=True)
        update_record(tx, FLOATING, Eq("id", floating["id"]), values)


def _at(address: Text) -> Predicate:
    """Rows with an address; an empty one asks for null."""
    return equals(FLOATING, "address", address or None)


def _addressed(context: Context, address: Text) -> Predicate:
    return all_of(_at(address), visible(context, FLOATING))


def _by_address(
    tx: Transaction, context: Context, address: Text, load: tuple[str, ...] = (), *, lock: bool = False
) -> Row | None:
    return first(tx, Query(FLOATING.name, _addressed(context, address), limit=1, load=load, lock=lock))


def _owned(tx: Transaction, context: Context, address: Text, load: tuple[str, ...] = (), *, lock: bool = False) -> Row:
    """The first visible floating ip with an address, which must be the caller's if it has a project."""
    found = _by_address(tx, context, address, load, lock=lock)
    if found is None:
        raise exceptions.FloatingIpNotFoundForAddress(address=address or None)
    _authorize_owner(context, found)
    return found


def _authorize_owner(context: Context, floating: Row) -> None:
    if floating["project_id"]:
        authorize_project(context, floating["project_id"])
