"""Security groups in ``groups``, their rules in ``rules``."""

from __future__ import annotations

from nova_db.operations.security_groups.groups import SecurityGroups
from nova_db.operations.security_groups.rules import SecurityGroupRules


class SecurityGroupsOperations(SecurityGroups, SecurityGroupRules):
    """All functions of the family."""
