"""Firewall rules of the provider, for all hosts and instances."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nova_db.context import require_admin
from nova_db.driver.provider_firewall import ProviderFirewallContract
from nova_db.engine import Query
from nova_db.operations.rows.changes import create, soft_delete
from nova_db.operations.rows.conditions import equals, visible
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Id, Record, Values
    from nova_db.engine import Transaction

PROVIDER_RULES = TABLES["provider_fw_rules"]


class ProviderFirewallOperations(TransactionalDriver, ProviderFirewallContract):
    """Rules at the provider's level."""

    @writes(require_admin)
    def provider_fw_rule_create(self, tx: Transaction, context: Context, rule: Values) -> Record:
        return create(tx, PROVIDER_RULES, rule)

    @reads(require_admin, snapshot=False)
    def provider_fw_rule_get_all(self, tx: Transaction, context: Context) -> list[Record]:
        return tx.select(Query(PROVIDER_RULES.name, visible(context, PROVIDER_RULES)))

    @writes(require_admin)
    def provider_fw_rule_destroy(self, tx: Transaction, context: Context, rule_id: Id) -> None:
        soft_delete(tx, PROVIDER_RULES.name, equals(PROVIDER_RULES, "id", rule_id))
