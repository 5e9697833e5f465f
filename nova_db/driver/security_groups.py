"""Security groups: the contract of groups, their rules and members, and the rules that new default groups start with.

A group may carry

* ``rules``: its live rules, each carrying ``grantee_group``: the group, deleted or not, whose members the rule lets
  in, or None;
* ``instances``: the live instances with a live membership, each once; ``[]`` for a deleted group.

A rule has ``parent_group_id`` (the group it belongs to), ``protocol``, ``from_port``, ``to_port``, ``cidr`` and
``group_id`` (the grantee). Nothing but foreign keys (``DBReferenceError``) and kinds is checked, and rules are of
every project.
"""

from __future__ import annotations

import abc

from nova_db.driver.records import (
    SecurityGroupDefaultRule,
    SecurityGroupRule,
    SecurityGroupRuleWithMembers,
    SecurityGroupWithMembers,
    SecurityGroupWithRules,
)
from nova_db.driver.types import Context, Id, Session, Text, Uuid, Values


class SecurityGroupsContract(abc.ABC):
    """What a driver does for security groups, their rules and members."""

    @abc.abstractmethod
    def security_group_get_all(self, context: Context) -> list[SecurityGroupWithRules]:
        """Return every group, carrying ``rules``.

        Auth: context. Rows: visible, of every project.
        """

    @abc.abstractmethod
    def security_group_get(self, context: Context, security_group_id: Id) -> SecurityGroupWithMembers:
        """Return the group ``security_group_id``, carrying ``rules`` and ``instances``.

        Auth: context. Rows: visible, of a user's project.

        :raises SecurityGroupNotFound: no such group.
        """

    @abc.abstractmethod
    def security_group_get_by_name(
        self, context: Context, project_id: Text, group_name: Text
    ) -> SecurityGroupWithMembers:
        """Return the first group of ``project_id`` named ``group_name``, carrying ``rules`` and ``instances``.

        Auth: context, for whatever project. Rows: live.

        :raises SecurityGroupNotFoundForProject: no such group; ``security_group_id`` is the name.
        """

    @abc.abstractmethod
    def security_group_get_by_project(self, context: Context, project_id: Text) -> list[SecurityGroupWithRules]:
        """Return the groups of ``project_id``, carrying ``rules``.

        Auth: context, for whatever project. Rows: live.
        """

    @abc.abstractmethod
    def security_group_get_by_instance(self, context: Context, instance_id: Id) -> list[SecurityGroupWithRules]:
        """Return the groups of the live instance ``instance_id``, an integer, carrying ``rules``, each group once.

        Auth: context. Rows: live.
        """

    @abc.abstractmethod
    def security_group_exists(self, context: Context, project_id: Text, group_name: Text) -> bool:
        """Tell whether :func:`security_group_get_by_name` finds ``group_name`` in ``project_id``.

        Auth: context, for whatever project. Rows: live.
        """

    @abc.abstractmethod
    def security_group_in_use(self, context: Context, group_id: Id) -> bool:
        """Tell whether the group ``group_id`` has a live instance as a member. Rules that name it do not count.

        Auth: context. Rows: live.
        """

    @abc.abstractmethod
    def security_group_create(self, context: Context, values: Values) -> SecurityGroupWithRules:
        """Insert a group with the columns in ``values``, and return it, carrying ``rules``: ``[]``.

        Auth: context.

        Names may repeat; callers ask :func:`security_group_exists` first.
        """

    @abc.abstractmethod
    def security_group_ensure_default(self, context: Context) -> tuple[bool, SecurityGroupWithRules]:
        """Make sure that the context's project has a group named ``default``; return whether it had, and the group.

        Auth: context. Rows: live.

        A new one has the description ``default``, the context's user, and a copy of each live default rule; one that
        is there is left as it is. The group carries ``rules``. Without a project in the context it is that of no
        project.

        Racing: a project gets one default group, never seen without its rules.
        """

    @abc.abstractmethod
    def security_group_destroy(self, context: Context, security_group_id: Id) -> None:
        """Soft-delete the group ``security_group_id``, if there is one, and what belongs to it.

        Auth: context, for whatever project. Rows: all.

        Its memberships, its rules and the rules of other groups that grant it access go with it. Being in use, or
        being called ``default``, does not save it.
        """

    @abc.abstractmethod
    def security_group_count_by_project(self, context: Context, project_id: Text, session: Session = None) -> int:
        """Count the groups of ``project_id``, the default one included.

        Auth: own project. Rows: live.

        The quota on security groups is refreshed with it, inside the transaction ``session``.
        """

    @abc.abstractmethod
    def instance_add_security_group(self, context: Context, instance_id: Uuid, security_group_id: Id) -> None:
        """Make an instance a member of the group ``security_group_id``; ``instance_id`` is its uuid.

        Auth: anyone.

        Doing so again changes nothing that can be seen.

        :raises DBReferenceError: no such instance or group; deleted ones will do.
        """

    @abc.abstractmethod
    def instance_remove_security_group(self, context: Context, instance_id: Text, security_group_id: Id) -> None:
        """End the membership of an instance in the group ``security_group_id``, if any; ``instance_id`` is its uuid.

        Auth: context. Rows: visible.

        Memberships are soft-deleted.
        """

    @abc.abstractmethod
    def security_group_rule_create(self, context: Context, values: Values) -> SecurityGroupRule:
        """Insert a rule with the columns in ``values``, and return it.

        Auth: context.
        """

    @abc.abstractmethod
    def security_group_rule_get(self, context: Context, security_group_rule_id: Id) -> SecurityGroupRule:
        """Return the rule ``security_group_rule_id``.

        Auth: context. Rows: visible.

        :raises SecurityGroupNotFoundForRule: no such rule.
        """

    @abc.abstractmethod
    def security_group_rule_get_by_security_group(
        self, context: Context, security_group_id: Id | None
    ) -> list[SecurityGroupRuleWithMembers]:
        """Return the rules that belong to the group ``security_group_id``.

        Auth: context. Rows: visible.

        Each carries ``grantee_group`` or None, the group its ``instances``, and each of those its ``system_metadata``
        and its ``info_cache``: what a firewall needs to know.
        """

    @abc.abstractmethod
    def security_group_rule_get_by_security_group_grantee(
        self, context: Context, security_group_id: Id | None
    ) -> list[SecurityGroupRule]:
        """Return the rules, of whatever group, that let in the members of the group ``security_group_id``.

        Auth: context. Rows: visible.
        """

    @abc.abstractmethod
    def security_group_rule_destroy(self, context: Context, security_group_rule_id: Id) -> None:
        """Soft-delete the rule ``security_group_rule_id``.

        Auth: context. Rows: visible.

        Racing: of several calls for a live rule one succeeds.

        :raises SecurityGroupNotFoundForRule: no such rule.
        """

    @abc.abstractmethod
    def security_group_rule_count_by_group(self, context: Context, security_group_id: Id | None) -> int:
        """Count the rules that belong to the group ``security_group_id``.

        Auth: context. Rows: live.
        """

    @abc.abstractmethod
    def security_group_default_rule_create(self, context: Context, values: Values) -> SecurityGroupDefaultRule:
        """Insert a default rule, which default groups made from now on get a copy of, and return it.

        Auth: admin.

        ``values`` holds columns: ``protocol``, ``from_port``, ``to_port``, ``cidr``.
        """

    @abc.abstractmethod
    def security_group_default_rule_get(
        self, context: Context, security_group_rule_default_id: Id
    ) -> SecurityGroupDefaultRule:
        """Return the default rule ``security_group_rule_default_id``.

        Auth: context. Rows: visible.

        :raises SecurityGroupDefaultRuleNotFound: no such rule. This is an ``Invalid``, no ``NotFound``.
        """

    @abc.abstractmethod
    def security_group_default_rule_destroy(self, context: Context, security_group_rule_default_id: Id) -> None:
        """Soft-delete the default rule ``security_group_rule_default_id``. Groups that have a copy keep it.

        Auth: admin. Rows: visible.

        Racing: of several calls for a live rule one succeeds.

        :raises SecurityGroupDefaultRuleNotFound: no such rule. This is an ``Invalid``, no ``NotFound``.
        """

    @abc.abstractmethod
    def security_group_default_rule_list(self, context: Context) -> list[SecurityGroupDefaultRule]:
        """Return every default rule.

        Auth: context. Rows: visible.
        """
