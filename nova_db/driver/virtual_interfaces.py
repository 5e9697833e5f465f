"""Virtual interfaces: the contract of the network cards that instances have.

All look-ups see deleted rows too, and every project's. An ``address`` (MAC) is unique, deleted rows included, and
compared as it is.
"""

from __future__ import annotations

import abc

from nova_db.driver.records import VirtualInterface
from nova_db.driver.types import Context, Id, Text, Values


class VirtualInterfacesContract(abc.ABC):
    """What a driver does for virtual interfaces."""

    @abc.abstractmethod
    def virtual_interface_create(self, context: Context, values: Values) -> VirtualInterface:
        """Insert an interface with the columns in ``values``, and return it. No ``uuid`` is made up.

        Auth: context.

        :raises VirtualInterfaceCreateException: the row was refused: the address is taken, there is no such instance,
            or a value cannot be stored.
        """

    @abc.abstractmethod
    def virtual_interface_get(self, context: Context, vif_id: Id) -> VirtualInterface | None:
        """Return the interface ``vif_id``, or None.

        Auth: context. Rows: all.
        """

    @abc.abstractmethod
    def virtual_interface_get_by_address(self, context: Context, address: Text) -> VirtualInterface | None:
        """Return the first interface with this ``address``, or None.

        Auth: context. Rows: all.
        """

    @abc.abstractmethod
    def virtual_interface_get_by_uuid(self, context: Context, vif_uuid: Text) -> VirtualInterface | None:
        """Return the first interface with the uuid ``vif_uuid``, or None.

        Auth: context. Rows: all.
        """

    @abc.abstractmethod
    def virtual_interface_get_by_instance(self, context: Context, instance_id: Text) -> list[VirtualInterface]:
        """Return the interfaces of an instance; ``instance_id`` is its uuid.

        Auth: context. Rows: all interfaces; the instance is looked up as by :func:`instance_get_by_uuid`.

        :raises InstanceNotFound: no such instance, in a user's project; ``instance_id`` is the uuid.
        """

    @abc.abstractmethod
    def virtual_interface_get_by_instance_and_network(
        self, context: Context, instance_id: Text, network_id: Id | None
    ) -> VirtualInterface | None:
        """Return the first interface of an instance in the network ``network_id``, or None.

        Auth: context. Rows: all.

        ``instance_id`` is the uuid; the instance need not exist.
        """

    @abc.abstractmethod
    def virtual_interface_delete_by_instance(self, context: Context, instance_id: Text) -> None:
        """Remove the interfaces of an instance, if it has any, for good; ``instance_id`` is its uuid.

        Auth: context. Rows: all.

        Fixed ips that belong to them are left as they are.
        """

    @abc.abstractmethod
    def virtual_interface_get_all(self, context: Context) -> list[VirtualInterface]:
        """Return every interface.

        Auth: context. Rows: all.
        """
