"""Lists and counts of floating ips, and the floating addresses of an instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nova_db import exceptions
from nova_db.context import authorize_project, require_admin, require_context
from nova_db.driver.floating_ips import FloatingIpsContract
from nova_db.engine import Eq, Exists, In, Order, Query, all_of
from nova_db.operations.fixed_ips import FIXED, fixed_ips_of_instance
from nova_db.operations.floating_ips.single import FLOATING, WITH_FIXED
from nova_db.operations.instances.finding import get_by_id
from nova_db.operations.rows.conditions import LIVE, equals, matches, visible, visible_with
from nova_db.operations.rows.reading import count, first, records, some
from nova_db.operations.running.declarations import reads
from nova_db.operations.running.transactions import TransactionalDriver

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Id, Record, Session, Text, Uuid
    from nova_db.engine import Transaction


class FloatingIpLists(TransactionalDriver, FloatingIpsContract):
    """Lists and counts of floating ips."""

    @reads(require_context, snapshot=False)
    def floating_ip_get_pools(self, tx: Transaction, context: Context) -> list[dict[str, Any]]:
        pools = tx.aggregate(FLOATING.name, visible(context, FLOATING), group_by=("pool",))
        return [{"name": row["pool"]} for row in pools]

    @reads(require_admin, snapshot=False)
    def floating_ip_get_all(self, tx: Transaction, context: Context) -> list[Record]:
        return some(tx, Query(FLOATING.name, LIVE), exceptions.NoFloatingIpsDefined)

    @reads(require_admin, snapshot=False)
    def floating_ip_get_all_by_host(self, tx: Transaction, context: Context, host: Text) -> list[Record]:
        return some(
            tx,
            Query(FLOATING.name, all_of(equals(FLOATING, "host", host), LIVE)),
            exceptions.FloatingIpNotFoundForHost,
            host=host,
        )

    @reads(require_context, authorize=authorize_project, snapshot=False)
    def floating_ip_get_all_by_project(self, tx: Transaction, context: Context, project_id: Text) -> list[Record]:
        where = all_of(matches(FLOATING, project_id=project_id, auto_assigned=False), LIVE)
        return records(tx, Query(FLOATING.name, where, load=WITH_FIXED))

    @reads(require_context, snapshot=False)
    def floating_ip_get_by_fixed_address(self, tx: Transaction, context: Context, fixed_address: Text) -> list[Record]:
        fixed = all_of(equals(FIXED, "address", fixed_address), LIVE)
        associated = Exists(FIXED.name, (("fixed_ip_id", "id"),), fixed)
        return tx.select(Query(FLOATING.name, all_of(associated, visible(context, FLOATING))))

    @reads(require_context, snapshot=False)
    def floating_ip_get_by_fixed_ip_id(self, tx: Transaction, context: Context, fixed_ip_id: Id | None) -> list[Record]:
        where = visible_with(context, FLOATING, "fixed_ip_id", fixed_ip_id)
        return tx.select(Query(FLOATING.name, where))

    @reads(require_context, snapshot=False, authorize=authorize_project, takes_session=True)
    def floating_ip_count_by_project(
        self, tx: Transaction, context: Context, project_id: Text, session: Session = None
    ) -> int:
        where = all_of(matches(FLOATING, project_id=project_id, auto_assigned=False), LIVE)
        return count(tx, FLOATING.name, where)

    @reads(require_context)
    def instance_get_floating_address(self, tx: Transaction, context: Context, instance_id: Id) -> str | None:
        instance = get_by_id(tx, context, instance_id, ("uuid",))
        fixed = fixed_ips_of_instance(tx, instance["uuid"])[0]
        where = all_of(Eq("fixed_ip_id", fixed["id"]), visible(context, FLOATING))
        found = first(tx, Query(FLOATING.name, where, limit=1))
        return None if found is None else found.get("address")

    @reads(require_context)
    def instance_floating_address_get_all(self, tx: Transaction, context: Context, instance_uuid: Uuid) -> list[Record]:
        keys = [fixed["id"] for fixed in fixed_ips_of_instance(tx, instance_uuid)]
        where = all_of(In("fixed_ip_id", keys), visible(context, FLOATING))
        return tx.select(Query(FLOATING.name, where, order=(Order("fixed_ip_id"), Order("id"))))
