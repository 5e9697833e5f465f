"""Mistakes in instances, and in what belongs to them."""

from __future__ import annotations

from typing import Any

from nova_db import exceptions
from nova_db.clock import utcnow
from nova_db.context import require_admin, require_context
from nova_db.engine import Eq, Ne, Order, Query, all_of
from nova_db.operations.rows.conditions import LIVE, equals, matches
from nova_db.operations.running.declarations import reads, writes
from nova_db.schema import TABLES
from nova_db_memory import MemoryDriver
from tests.suite.plants.registry import Meddling, planted_driver

INSTANCES, MAPPINGS, ACTIONS = TABLES["instances"], TABLES["block_device_mapping"], TABLES["instance_actions"]


@planted_driver("instances")
class MetadataMerged(MemoryDriver):
    """Adds the metadata of an update to what is there, where it is to take its place."""

    def instance_update(self, context: Any, instance_uuid: Any, values: Any, update_cells: bool = True) -> Any:
        if isinstance(values.get("metadata"), dict):
            held = self.instance_metadata_get(context, instance_uuid)
            values = {**values, "metadata": {**held, **values["metadata"]}}
        return super().instance_update(context, instance_uuid, values, update_cells)


@planted_driver("instances")
class NoExpectedStates(MemoryDriver):
    """Takes no notice of the state that an update expects."""

    def instance_update(self, context: Any, instance_uuid: Any, values: Any, update_cells: bool = True) -> Any:
        kept = {name: value for name, value in values.items() if name != "expected_task_state"}
        return super().instance_update(context, instance_uuid, kept, update_cells)


@planted_driver("instances")
class OriginalIsNew(MemoryDriver):
    """Gives as the original of an update what it has come to."""

    def instance_update_and_get_original(self, context: Any, instance_uuid: Any, values: Any) -> Any:
        _, new = super().instance_update_and_get_original(context, instance_uuid, values)
        return new, new


@planted_driver("instances")
class AscendingPages(MemoryDriver):
    """Sorts upwards unless it is told to sort downwards."""

    def instance_get_all_by_filters(
        self, context: Any, filters: Any, sort_key: Any = "created_at", sort_dir: Any = "asc", *args: Any, **kwargs: Any
    ) -> Any:
        return super().instance_get_all_by_filters(context, filters, sort_key, sort_dir, *args, **kwargs)


@planted_driver("instances")
class PagesRepeat(MemoryDriver):
    """Begins a page with its marker."""

    def instance_get_all_by_filters(self, context: Any, filters: Any, *args: Any, **kwargs: Any) -> Any:
        found = super().instance_get_all_by_filters(context, filters, *args, **kwargs)
        marker = kwargs.get("marker")
        if marker is None or not found:
            return found
        limit = kwargs.get("limit")
        return [self.instance_get_by_uuid(context, marker), *found][: len(found) if limit else None]


@planted_driver("instances")
class SoftDeletedAreLive(MemoryDriver):
    """Lists instances that are soft-deleted among those that are not."""

    def instance_get_all_by_filters(self, context: Any, filters: Any, *args: Any, **kwargs: Any) -> Any:
        kept = {name: value for name, value in filters.items() if name != "deleted" or value}
        return super().instance_get_all_by_filters(context, kept, *args, **kwargs)


@planted_driver("instances")
class AllProjects(MemoryDriver):
    """Lists the instances of all projects for a user."""

    def instance_get_all(self, context: Any, columns_to_join: Any = None) -> Any:
        elevated = getattr(context, "elevated", lambda: context)()
        return super().instance_get_all(elevated, columns_to_join)


@planted_driver("instances")
class LeavesGroups(Meddling):
    """Destroys an instance, and leaves it in its groups."""

    def instance_destroy(self, context: Any, instance_uuid: Any, *args: Any, **kwargs: Any) -> Any:
        links = "security_group_instance_association"
        where = all_of(equals(TABLES[links], "instance_uuid", instance_uuid), LIVE)
        with self.transaction(context):
            held = [row["id"] for row in self.meddle(context, lambda tx: tx.select(Query(links, where)))]
            done = super().instance_destroy(context, instance_uuid, *args, **kwargs)
            again = [(key, {"deleted": 0, "deleted_at": None}) for key in held]
            self.meddle(context, lambda tx: tx.update_each(links, again))
        return done


@planted_driver("instances")
class NamesInAnyCase(MemoryDriver):
    """Searches names whatever the letter case."""

    def instance_get_all_by_filters(self, context: Any, filters: Any, *args: Any, **kwargs: Any) -> Any:
        name = filters.get("display_name")
        if isinstance(name, str) and name.isalnum():
            filters = {**filters, "display_name": f"(?i){name}"}
        return super().instance_get_all_by_filters(context, filters, *args, **kwargs)


@planted_driver("instances")
class NoMemory(MemoryDriver):
    """Sums up what no instance uses to nulls."""

    def instance_data_get_for_project(self, context: Any, project_id: Any, session: Any = None) -> Any:
        count, cores, memory = super().instance_data_get_for_project(context, project_id, session)
        return (count, cores, memory) if count else (count, None, None)


@planted_driver("instances")
class TestsThenSets(Meddling):
    """Reads a state, and sets it in another transaction, whatever it has become."""

    def instance_test_and_set(
        self, context: Any, instance_uuid: Any, attr: Any, ok_states: Any, new_state: Any
    ) -> None:
        found = self.instance_get_by_uuid(context, instance_uuid)
        if attr not in ("vm_state", "task_state") or found[attr] is None or found[attr] not in list(ok_states):
            super().instance_test_and_set(context, instance_uuid, attr, ok_states, new_state)
            return
        values = INSTANCES.update_values({attr: new_state, "updated_at": utcnow()})
        self.meddle(context, lambda tx: tx.update("instances", Eq("uuid", found["uuid"]), values))


@planted_driver("instance_metadata")
class MetadataKept(MemoryDriver):
    """Keeps the metadata that an update with ``delete`` does not name."""

    def instance_metadata_update(self, context: Any, instance_uuid: Any, metadata: Any, delete: Any) -> Any:
        return super().instance_metadata_update(context, instance_uuid, metadata, False)


@planted_driver("instance_metadata")
class OldestFaultsFirst(MemoryDriver):
    """Lists the oldest faults first."""

    def instance_fault_get_by_instance_uuids(self, context: Any, instance_uuids: Any) -> Any:
        found = super().instance_fault_get_by_instance_uuids(context, instance_uuids)
        return {uuid: faults[::-1] for uuid, faults in found.items()}


@planted_driver("instance_metadata")
class NumbersStay(MemoryDriver):
    """Gives values back as they were given, and not as they are stored."""

    def instance_metadata_update(self, context: Any, instance_uuid: Any, metadata: Any, delete: Any) -> Any:
        return {**super().instance_metadata_update(context, instance_uuid, metadata, delete), **metadata}


@planted_driver("instance_actions")
class ActionsOldestFirst(MemoryDriver):
    """Lists the oldest actions first."""

    @reads(snapshot=False)
    def actions_get(self, tx: Any, context: Any, uuid: Any) -> Any:
        where = all_of(equals(ACTIONS, "instance_uuid", uuid), LIVE)
        return tx.select(Query("instance_actions", where, order=(Order("created_at"), Order("id"))))


@planted_driver("instance_actions")
class ErrorsByCase(Meddling):
    """Notes on the action an event that has failed only where that is said in capitals."""

    def action_event_finish(self, context: Any, values: Any) -> Any:
        with self.transaction(context):
            done = super().action_event_finish(context, values)
            if values.get("result") in ("error", "Error"):
                where = Eq("id", done["action_id"])
                self.meddle(context, lambda tx: tx.update("instance_actions", where, {"message": None}))
        return done


@planted_driver("block_devices")
class AlwaysNew(MemoryDriver):
    """Makes a mapping where one is to be updated."""

    def block_device_mapping_update_or_create(self, context: Any, values: Any) -> None:
        self.block_device_mapping_create(context, values)


@planted_driver("block_devices")
class AllSwaps(Meddling):
    """Leaves an older swap device where a new one comes."""

    def block_device_mapping_update_or_create(self, context: Any, values: Any) -> None:
        kind = values.get("virtual_name")
        if kind != "swap":
            super().block_device_mapping_update_or_create(context, values)
            return
        named = matches(MAPPINGS, instance_uuid=values["instance_uuid"], device_name=values["device_name"])
        with self.transaction(context):
            super().block_device_mapping_update_or_create(context, {**values, "virtual_name": None})
            changes = {"virtual_name": kind}
            self.meddle(context, lambda tx: tx.update(MAPPINGS.name, all_of(named, LIVE), changes))


@planted_driver("block_devices")
class DeletedIsOne(MemoryDriver):
    """Marks what is soft-deleted by 1, and not by the id of the row."""

    @writes(require_context)
    def block_device_mapping_destroy(self, tx: Any, context: Any, bdm_id: Any) -> None:
        where = all_of(equals(MAPPINGS, "id", bdm_id), LIVE)
        tx.update("block_device_mapping", where, {"deleted": 1, "deleted_at": utcnow()})


@planted_driver("migrations")
class WindowIsExclusive(MemoryDriver):
    """Leaves out migrations that end with the window."""

    def migration_get_unconfirmed_by_dest_compute(self, context: Any, confirm_window: Any, dest_compute: Any) -> Any:
        return super().migration_get_unconfirmed_by_dest_compute(context, confirm_window + 1, dest_compute)


@planted_driver("migrations")
class SourcesAlone(MemoryDriver):
    """Lists migrations that leave a host, and not those that come."""

    @reads(require_admin)
    def migration_get_in_progress_by_host_and_node(self, tx: Any, context: Any, host: Any, node: Any) -> Any:
        found = super().migration_get_in_progress_by_host_and_node(context, host, node)
        return [each for each in found if each["source_compute"] == host]


@planted_driver("archiving")
class NoShadows(MemoryDriver):
    """Removes deleted rows, and puts them nowhere."""

    @writes(require_admin)
    def _archive(self, tx: Any, context: Any, tablename: Any, max_rows: Any) -> int:
        table = TABLES[tablename]
        if table.shadow is None:
            return 0
        order = (Order(table.primary_key),)
        found = tx.select(Query(table.name, Ne("deleted", table.live_value), order=order, limit=max_rows))
        for row in found:
            tx.delete(table.name, Eq(table.primary_key, row[table.primary_key]))
        return len(found)


@planted_driver("archiving")
class ArchivesTheNewest(MemoryDriver):
    """Moves the newest rows first."""

    @writes(require_admin)
    def _archive(self, tx: Any, context: Any, tablename: Any, max_rows: Any) -> int:
        table = TABLES[tablename]
        if table.shadow is None:
            return 0
        order = (Order(table.primary_key, descending=True),)
        try:
            with tx.savepoint():
                deleted = Ne("deleted", table.live_value)
                return int(tx.move(table.name, table.shadow.name, deleted, order=order, limit=max_rows))
        except exceptions.DBReferenceError:
            return 0


@planted_driver("archiving")
class LimitForEach(MemoryDriver):
    """Takes the limit for one of each table."""

    def archive_deleted_rows(self, context: Any, max_rows: Any = None) -> int:
        return sum(self._archive(context, name, max_rows) for name in TABLES)
