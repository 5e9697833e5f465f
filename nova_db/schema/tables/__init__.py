"""The 48 tables, a module for each subject."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from nova_db.schema.table import Table
from nova_db.schema.tables import (
    agents,
    aggregates,
    block_devices,
    cells,
    consoles,
    credentials,
    ec2_ids,
    flavors,
    instance_actions,
    instances,
    migrations,
    networks,
    quotas,
    security_groups,
    services,
    task_log,
    usage_caches,
    volumes,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import ModuleType

MODULES: Final[tuple[ModuleType, ...]] = (
    agents,
    aggregates,
    block_devices,
    cells,
    consoles,
    credentials,
    ec2_ids,
    flavors,
    instance_actions,
    instances,
    migrations,
    networks,
    quotas,
    security_groups,
    services,
    task_log,
    usage_caches,
    volumes,
)


def _declared() -> dict[str, Table]:
    tables = (value for module in MODULES for value in vars(module).values() if isinstance(value, Table))
    return {table.name: table for table in sorted(tables, key=lambda table: table.name)}


def _children_first(tables: Iterable[Table]) -> dict[str, Table]:
    """Order tables so that each comes before those it refers to, by name where nothing else decides."""
    waiting = {table.name: {key.table for key in table.foreign_keys} for table in tables}
    by_name = {table.name: table for table in tables}
    ordered: dict[str, Table] = {}
    while waiting:  # one less each time; where tables refer to each other in a circle, min() raises
        referred = set().union(*waiting.values())
        free = min(waiting.keys() - referred)
        ordered[free] = by_name[free]
        del waiting[free]
    return ordered


TABLES: Final[Mapping[str, Table]] = MappingProxyType(_children_first(_declared().values()))
"""All tables by name, every table before those that its foreign keys refer to: the order to archive in."""

PARENTS_FIRST: Final[tuple[Table, ...]] = tuple(TABLES.values())[::-1]
"""The same tables the other way round: the order to create them, or to insert related rows, in."""
