"""What hangs on an instance: the contract of its metadata, system metadata, info cache and faults.

No function here looks the instance up: a uuid is a value to compare with, well formed or not, of whatever project.
Callers check who owns the instance. Only an insert needs it, by foreign key (``DBReferenceError``; a soft-deleted
instance will do), and faults do not even need that. None of the functions touches the instance's own row.

:func:`instance_destroy` deletes the metadata and the info cache, and leaves system metadata and faults.

Keys of metadata are compared exactly. Values are text or null: ``5`` is stored as ``"5"``, ``True`` as ``"1"``; other
objects are a ``DBDataError``, as is ``None`` for a key. An item whose value does not change keeps its ``updated_at``.
"""

from __future__ import annotations

import abc
from collections.abc import Iterable, Mapping
from typing import Any

from nova_db.driver.records import InstanceFault, InstanceInfoCache, WrittenInfoCache
from nova_db.driver.types import Context, Text, TextT, Uuid, Values


class InstanceMetadataContract(abc.ABC):
    """What a driver does for the metadata, system metadata, info caches and faults of instances."""

    @abc.abstractmethod
    def instance_metadata_get(self, context: Context, instance_uuid: Text) -> dict[str, str | None]:
        """Return the metadata of the instance ``instance_uuid`` as a dict, key to value; ``{}`` if there is none.

        Auth: context. Rows: live.
        """

    @abc.abstractmethod
    def instance_metadata_update(
        self, context: Context, instance_uuid: Uuid, metadata: Mapping[str, Any], delete: bool
    ) -> dict[str, str | None]:
        """Set the items of ``metadata`` on the instance ``instance_uuid``, and return them as stored.

        Auth: context. Rows: live.

        The value of a key that is there is changed in place; other keys get new rows, also if they were deleted
        before. With a true ``delete`` the items whose keys are not in ``metadata`` are soft-deleted, else they stay;
        they are not part of the result in either case.

        Racing: a key has one live item at most. Calls that replace the whole set end as one of them, never as a
        mixture.

        :raises DBReferenceError: there is an item to insert and no such instance.
        :raises DBDataError: a key or value cannot be stored; ``instance_uuid`` is None.
        :raises TypeError: ``metadata`` is no mapping.
        """

    @abc.abstractmethod
    def instance_metadata_delete(self, context: Context, instance_uuid: Text, key: str | int | None) -> None:
        """Soft-delete the item ``key`` from the metadata of the instance ``instance_uuid``, if it is there.

        Auth: context. Rows: live.
        """

    @abc.abstractmethod
    def instance_system_metadata_get(self, context: Context, instance_uuid: Text) -> dict[str, str | None]:
        """Return the system metadata of the instance ``instance_uuid`` as a dict, key to value; ``{}`` if none.

        Auth: context. Rows: visible.

        It survives the instance's deletion. Where the context shows deleted items too, a live one wins over deleted
        ones of its key, and among those the one with the highest ``id``.
        """

    @abc.abstractmethod
    def instance_system_metadata_update(
        self, context: Context, instance_uuid: Uuid, metadata: Mapping[str, Any], delete: bool
    ) -> None:
        """Set system metadata of the instance ``instance_uuid``, as :func:`instance_metadata_update` sets metadata.

        Auth: context. Rows: live.

        ``metadata`` and ``delete`` mean the same, and what is promised under races and on errors is the same, but
        nothing is returned.

        :raises DBReferenceError: there is an item to insert and no such instance.
        :raises DBDataError: a key or value cannot be stored; ``instance_uuid`` is None.
        :raises TypeError: ``metadata`` is no mapping.
        """

    @abc.abstractmethod
    def instance_info_cache_get(self, context: Context, instance_uuid: Text) -> InstanceInfoCache | None:
        """Return the info cache of the instance ``instance_uuid``, or None.

        Auth: context. Rows: visible.

        ``network_info`` is text that the database does not look into. There is one row per instance, deleted or not.
        """

    @abc.abstractmethod
    def instance_info_cache_update(self, context: Context, instance_uuid: Text, values: Values) -> WrittenInfoCache:
        """Write ``values`` to the info cache of the instance ``instance_uuid``, and return it.

        Auth: context. Rows: visible.

        A cache that is deleted stays so, and its loss is no error, since a network refresh may race with the deletion
        of the instance:

        * no row is visible, but there is one, or the instance does not exist: nothing is stored. The result then is a
          record with ``instance_uuid`` and the values given, every other column None, ``created_at`` and ``id``
          included;
        * there is no row at all and the instance exists: a new cache is inserted.

        Racing: an update never revives a cache that was deleted meanwhile, and two of them never insert two.

        :raises InstanceInfoCacheNotFound: the row that the context shows is soft-deleted.
        :raises DBDuplicateEntry: ``values`` move the cache to an instance that has one.
        :raises DBReferenceError: ``values`` move it to an instance that does not exist.
        """

    @abc.abstractmethod
    def instance_info_cache_delete(self, context: Context, instance_uuid: Text) -> None:
        """Soft-delete the info cache of the instance ``instance_uuid``, if it is there.

        Auth: context. Rows: visible.

        There is no way back: no function revives it, and a second one is kept out until the row is archived.
        """

    @abc.abstractmethod
    def instance_fault_create(self, context: Context, values: Values, update_cells: bool = True) -> InstanceFault:
        """Record a fault of an instance, and return it.

        Auth: anyone.

        Of the columns in ``values`` only ``code`` is required. ``instance_uuid`` need not name an instance. An
        instance may have any number of faults. ``update_cells`` tells the listeners.

        :raises DBDataError: ``code`` is missing or no integer, or another value cannot be stored.
        """

    @abc.abstractmethod
    def instance_fault_get_by_instance_uuids(
        self, context: Context, instance_uuids: Iterable[TextT]
    ) -> dict[TextT, list[InstanceFault]]:
        """Return the faults of the instances ``instance_uuids``, as a dict of lists by uuid.

        Auth: anyone. Rows: live.

        The dict has every uuid asked for, with ``[]`` where there are no faults. Each list is newest first: by
        ``created_at``, then ``id``, both descending. The iterable may be of any length and name a uuid twice.

        :raises TypeError: ``instance_uuids`` is None or a bare string.
        """
