"""Fixed ips: the contract of the addresses that a network gives to instances.

A fixed ip is *associated* if ``instance_uuid`` is set, *allocated* if an interface uses it, *leased* if DHCP has
handed it out, and *reserved* if it is never given away by itself: four independent columns, of which a function looks
at those that its docstring names. Addresses may repeat. An ``instance_uuid`` must be that of an instance, perhaps a
deleted one (``DBReferenceError``); networks and interfaces are not checked.

"Own instance" after ``Auth`` means: if the row is associated, the instance must belong to a user's project, deleted
or not (else ``NotAuthorized``; ``InstanceNotFound`` without such an instance). Administrators are not asked.

``network``, where carried, is the live network of a live fixed ip, else None. A well-formed uuid is a canonical one.
"""

from __future__ import annotations

import abc
from collections.abc import Iterable

from nova_db.driver.records import FixedIp, FixedIpWithNetwork, Instance, Network
from nova_db.driver.types import Context, Id, Moment, Session, Text, Uuid, Values


class FixedIpsContract(abc.ABC):
    """What a driver does for fixed ips."""

    @abc.abstractmethod
    def fixed_ip_associate(
        self,
        context: Context,
        address: Text,
        instance_uuid: Uuid,
        network_id: Id | None = None,
        reserved: bool = False,
    ) -> str:
        """Give the fixed ip ``address`` to the instance ``instance_uuid``, and return the address.

        Auth: admin. Rows: live.

        The row must be of the network ``network_id`` or of none, in which case it becomes that network's, and be
        reserved or not, just as ``reserved`` says. Its other columns are neither looked at nor changed.

        Racing: one caller gets the address, the others ``FixedIpAlreadyInUse``.

        :raises InvalidUUID: ``instance_uuid`` is not well formed.
        :raises FixedIpNotFoundForNetwork: no such row; ``network_uuid`` is the ``network_id``.
        :raises FixedIpAlreadyInUse: the row is associated, be it with this very instance; the uuid is the one passed.
        """

    @abc.abstractmethod
    def fixed_ip_associate_pool(
        self, context: Context, network_id: Id | None, instance_uuid: Text = None, host: Text = None
    ) -> str:
        """Take a free fixed ip for the instance ``instance_uuid`` or for ``host``, or for both; return its address.

        Auth: admin. Rows: live.

        Free is one of the network ``network_id`` or of no network, which then becomes that network's, that is not
        reserved and has neither instance nor host. The network's own come first, then the lowest ``id``. Whether it
        is leased or allocated plays no part. With neither instance nor host the row stays free and may be given
        again.

        Racing: no address goes to two callers, and nobody is turned away while one is left.

        :raises InvalidUUID: ``instance_uuid`` is neither empty nor well formed.
        :raises NoMoreFixedIps: none is free. This is no ``NotFound``.
        """

    @abc.abstractmethod
    def fixed_ip_create(self, context: Context, values: Values) -> str | None:
        """Insert a fixed ip with the columns in ``values``, and return its address as stored.

        Auth: context.
        """

    @abc.abstractmethod
    def fixed_ip_bulk_create(self, context: Context, ips: Iterable[Values]) -> None:
        """Insert a fixed ip for each mapping of columns in ``ips``: all of them or none.

        Auth: context.

        Any iterable will do. Whether an address is there already is not checked.
        """

    @abc.abstractmethod
    def fixed_ip_disassociate(self, context: Context, address: Text) -> None:
        """Take the first fixed ip ``address`` from its instance, if it has one. No other column changes.

        Auth: context, own instance. Rows: visible.

        :raises FixedIpNotFoundForAddress: no such row.
        """

    @abc.abstractmethod
    def fixed_ip_disassociate_all_by_timeout(self, context: Context, host: Text, time: Moment) -> int:
        """Take back fixed ips that were associated but not used since ``time``, and return how many.

        Auth: admin. Rows: live.

        They are not allocated, were last updated before ``time`` (a null ``updated_at`` does not count), and have an
        instance and a network that exist, deleted or not. ``host`` must be the network's or, if the network is
        ``multi_host``, the instance's. They lose their instance, are no longer leased, and are stamped.

        Racing: an address allocated or updated meanwhile is spared, and each is counted by one caller.
        """

    @abc.abstractmethod
    def fixed_ip_get(self, context: Context, id: Id, get_network: bool = False) -> FixedIp | FixedIpWithNetwork:
        """Return the fixed ip ``id``, carrying ``network`` if ``get_network`` is true.

        Auth: context, own instance. Rows: visible.

        :raises FixedIpNotFound: no such row.
        """

    @abc.abstractmethod
    def fixed_ip_get_all(self, context: Context) -> list[FixedIp]:
        """Return every fixed ip.

        Auth: admin. Rows: all.

        :raises NoFixedIpsDefined: there is none.
        """

    @abc.abstractmethod
    def fixed_ip_get_by_address(self, context: Context, address: Text) -> FixedIp:
        """Return the first fixed ip with this ``address``.

        Auth: context, own instance. Rows: visible.

        :raises FixedIpNotFoundForAddress: no such row.
        """

    @abc.abstractmethod
    def fixed_ip_get_by_address_detailed(
        self, context: Context, address: Text
    ) -> tuple[FixedIp, Network | None, Instance | None]:
        """Return the first fixed ip with this ``address``, its network and its instance, each None if there is none.

        Auth: admin. Rows: visible; the network and the instance may be deleted ones.

        :raises FixedIpNotFoundForAddress: no such row.
        """

    @abc.abstractmethod
    def fixed_ip_get_by_floating_address(self, context: Context, floating_address: Text) -> FixedIp | None:
        """Return the fixed ip with which the live floating ip ``floating_address`` is associated, or None.

        Auth: context. Rows: visible.
        """

    @abc.abstractmethod
    def fixed_ip_get_by_host(self, context: Context, host: Text) -> list[FixedIp]:
        """Return the fixed ips of the live instances on ``host``; the fixed ips' own ``host`` plays no part.

        Auth: admin. Rows: visible.
        """

    @abc.abstractmethod
    def fixed_ip_get_by_instance(self, context: Context, instance_uuid: Uuid) -> list[FixedIp]:
        """Return the fixed ips of the instance ``instance_uuid``, of whatever project.

        Auth: context. Rows: live.

        :raises InvalidUUID: ``instance_uuid`` is not well formed.
        :raises FixedIpNotFoundForInstance: it has none.
        """

    @abc.abstractmethod
    def fixed_ip_get_by_network_host(self, context: Context, network_uuid: Id | None, host: Text) -> FixedIp:
        """Return the first fixed ip of a network that ``host`` itself uses.

        Auth: context. Rows: live.

        ``network_uuid`` is, despite its name, the network's integer ``id``.

        :raises FixedIpNotFoundForNetworkHost: no such row.
        """

    @abc.abstractmethod
    def fixed_ips_by_virtual_interface(self, context: Context, vif_id: Id | None) -> list[FixedIp]:
        """Return the fixed ips of the virtual interface ``vif_id``.

        Auth: context. Rows: live.
        """

    @abc.abstractmethod
    def fixed_ip_update(self, context: Context, address: Text, values: Values) -> None:
        """Write ``values`` to the first fixed ip with this ``address``.

        Auth: context, own instance, as it is before. Rows: visible.

        :raises FixedIpNotFoundForAddress: no such row.
        """

    @abc.abstractmethod
    def fixed_ip_count_by_project(self, context: Context, project_id: Text, session: Session = None) -> int:
        """Count the fixed ips whose instance, deleted or not, belongs to ``project_id``.

        Auth: own project. Rows: live.

        The quota on fixed ips is refreshed with it, inside the transaction ``session``.
        """
