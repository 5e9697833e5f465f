"""DNS domains, each of an availability zone or of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nova_db.context import require_admin, require_context
from nova_db.driver.dns_domains import DnsDomainsContract
from nova_db.engine import Eq, Query, all_of
from nova_db.operations.rows import locks
from nova_db.operations.rows.changes import create, record_update
from nova_db.operations.rows.conditions import equals, visible_with
from nova_db.operations.rows.reading import first
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Record, Text
    from nova_db.engine import Transaction

DOMAINS = TABLES["dns_domains"]
_LIVE_DOMAIN = Eq("deleted", DOMAINS.live_value)


class DnsDomainsOperations(TransactionalDriver, DnsDomainsContract):
    """DNS domains; the name is the key."""

    @reads(require_context, snapshot=False)
    def dnsdomain_get(self, tx: Transaction, context: Context, fqdomain: Text) -> Record | None:
        return first(tx, Query(DOMAINS.name, all_of(equals(DOMAINS, "domain", fqdomain), _LIVE_DOMAIN)))

    @reads(require_context, snapshot=False)
    def dnsdomain_list(self, tx: Transaction, context: Context) -> list[str]:
        return [row["domain"] for row in tx.select(Query(DOMAINS.name, _LIVE_DOMAIN, columns=("domain",)))]

    @writes(require_admin)
    def dnsdomain_register_for_project(self, tx: Transaction, context: Context, fqdomain: str, project: Text) -> None:
        _register(tx, fqdomain, {"scope": "public", "project_id": project})

    @writes(require_admin)
    def dnsdomain_register_for_zone(self, tx: Transaction, context: Context, fqdomain: str, zone: Text) -> None:
        _register(tx, fqdomain, {"scope": "private", "availability_zone": zone})

    @writes(require_admin)
    def dnsdomain_unregister(self, tx: Transaction, context: Context, fqdomain: Text) -> None:
        tx.delete(DOMAINS.name, visible_with(context, DOMAINS, "domain", fqdomain))


def _register(tx: Transaction, fqdomain: str, values: dict[str, Any]) -> None:
    row = DOMAINS.insert_values({"domain": fqdomain, **values})
    tx.serialize(locks.dns_domain(row["domain"]))
    revived = {**values, "deleted": DOMAINS.live_value, "deleted_at": None}
    if not tx.update(DOMAINS.name, Eq("domain", row["domain"]), record_update(DOMAINS, revived)):
        create(tx, DOMAINS, row)
