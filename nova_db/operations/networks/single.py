"""Networks: made, found, given to projects and hosts, and deleted."""

from __future__ import annotations

import uuid as uuidlib
from typing import TYPE_CHECKING

from nova_db import exceptions
from nova_db.clock import utcnow
from nova_db.context import require_admin, require_context
from nova_db.driver.networks import NetworksContract
from nova_db.engine import TRUE, Eq, Predicate, Query, all_of, any_of
from nova_db.operations.rows import locks
from nova_db.operations.rows.changes import create, soft_delete, update_record
from nova_db.operations.rows.conditions import LIVE, equals, scoped, visible_with
from nova_db.operations.rows.reading import exists, first, one, text
from nova_db.operations.running.declarations import checks, reads, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import TABLES
from nova_db.staleness import on_primary

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Id, Record, Text, Values
    from nova_db.engine import Transaction

NETWORKS = TABLES["networks"]
FIXED = TABLES["fixed_ips"]
INSTANCES = TABLES["instances"]


class SingleNetworks(TransactionalDriver, NetworksContract):
    """Writes of networks, and reads of single ones; lists are in ``lists``."""

    @writes(require_admin)
    def network_associate(
        self,
        tx: Transaction,
        context: Context,
        project_id: Text,
        network_id: Id | None = None,
        force: bool = False,
    ) -> Record:
        tx.serialize(locks.networks_of_project(project_id))
        mine = None if force else first(tx, _single(all_of(equals(NETWORKS, "project_id", project_id), LIVE)))
        if mine is not None:
            return mine
        wanted = TRUE if network_id is None else equals(NETWORKS, "id", network_id)
        values = NETWORKS.update_values({"project_id": project_id, "updated_at": utcnow()})
        taken = tx.claim(NETWORKS.name, all_of(wanted, Eq("project_id", None), LIVE), values)
        if not taken:
            raise exceptions.NoMoreNetworks
        return taken[0]

    @writes(require_admin)
    def network_create_safe(self, tx: Transaction, context: Context, values: Values) -> Record:
        try:
            return create(tx, NETWORKS, {"uuid": str(uuidlib.uuid4()), **values})
        except exceptions.DBDuplicateEntry as error:
            _vlan_taken(error, values)
            raise

    @writes(require_admin)
    def network_delete_safe(self, tx: Transaction, context: Context, network_id: Id) -> None:
        # Whoever relies on the network comes before, with all that he has made of it, or finds it gone.
        tx.select(Query(NETWORKS.name, _seen(context, network_id), columns=("id",), lock=True))
        addresses = all_of(equals(FIXED, "network_id", network_id), LIVE)
        soft_delete(tx, FIXED.name, all_of(addresses, any_of(Eq("allocated", False), Eq("allocated", None))))
        # Looked for afterwards: what becomes allocated from now on is either seen here or finds no live address.
        if exists(tx, FIXED.name, all_of(addresses, Eq("allocated", True))):
            raise exceptions.NetworkInUse(network_id=network_id)
        if not tx.delete(NETWORKS.name, _seen(context, network_id)):
            raise exceptions.NetworkNotFound(network_id=network_id)

    @writes(require_admin)
    def network_disassociate(
        self,
        tx: Transaction,
        context: Context,
        network_id: Id,
        disassociate_host: bool = True,
        disassociate_project: bool = True,
    ) -> None:
        values: dict[str, None] = {}
        if disassociate_project:
            values["project_id"] = None
        if disassociate_host:
            values["host"] = None
        if update_record(tx, NETWORKS, _seen(context, network_id), values) is None:
            raise exceptions.NetworkNotFound(network_id=network_id)

    @reads(require_context, snapshot=False)
    def network_get(
        self, tx: Transaction, context: Context, network_id: Id, project_only: bool | str = "allow_none"
    ) -> Record:
        where = all_of(_seen(context, network_id), scoped(context, project_only))
        return one(tx, _single(where), exceptions.NetworkNotFound, network_id=network_id)

    @reads(require_admin, snapshot=False)
    def network_get_by_cidr(self, tx: Transaction, context: Context, cidr: Text) -> Record:
        either = any_of(equals(NETWORKS, "cidr", cidr), equals(NETWORKS, "cidr_v6", cidr))
        return one(tx, _single(all_of(either, LIVE)), exceptions.NetworkNotFoundForCidr, cidr=cidr)

    @reads(require_admin, snapshot=False)
    def network_get_by_uuid(self, tx: Transaction, context: Context, uuid: Text) -> Record:
        where = all_of(equals(NETWORKS, "uuid", uuid), LIVE)
        return one(tx, _single(where), exceptions.NetworkNotFoundForUUID, uuid=uuid)

    @writes(require_admin)
    def network_set_host(self, tx: Transaction, context: Context, network_id: Id, host_id: str) -> str:
        where = all_of(equals(NETWORKS, "id", network_id), LIVE)
        hostless = any_of(Eq("host", None), Eq("host", ""))
        update_record(tx, NETWORKS, all_of(where, hostless), {"host": host_id})
        return text(one(tx, _single(where), exceptions.NetworkNotFound, network_id=network_id), "host")

    @writes(require_context)
    def network_update(self, tx: Transaction, context: Context, network_id: Id, values: Values) -> Record:
        where = all_of(_seen(context, network_id), scoped(context, "allow_none"))
        try:
            record = update_record(tx, NETWORKS, where, values)
        except exceptions.DBDuplicateEntry as error:
            _vlan_taken(error, values)
            raise
        if record is None:
            raise exceptions.NetworkNotFound(network_id=network_id)
        return record

    @checks(require_context)
    def project_get_networks(self, context: Context, project_id: Text, associate: bool = True) -> list[Record]:
        if not associate:
            return self._networks_of(context, project_id)
        return on_primary(self._networks_of, context, project_id) or [self.network_associate(context, project_id)]

    @reads(require_context, snapshot=False)
    def _networks_of(self, tx: Transaction, context: Context, project_id: Text) -> list[Record]:
        return tx.select(Query(NETWORKS.name, all_of(equals(NETWORKS, "project_id", project_id), LIVE)))


def _seen(context: Context, network_id: Id) -> Predicate:
    return visible_with(context, NETWORKS, "id", network_id)


def _single(where: Predicate) -> Query:
    return Query(NETWORKS.name, where, limit=1)


def _vlan_taken(error: exceptions.DBDuplicateEntry, values: Values) -> None:
    if "vlan" in error.columns:
        raise exceptions.DuplicateVlan(vlan=values.get("vlan")) from error
