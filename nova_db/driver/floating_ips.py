"""Floating ips: the contract of the addresses that projects take from pools and put on fixed ips.

A floating ip is *allocated* if ``project_id`` is set, *associated* if ``fixed_ip_id`` is, and free if neither is. At
most one live row has an address.

"Own address" after ``Auth`` means: if the row is allocated, it must be to a user's project (else ``NotAuthorized``).
``fixed_ip``, where carried, is the live fixed ip of a live floating ip, else None; it carries its live ``instance``,
or None. In a look-up an empty address counts as null.
"""

from __future__ import annotations

import abc
from collections.abc import Iterable

from nova_db.driver.records import FixedIpWithNetwork, FloatingIp, FloatingIpPool, FloatingIpWithFixedIp
from nova_db.driver.types import Context, Id, Session, Text, Uuid, Values


class FloatingIpsContract(abc.ABC):
    """What a driver does for floating ips."""

    @abc.abstractmethod
    def floating_ip_get(self, context: Context, id: Id) -> FloatingIpWithFixedIp:
        """Return the floating ip ``id``, carrying ``fixed_ip``.

        Auth: context. Rows: visible, of a user's project; a free one is not, though its address can be looked up.

        :raises FloatingIpNotFound: no such row.
        """

    @abc.abstractmethod
    def floating_ip_get_pools(self, context: Context) -> list[FloatingIpPool]:
        """Return the distinct pools that have addresses, sorted, each as ``{"name": pool}``; the name may be None.

        Auth: context. Rows: visible, of every project.
        """

    @abc.abstractmethod
    def floating_ip_allocate_address(self, context: Context, project_id: Text, pool: Text) -> str:
        """Allocate a free floating ip of ``pool`` to ``project_id``, and return its address.

        Auth: own project. Rows: live.

        Racing: no address goes to two callers, and nobody is turned away while one is left.

        :raises NoMoreFloatingIps: none is free.
        """

    @abc.abstractmethod
    def floating_ip_bulk_create(self, context: Context, ips: Iterable[Values]) -> None:
        """Insert a floating ip for each mapping of columns in ``ips``: all of them or none.

        Auth: context.

        Racing: an address gets one live row. It can be created again once it is soft-deleted.

        :raises FloatingIpExists: an address is there, or comes twice; all columns of the row that has it are given.
        :raises KeyError: a mapping has no ``address``.
        """

    @abc.abstractmethod
    def floating_ip_bulk_destroy(self, context: Context, ips: Iterable[Values]) -> None:
        """Soft-delete the floating ips with the ``address`` of each mapping in ``ips``, in whatever state.

        Auth: context. Rows: visible.

        Other keys and unknown addresses are ignored. There may be tens of thousands; it is one transaction all the
        same.

        :raises KeyError: a mapping has no ``address``.
        """

    @abc.abstractmethod
    def floating_ip_create(self, context: Context, values: Values) -> str | None:
        """Insert a floating ip with the columns in ``values``, and return its address as stored.

        Auth: context, own address. Rows: visible or live, where it is looked up whether the address is there.

        With a true ``deleted`` in ``values`` it is not looked up; an empty one counts as null. Racing: an address gets
        one live row.

        :raises FloatingIpExists: the address is there; all columns of the row proposed are given.
        :raises NotAuthorized: it is there, and allocated to another project than a user's.
        """

    @abc.abstractmethod
    def floating_ip_count_by_project(self, context: Context, project_id: Text, session: Session = None) -> int:
        """Count the floating ips allocated to ``project_id``, those assigned automatically left out.

        Auth: own project. Rows: live.

        The quota on floating ips is refreshed with it, inside the transaction ``session``.
        """

    @abc.abstractmethod
    def floating_ip_deallocate(self, context: Context, address: Text) -> None:
        """Take the floating ips with this ``address``, if any, from their project; stamps ``updated_at``.

        Auth: context. Rows: visible.

        ``project_id`` and ``host`` become null, ``auto_assigned`` False. An association stays, and as long as it does
        the address is not free.
        """

    @abc.abstractmethod
    def floating_ip_destroy(self, context: Context, address: Text) -> None:
        """Remove the floating ips with this ``address`` for good, if there are any, in whatever state.

        Auth: context. Rows: visible.
        """

    @abc.abstractmethod
    def floating_ip_disassociate(self, context: Context, address: Text) -> FixedIpWithNetwork | None:
        """Take the first floating ip with this ``address`` from its fixed ip and host.

        Auth: context. Rows: visible.

        Returns the fixed ip, carrying its live ``network`` or None. The result is None if there was no association,
        or if that fixed ip is not visible. Racing: one caller gets the fixed ip, the others None.

        :raises FloatingIpNotFoundForAddress: no such floating ip.
        """

    @abc.abstractmethod
    def floating_ip_fixed_ip_associate(
        self, context: Context, floating_address: Text, fixed_address: Text, host: Text
    ) -> FixedIpWithNetwork | None:
        """Put the floating ip ``floating_address`` on the fixed ip ``fixed_address``, served by ``host``.

        Auth: context, own address. Rows: visible, of both kinds.

        Returns the fixed ip, carrying its live ``network`` or None. The result is None, and nothing is changed, if
        the two are associated already. Another association is replaced; several floating ips may be on one fixed ip.
        Deadlocks are retried, never reported.

        :raises FloatingIpNotFoundForAddress: no such floating ip.
        :raises FixedIpNotFoundForAddress: no such fixed ip.
        """

    @abc.abstractmethod
    def floating_ip_get_all(self, context: Context) -> list[FloatingIp]:
        """Return every floating ip.

        Auth: admin. Rows: live.

        :raises NoFloatingIpsDefined: there is none.
        """

    @abc.abstractmethod
    def floating_ip_get_all_by_host(self, context: Context, host: Text) -> list[FloatingIp]:
        """Return the floating ips served by ``host``.

        Auth: admin. Rows: live.

        :raises FloatingIpNotFoundForHost: there is none.
        """

    @abc.abstractmethod
    def floating_ip_get_all_by_project(self, context: Context, project_id: Text) -> list[FloatingIpWithFixedIp]:
        """Return the floating ips allocated to ``project_id``, those assigned automatically left out.

        Auth: own project. Rows: live.

        Each carries ``fixed_ip``.
        """

    @abc.abstractmethod
    def floating_ip_get_by_address(self, context: Context, address: Text) -> FloatingIpWithFixedIp:
        """Return the first floating ip with this ``address``, carrying ``fixed_ip``.

        Auth: context, own address. Rows: visible.

        :raises FloatingIpNotFoundForAddress: no such row.
        """

    @abc.abstractmethod
    def floating_ip_get_by_fixed_address(self, context: Context, fixed_address: Text) -> list[FloatingIp]:
        """Return the floating ips that are on a live fixed ip with the address ``fixed_address``.

        Auth: context. Rows: visible.
        """

    @abc.abstractmethod
    def floating_ip_get_by_fixed_ip_id(self, context: Context, fixed_ip_id: Id | None) -> list[FloatingIp]:
        """Return the floating ips that are on the fixed ip ``fixed_ip_id``.

        Auth: context. Rows: visible.
        """

    @abc.abstractmethod
    def floating_ip_update(self, context: Context, address: Text, values: Values) -> None:
        """Write ``values`` to the first floating ip with this ``address``.

        Auth: context, own address, as it is before. Rows: visible.

        :raises FloatingIpNotFoundForAddress: no such row.
        """

    @abc.abstractmethod
    def floating_ip_set_auto_assigned(self, context: Context, address: Text) -> None:
        """Mark the floating ips with this ``address``, if any, as assigned automatically; stamps ``updated_at``.

        Auth: context. Rows: visible.
        """

    @abc.abstractmethod
    def instance_get_floating_address(self, context: Context, instance_id: Id) -> str | None:
        """Return the address of the first floating ip on the first fixed ip of an instance.

        Auth: context. Rows: visible instances of a user's project, live fixed ips, visible floating ips.

        ``instance_id`` is the integer key, as in :func:`instance_get`.

        The result is None if that fixed ip has no floating ip, though another one may.

        :raises InstanceNotFound: no such instance.
        :raises InvalidID: the number does not fit into 64 bits.
        :raises InvalidUUID: the instance's uuid is not well formed.
        :raises FixedIpNotFoundForInstance: the instance has no fixed ip.
        """

    @abc.abstractmethod
    def instance_floating_address_get_all(self, context: Context, instance_uuid: Uuid) -> list[FloatingIp]:
        """Return the floating ips on the fixed ips of the instance ``instance_uuid``, of whatever project.

        Auth: context. Rows: live fixed ips, visible floating ips.

        They come as records, not as addresses, in the order of the fixed ips' ``id``, then their own.

        :raises InvalidUUID: ``instance_uuid`` is not well formed.
        :raises FixedIpNotFoundForInstance: there is no fixed ip, or no instance.
        """
