"""Instances: single ones in ``single``, many in ``lists``."""

from __future__ import annotations

from nova_db.operations.instances.lists import InstanceLists
from nova_db.operations.instances.single import SingleInstances


class InstancesOperations(InstanceLists, SingleInstances):
    """All functions of the family."""
