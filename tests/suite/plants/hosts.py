"""Mistakes in what hosts have: services, compute nodes, aggregates, cells, agents, consoles, flavors, EC2 ids."""

from __future__ import annotations

from typing import Any

from nova_db import exceptions
from nova_db.context import require_admin, require_context
from nova_db.engine import Eq, Query, all_of
from nova_db.operations.rows.changes import soft_delete
from nova_db.operations.rows.conditions import LIVE, equals, matches
from nova_db.operations.running.declarations import reads, writes
from nova_db.schema import TABLES
from nova_db_memory import MemoryDriver
from tests.suite.plants.registry import planted_driver

SERVICES = TABLES["services"]


@planted_driver("services")
class KeepsComputeNodes(MemoryDriver):
    """Leaves the compute nodes of a service that goes."""

    @writes(require_admin)
    def service_destroy(self, tx: Any, context: Any, instance_id: Any) -> None:
        if not soft_delete(tx, "services", all_of(equals(SERVICES, "id", instance_id), LIVE)):
            raise exceptions.ServiceNotFound(service_id=instance_id)


@planted_driver("services")
class DisabledServe(MemoryDriver):
    """Lists services of a topic that are disabled."""

    @reads(require_admin, snapshot=False)
    def service_get_all_by_topic(self, tx: Any, context: Any, topic: Any) -> Any:
        return tx.select(Query("services", all_of(equals(SERVICES, "topic", topic), LIVE)))


@planted_driver("services")
class OtherError(MemoryDriver):
    """Says of a missing binary of a host that the service is missing."""

    def service_get_by_args(self, context: Any, host: Any, binary: Any) -> Any:
        try:
            return super().service_get_by_args(context, host, binary)
        except exceptions.HostBinaryNotFound:
            raise exceptions.ServiceNotFound(service_id=binary) from None


@planted_driver("compute_nodes")
class DeadNodesCount(MemoryDriver):
    """Sums up nodes that are soft-deleted."""

    @reads(snapshot=False)
    def compute_node_statistics(self, tx: Any, context: Any) -> Any:
        from nova_db.operations.compute_nodes import _SUMS

        return tx.aggregate("compute_nodes", sums=_SUMS)[0]


@planted_driver("compute_nodes")
class PrunesAlways(MemoryDriver):
    """Removes the statistics that an update does not name, asked to or not."""

    def compute_node_update(self, context: Any, compute_id: Any, values: Any, prune_stats: bool = False) -> Any:
        return super().compute_node_update(context, compute_id, values, prune_stats="stats" in values)


@planted_driver("compute_nodes")
class HypervisorsByCase(MemoryDriver):
    """Finds hypervisors by the letter case of what is searched."""

    def compute_node_search_by_hypervisor(self, context: Any, hypervisor_match: Any) -> Any:
        found = super().compute_node_search_by_hypervisor(context, hypervisor_match)
        return [node for node in found if str(hypervisor_match) in node["hypervisor_hostname"]]


@planted_driver("aggregates")
class AddsByReplacing(MemoryDriver):
    """Replaces all metadata where some is added."""

    def aggregate_metadata_add(self, context: Any, aggregate_id: Any, metadata: Any, set_delete: bool = False) -> None:
        super().aggregate_metadata_add(context, aggregate_id, metadata, True)


@planted_driver("aggregates")
class HostsTwice(MemoryDriver):
    """Adds a host once more that an aggregate has."""

    @writes(require_admin)
    def aggregate_host_add(self, tx: Any, context: Any, aggregate_id: Any, host: Any) -> None:
        where = all_of(equals(TABLES["aggregates"], "id", aggregate_id), LIVE)
        if not tx.select(Query("aggregates", where)):
            raise exceptions.AggregateNotFound(aggregate_id=aggregate_id)
        row = TABLES["aggregate_hosts"].insert_values({"aggregate_id": aggregate_id, "host": host})
        tx.insert(("aggregate_hosts", [row]))


@planted_driver("aggregates")
class MetadataOutlives(MemoryDriver):
    """Leaves the metadata of an aggregate that goes."""

    @writes(require_admin)
    def aggregate_delete(self, tx: Any, context: Any, aggregate_id: Any) -> None:
        if not soft_delete(tx, "aggregates", all_of(equals(TABLES["aggregates"], "id", aggregate_id), LIVE)):
            raise exceptions.AggregateNotFound(aggregate_id=aggregate_id)


@planted_driver("cells")
class CellsOfNobody(MemoryDriver):
    """Says nothing of a cell that is not there when it changes it."""

    def cell_update(self, context: Any, cell_name: Any, values: Any) -> Any:
        try:
            return super().cell_update(context, cell_name, values)
        except exceptions.CellNotFound:
            return None


@planted_driver("cells")
class CellsAreCountedOnce(MemoryDriver):
    """Says that one cell went, however many did."""

    def cell_delete(self, context: Any, cell_name: Any) -> int:
        return min(super().cell_delete(context, cell_name), 1)


@planted_driver("agents")
class BuildsByHypervisorAlone(MemoryDriver):
    """Finds a build by its hypervisor and system, for any architecture."""

    @reads(require_admin, snapshot=False)
    def agent_build_get_by_triple(self, tx: Any, context: Any, hypervisor: Any, os: Any, architecture: Any) -> Any:
        where = all_of(matches(TABLES["agent_builds"], hypervisor=hypervisor, os=os), LIVE)
        found = tx.select(Query("agent_builds", where, limit=1))
        return found[0] if found else None


@planted_driver("agents")
class BuildsComeAndGo(MemoryDriver):
    """Removes builds, which are to be soft-deleted."""

    @writes(require_admin)
    def agent_build_destroy(self, tx: Any, context: Any, agent_update_id: Any) -> None:
        where = all_of(equals(TABLES["agent_builds"], "id", agent_update_id), LIVE)
        if not tx.delete("agent_builds", where):
            raise exceptions.AgentBuildNotFound(id=agent_update_id)


@planted_driver("consoles")
class ConsolesWithoutPool(MemoryDriver):
    """Gives a console without its pool."""

    @reads(snapshot=False)
    def console_get(self, tx: Any, context: Any, console_id: Any, instance_uuid: Any = None) -> Any:
        found = tx.select(Query("consoles", equals(TABLES["consoles"], "id", console_id)))
        if not found:
            raise exceptions.ConsoleNotFound(console_id=console_id)
        return {**found[0], "pool": None}


@planted_driver("consoles")
class PoolsOfTheOtherHost(MemoryDriver):
    """Mistakes the host of a pool for that of the instances."""

    def console_pool_get_by_host_type(self, context: Any, compute_host: Any, proxy_host: Any, console_type: Any) -> Any:
        return super().console_pool_get_by_host_type(context, proxy_host, compute_host, console_type)


@planted_driver("flavors")
class PrivateForAll(MemoryDriver):
    """Lists private flavors for those who may not use them."""

    def instance_type_get_all(self, context: Any, inactive: bool = False, filters: Any = None) -> Any:
        elevated = getattr(context, "elevated", lambda: context)()
        return super().instance_type_get_all(elevated, inactive, filters)


@planted_driver("flavors")
class SpecsAreReplaced(MemoryDriver):
    """Removes the extra specs that an update does not name."""

    def instance_type_extra_specs_update_or_create(self, context: Any, flavor_id: Any, extra_specs: Any) -> None:
        for key in set(self.instance_type_extra_specs_get(context, flavor_id)) - set(extra_specs):
            self.instance_type_extra_specs_delete(context, flavor_id, key)
        super().instance_type_extra_specs_update_or_create(context, flavor_id, extra_specs)


@planted_driver("flavors")
class NumbersAreTexts(MemoryDriver):
    """Finds a flavor by its public id given as a text alone."""

    def instance_type_get_by_flavor_id(self, context: Any, id: Any, read_deleted: Any = None) -> Any:
        if isinstance(id, int):
            raise exceptions.FlavorNotFound(flavor_id=id)
        return super().instance_type_get_by_flavor_id(context, id, read_deleted)


@planted_driver("flavors")
class DeadFlavorsFirst(MemoryDriver):
    """Gives of several flavors of one public id the oldest, dead or not."""

    @reads(require_context)
    def instance_type_get_by_flavor_id(self, tx: Any, context: Any, id: Any, read_deleted: Any = None) -> Any:
        from nova_db.operations.flavors import _flavor, _seen

        return _flavor(tx, _seen(context, "flavorid", id, read_deleted), exceptions.FlavorNotFound, flavor_id=id)


@planted_driver("ec2_ids")
class ForgetsForcedIds(MemoryDriver):
    """Takes no notice of an id that is given."""

    def ec2_volume_create(self, context: Any, volume_id: Any, forced_id: Any = None) -> Any:
        return super().ec2_volume_create(context, volume_id)


@planted_driver("ec2_ids")
class OneKindOfIds(MemoryDriver):
    """Looks snapshots up among volumes."""

    def get_snapshot_uuid_by_ec2_id(self, context: Any, ec2_id: Any) -> Any:
        try:
            return self.get_volume_uuid_by_ec2_id(context, ec2_id)
        except exceptions.VolumeNotFound:
            raise exceptions.SnapshotNotFound(snapshot_id=ec2_id) from None


@planted_driver("ec2_ids")
class DeadImagesAreGone(MemoryDriver):
    """Does not find images that are soft-deleted, which are to be found."""

    @reads(snapshot=False)
    def s3_image_get(self, tx: Any, context: Any, image_id: Any) -> Any:
        found = tx.select(Query("s3_images", all_of(equals(TABLES["s3_images"], "id", image_id), Eq("deleted", 0))))
        if not found:
            raise exceptions.ImageNotFound(image_id=image_id)
        return found[0]
