"""The names under which writers wait for each other (``Transaction.serialize``): all that there are.

A call that takes several, one after the other, takes them in the order in which they stand here, so that two calls do
not wait for each other crosswise; several of one kind it takes at once, which an engine does in an order of its own.
Rows are locked before any of them (``Query.lock``), or not at all. The texts are what other processes use at the same
time: one that changes does not keep those of an older version out. Each can be sent to a server, also where it is made
of text that cannot: what is to be done with that, the call that takes the name decides afterwards.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from nova_db.schema.coercion import described, text_of

if TYPE_CHECKING:
    from nova_db.driver.types import Text

STRIPES = 256
"""Into how many parts addresses are divided: what a batch of any size takes at most."""


def hostname(name: str, project: str | None = None) -> str:
    """A host name, within a project or everywhere."""
    return _name("hostname", name) if project is None else _name("hostname", project, name)


def default_group(project: str | None) -> str:
    """Whether a project has its default security group."""
    return _name("security_groups/default", project)


def items(table: str, owner: Any) -> str:
    """The keys and values of an owner: metadata, statistics, extra specs."""
    return _name(table, owner)


def info_cache(instance: str) -> str:
    """Whether an instance has its cache."""
    return _name("instance_info_caches", instance)


def groups_of_instance(instance: str | None) -> str:
    """Which security groups an instance is in."""
    return _name("security_group_instance_association", instance)


def devices(instance: str | None) -> str:
    """The block device mappings of an instance."""
    return _name("block_device_mapping", instance)


def usages(*projects: Text) -> set[str]:
    """The usages and reservations of projects."""
    return {_name("quota_usages", project) for project in projects}


def flavor_names(name: str, flavorid: str) -> tuple[str, str]:
    """A flavor's name and public id."""
    return _name("instance_types/name", name), _name("instance_types/flavorid", flavorid)


def flavor_access(flavor: int) -> str:
    """Who may use a flavor."""
    return _name("instance_type_projects", flavor)


def aggregate_name(name: str) -> str:
    """An aggregate's name."""
    return _name("aggregates/name", name)


def hosts_of_aggregate(aggregate: int) -> str:
    """Which hosts an aggregate has."""
    return _name("aggregate_hosts", aggregate)


def networks_of_project(project: Text) -> str:
    """Which networks a project has."""
    return _name("networks/project", project)


def floating_addresses(addresses: Iterable[str | None]) -> set[str]:
    """Which addresses there are as floating ips.

    Not a name an address: a batch may hold more of them than a server has room for locks.
    """
    return {f"floating_ips/{zlib.crc32(_name(address or '').encode()) % STRIPES}" for address in addresses}


def dns_domain(domain: str) -> str:
    """A domain."""
    return _name("dns_domains", domain)


def bandwidth(uuid: str | None, mac: str | None) -> str:
    """What a network card of an instance has sent and received."""
    return _name("bw_usage_cache", uuid, mac)


def volume_usage(volume: str | None) -> str:
    """What a volume has read and written."""
    return _name("volume_usage_cache", volume)


def _name(*parts: Any) -> str:
    """A name of parts, with halves of surrogate pairs spelled out, of which no encoding has any."""
    name = "/".join([part if type(part) is str else _shown(part) for part in parts])
    return name if name.isascii() else name.encode(errors="backslashreplace").decode()


def _shown(part: Any) -> str:
    """What stands for a part that is no text: as a column takes it, or what its kind is, of which no row has any."""
    return str(None) if part is None else text_of(part) or described(part)
