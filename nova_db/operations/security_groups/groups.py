"""Security groups, and the instances in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nova_db import exceptions
from nova_db.context import authorize_project, require_context
from nova_db.driver.security_groups import SecurityGroupsContract
from nova_db.engine import Exists, Predicate, Query, Row, all_of, any_of
from nova_db.operations.rows import locks
from nova_db.operations.rows.changes import create, soft_delete
from nova_db.operations.rows.conditions import LIVE, among, equals, matches, of_project, visible, visible_with
from nova_db.operations.rows.reading import count, exists, first, one, records
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Id, Record, Session, Text, Uuid, Values
    from nova_db.engine import Transaction

GROUPS = TABLES["security_groups"]
RULES = TABLES["security_group_rules"]
DEFAULT_RULES = TABLES["security_group_default_rules"]
ASSOCIATIONS = TABLES["security_group_instance_association"]
WITH_RULES = ("rules.grantee_group",)
WITH_ALL = ("rules.grantee_group", "instances")
_COPIED = ("protocol", "from_port", "to_port", "cidr")


def _with_rules(tx: Transaction, where: Predicate) -> list[Row]:
    """The groups that match, with their rules."""
    return records(tx, Query("security_groups", where, load=WITH_RULES))


def resolve_groups(tx: Transaction, context: Context, names: Sequence[str]) -> list[Row]:
    """The live groups of the context's project with these names, by id, each with its rules.

    Makes the project's default group if there is none.
    """
    stored = {name: GROUPS.lookup("name", name) for name in names}
    mine = all_of(among(GROUPS, "name", ("default", *names)), of_project(context), LIVE)
    groups = tx.select(Query("security_groups", mine, load=("rules",)))
    found: dict[str, Row] = {}
    for group in groups:
        found.setdefault(group["name"], group)
    missing = [name for name in names if stored[name] not in found and name != "default"]
    if missing:
        raise exceptions.SecurityGroupNotFoundForProject(project_id=context.project_id, security_group_id=missing[0])
    if "default" not in found:
        _, found["default"] = ensure_default(tx, context)
    return sorted((found[name] for name in dict.fromkeys(stored.values())), key=lambda group: group["id"])


def ensure_default(tx: Transaction, context: Context, load: tuple[str, ...] = ("rules",)) -> tuple[bool, Row]:
    """The default group of the context's project, made with the default rules if missing; whether it was there."""
    where = all_of(matches(GROUPS, name="default", project_id=context.project_id), LIVE)
    query = Query("security_groups", where, load=load, limit=1)
    found = first(tx, query)
    if found is None:
        tx.serialize(locks.default_group(context.project_id))
        found = first(tx, query)
    if found is not None:
        return True, found
    templates = tx.select(Query("security_group_default_rules", LIVE))
    values = {
        "name": "default",
        "description": "default",
        "user_id": context.user_id,
        "project_id": context.project_id,
    }
    group = create(tx, GROUPS, values)
    rules = [
        RULES.insert_values({**{column: rule[column] for column in _COPIED}, "parent_group_id": group["id"]})
        for rule in templates
    ]
    group["rules"] = tx.insert(("security_group_rules", rules))[0] if rules else []
    return False, group


class SecurityGroups(TransactionalDriver, SecurityGroupsContract):
    """Groups and associations; rules are in ``rules``."""

    @reads(require_context, snapshot=False)
    def security_group_get_all(self, tx: Transaction, context: Context) -> list[Record]:
        return _with_rules(tx, visible(context, GROUPS))

    @reads(require_context, snapshot=False)
    def security_group_get(self, tx: Transaction, context: Context, security_group_id: Id) -> Record:
        where = visible_with(context, GROUPS, "id", security_group_id, is_scoped=True)
        query = Query("security_groups", where, load=WITH_ALL, limit=1)
        return one(tx, query, exceptions.SecurityGroupNotFound, security_group_id=security_group_id)

    @reads(require_context, snapshot=False)
    def security_group_get_by_name(
        self, tx: Transaction, context: Context, project_id: Text, group_name: Text
    ) -> Record:
        where = all_of(matches(GROUPS, project_id=project_id, name=group_name), LIVE)
        query = Query("security_groups", where, load=WITH_ALL, limit=1)
        missing = {"project_id": project_id, "security_group_id": group_name}
        return one(tx, query, exceptions.SecurityGroupNotFoundForProject, **missing)

    @reads(require_context, snapshot=False)
    def security_group_get_by_project(self, tx: Transaction, context: Context, project_id: Text) -> list[Record]:
        return _with_rules(tx, all_of(equals(GROUPS, "project_id", project_id), LIVE))

    @reads(require_context, snapshot=False)
    def security_group_get_by_instance(self, tx: Transaction, context: Context, instance_id: Id) -> list[Record]:
        instance = all_of(equals(TABLES["instances"], "id", instance_id), LIVE)
        linked = all_of(LIVE, Exists("instances", (("instance_uuid", "uuid"),), instance))
        member = Exists("security_group_instance_association", (("id", "security_group_id"),), linked)
        return _with_rules(tx, all_of(LIVE, member))

    @reads(require_context, snapshot=False)
    def security_group_exists(self, tx: Transaction, context: Context, project_id: Text, group_name: Text) -> bool:
        where = all_of(matches(GROUPS, project_id=project_id, name=group_name), LIVE)
        return exists(tx, "security_groups", where)

    @reads(require_context, snapshot=False)
    def security_group_in_use(self, tx: Transaction, context: Context, group_id: Id) -> bool:
        live_instance = Exists("instances", (("instance_uuid", "uuid"),), LIVE)
        where = all_of(equals(ASSOCIATIONS, "security_group_id", group_id), LIVE, live_instance)
        return exists(tx, ASSOCIATIONS.name, where)

    @writes(require_context)
    def security_group_create(self, tx: Transaction, context: Context, values: Values) -> Record:
        return {**create(tx, GROUPS, values), "rules": []}

    @writes(require_context)
    def security_group_ensure_default(self, tx: Transaction, context: Context) -> tuple[bool, Record]:
        existed, group = ensure_default(tx, context, WITH_RULES)
        if not existed:
            for rule in group["rules"]:
                rule["grantee_group"] = None
        return existed, group

    @writes(require_context)
    def security_group_destroy(self, tx: Transaction, context: Context, security_group_id: Id) -> None:
        if not soft_delete(tx, "security_groups", equals(GROUPS, "id", security_group_id)):
            return  # nothing refers to it; a null reference is not one to the group None
        soft_delete(tx, ASSOCIATIONS.name, equals(ASSOCIATIONS, "security_group_id", security_group_id))
        granting, own = (equals(RULES, column, security_group_id) for column in ("group_id", "parent_group_id"))
        soft_delete(tx, RULES.name, any_of(granting, own))

    @reads(require_context, snapshot=False, authorize=authorize_project, takes_session=True)
    def security_group_count_by_project(
        self, tx: Transaction, context: Context, project_id: Text, session: Session = None
    ) -> int:
        where = all_of(equals(GROUPS, "project_id", project_id), LIVE)
        return count(tx, "security_groups", where)

    @writes()
    def instance_add_security_group(
        self, tx: Transaction, context: Context, instance_id: Uuid, security_group_id: Id
    ) -> None:
        row = ASSOCIATIONS.insert_values({"instance_uuid": instance_id, "security_group_id": security_group_id})
        same = {name: row[name] for name in ("instance_uuid", "security_group_id")}
        tx.serialize(locks.groups_of_instance(row["instance_uuid"]))
        if not exists(tx, ASSOCIATIONS.name, all_of(matches(ASSOCIATIONS, **same), LIVE)):
            tx.insert((ASSOCIATIONS.name, [row]))

    @writes(require_context)
    def instance_remove_security_group(
        self, tx: Transaction, context: Context, instance_id: Text, security_group_id: Id
    ) -> None:
        where: dict[str, Any] = {"instance_uuid": instance_id, "security_group_id": security_group_id}
        soft_delete(tx, ASSOCIATIONS.name, all_of(matches(ASSOCIATIONS, **where), visible(context, ASSOCIATIONS)))
