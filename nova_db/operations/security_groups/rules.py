"""Rules of security groups, and the default rules that new default groups copy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nova_db import exceptions
from nova_db.context import require_admin, require_context
from nova_db.driver.security_groups import SecurityGroupsContract
from nova_db.engine import Predicate, Query, Row, all_of
from nova_db.operations.rows.changes import create, soft_delete
from nova_db.operations.rows.conditions import LIVE, equals, visible, visible_with
from nova_db.operations.rows.reading import count, one, records
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.operations.security_groups.groups import DEFAULT_RULES, RULES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Id, Record, Values
    from nova_db.engine import Transaction

_MEMBERS = ("grantee_group.instances.system_metadata", "grantee_group.instances.info_cache")


class SecurityGroupRules(TransactionalDriver, SecurityGroupsContract):
    """Rules and default rules."""

    @writes(require_context)
    def security_group_rule_create(self, tx: Transaction, context: Context, values: Values) -> Record:
        return create(tx, RULES, values)

    @reads(require_context, snapshot=False)
    def security_group_rule_get(self, tx: Transaction, context: Context, security_group_rule_id: Id) -> Record:
        where = visible_with(context, RULES, "id", security_group_rule_id)
        return one(
            tx, Query(RULES.name, where), exceptions.SecurityGroupNotFoundForRule, rule_id=security_group_rule_id
        )

    @reads(require_context, snapshot=False)
    def security_group_rule_get_by_security_group(
        self, tx: Transaction, context: Context, security_group_id: Id | None
    ) -> list[Record]:
        where = equals(RULES, "parent_group_id", security_group_id)
        return _rules(tx, all_of(where, visible(context, RULES)), _MEMBERS)

    @reads(require_context, snapshot=False)
    def security_group_rule_get_by_security_group_grantee(
        self, tx: Transaction, context: Context, security_group_id: Id | None
    ) -> list[Record]:
        return _rules(tx, visible_with(context, RULES, "group_id", security_group_id))

    @writes(require_context)
    def security_group_rule_destroy(self, tx: Transaction, context: Context, security_group_rule_id: Id) -> None:
        where = visible_with(context, RULES, "id", security_group_rule_id)
        if not soft_delete(tx, RULES.name, where):
            raise exceptions.SecurityGroupNotFoundForRule(rule_id=security_group_rule_id)

    @reads(require_context, snapshot=False)
    def security_group_rule_count_by_group(
        self, tx: Transaction, context: Context, security_group_id: Id | None
    ) -> int:
        where = all_of(equals(RULES, "parent_group_id", security_group_id), LIVE)
        return count(tx, RULES.name, where)

    @writes(require_admin)
    def security_group_default_rule_create(self, tx: Transaction, context: Context, values: Values) -> Record:
        return create(tx, DEFAULT_RULES, values)

    @reads(require_context, snapshot=False)
    def security_group_default_rule_get(
        self, tx: Transaction, context: Context, security_group_rule_default_id: Id
    ) -> Record:
        where = visible_with(context, DEFAULT_RULES, "id", security_group_rule_default_id)
        return one(
            tx,
            Query(DEFAULT_RULES.name, where),
            exceptions.SecurityGroupDefaultRuleNotFound,
            rule_id=security_group_rule_default_id,
        )

    @writes(require_admin)
    def security_group_default_rule_destroy(
        self, tx: Transaction, context: Context, security_group_rule_default_id: Id
    ) -> None:
        where = visible_with(context, DEFAULT_RULES, "id", security_group_rule_default_id)
        if not soft_delete(tx, DEFAULT_RULES.name, where):
            raise exceptions.SecurityGroupDefaultRuleNotFound(rule_id=security_group_rule_default_id)

    @reads(require_context, snapshot=False)
    def security_group_default_rule_list(self, tx: Transaction, context: Context) -> list[Record]:
        return tx.select(Query(DEFAULT_RULES.name, visible(context, DEFAULT_RULES)))


def _rules(tx: Transaction, where: Predicate, load: tuple[str, ...] = ()) -> list[Row]:
    return records(tx, Query(RULES.name, where, load=load))
