"""Provider firewall rules: the contract of the rules that hold for all hosts and instances.

A rule has ``protocol``, ``from_port``, ``to_port`` and ``cidr``.
"""

from __future__ import annotations

import abc

from nova_db.driver.records import ProviderFirewallRule
from nova_db.driver.types import Context, Id, Values


class ProviderFirewallContract(abc.ABC):
    """What a driver does for the provider's firewall rules."""

    @abc.abstractmethod
    def provider_fw_rule_create(self, context: Context, rule: Values) -> ProviderFirewallRule:
        """Insert a rule with the columns in ``rule``, and return it.

        Auth: admin.
        """

    @abc.abstractmethod
    def provider_fw_rule_get_all(self, context: Context) -> list[ProviderFirewallRule]:
        """Return every rule.

        Auth: admin. Rows: visible.
        """

    @abc.abstractmethod
    def provider_fw_rule_destroy(self, context: Context, rule_id: Id) -> None:
        """Soft-delete the rule ``rule_id``, if there is one; one deleted before has its ``deleted_at`` renewed.

        Auth: admin. Rows: all.
        """
