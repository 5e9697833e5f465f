"""Block device mappings: the contract of which volumes, snapshots and images back an instance's devices.

Mappings are of any project, need an existing instance (a soft-deleted one will do), and outlive its deletion. In the
three functions that take ``values``, an empty text for ``volume_size`` counts as not given.
"""

from __future__ import annotations

import abc

from nova_db.driver.records import BlockDeviceMapping
from nova_db.driver.types import Context, Id, Text, Values


class BlockDevicesContract(abc.ABC):
    """What a driver does for block device mappings."""

    @abc.abstractmethod
    def block_device_mapping_create(self, context: Context, values: Values) -> None:
        """Insert a mapping.

        Auth: context.

        ``values`` must have ``instance_uuid`` and ``device_name``; ``delete_on_termination`` is False unless given. A
        device may be mapped twice: see :func:`block_device_mapping_update_or_create`.

        :raises DBDataError: one of the two is missing or None.
        :raises DBReferenceError: no such instance.
        """

    @abc.abstractmethod
    def block_device_mapping_update(self, context: Context, bdm_id: Id, values: Values) -> None:
        """Write ``values`` to the mapping ``bdm_id``, if there is one; stamps ``updated_at``.

        Auth: context. Rows: visible.
        """

    @abc.abstractmethod
    def block_device_mapping_update_or_create(self, context: Context, values: Values) -> None:
        """Write ``values`` to the first mapping of the same instance and device, or insert one.

        Auth: context. Rows: live; soft-deleted ones where the context shows only those.

        ``values`` must have ``instance_uuid``, ``device_name`` and ``virtual_name``, which may be None. If the last
        is ``swap`` or ``ephemeral0``, ``ephemeral1`` and so on, the instance's mappings of that virtual name to other
        devices are soft-deleted.

        Racing: a device, and a swap or ephemeral name, ends with one live mapping per instance.

        :raises KeyError: one of the three keys is missing.
        :raises DBDataError: ``instance_uuid`` or ``device_name`` is None.
        :raises DBReferenceError: there is none to update and no such instance.
        """

    @abc.abstractmethod
    def block_device_mapping_get_all_by_instance(
        self, context: Context, instance_uuid: Text
    ) -> list[BlockDeviceMapping]:
        """Return the mappings of the instance ``instance_uuid``.

        Auth: context. Rows: visible.
        """

    @abc.abstractmethod
    def block_device_mapping_destroy(self, context: Context, bdm_id: Id) -> None:
        """Soft-delete the mapping ``bdm_id``, if there is one.

        Auth: context. Rows: visible.
        """

    @abc.abstractmethod
    def block_device_mapping_destroy_by_instance_and_device(
        self, context: Context, instance_uuid: Text, device_name: Text
    ) -> None:
        """Soft-delete every mapping of ``device_name`` on the instance ``instance_uuid``.

        Auth: context. Rows: visible.
        """

    @abc.abstractmethod
    def block_device_mapping_destroy_by_instance_and_volume(
        self, context: Context, instance_uuid: Text, volume_id: Id | None
    ) -> None:
        """Soft-delete every mapping of the volume ``volume_id`` on the instance ``instance_uuid``.

        Auth: context. Rows: visible.

        ``None`` stands for null as everywhere: it deletes all mappings of the instance that have no volume.
        """
