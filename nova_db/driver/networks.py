"""Networks: the contract of defining them, of giving them to projects and hosts, and of what uses them.

``project_only`` says which networks a *user* sees: ``True`` (or whatever else is true) those of the context's
project, ``"allow_none"`` those and the ones of no project, ``False`` all. Administrators always see all.

Among live networks a ``vlan`` is unique; label, uuid and CIDRs may repeat.
"""

from __future__ import annotations

import abc
from collections.abc import Sequence

from nova_db.driver.records import AssociatedFixedIp, Network
from nova_db.driver.types import Context, Id, Text, Uuid, Values


class NetworksContract(abc.ABC):
    """What a driver does for networks."""

    @abc.abstractmethod
    def network_associate(
        self, context: Context, project_id: Text, network_id: Id | None = None, force: bool = False
    ) -> Network:
        """Give a network to ``project_id``, and return it.

        Auth: admin. Rows: live.

        If the project has a network already, that (the first) is the answer, whatever ``network_id`` says, unless
        ``force`` is true. Else it gets the network ``network_id``, or with None the first, if that is of no project:
        a network is never taken from its owner.

        Racing: a network goes to one project, and calls without ``force`` give a project one network.

        :raises NoMoreNetworks: there is no such network without an owner.
        """

    @abc.abstractmethod
    def network_count_reserved_ips(self, context: Context, network_id: Id) -> int:
        """Count the reserved fixed ips of the network ``network_id``; 0 for an unknown one.

        Auth: admin. Rows: live.
        """

    @abc.abstractmethod
    def network_create_safe(self, context: Context, values: Values) -> Network:
        """Insert a network with the columns in ``values``, and return it. ``uuid`` is random unless given.

        Auth: admin.

        :raises DuplicateVlan: a live network has the ``vlan``.
        """

    @abc.abstractmethod
    def network_delete_safe(self, context: Context, network_id: Id) -> None:
        """Remove the network ``network_id`` for good, and soft-delete its fixed ips.

        Auth: admin. Rows: visible networks, live fixed ips.

        It is refused if a fixed ip is allocated, which is looked at first; not if one is associated, leased or
        reserved, nor because of a project, a host, an interface or a floating ip. Racing: no fixed ip becomes
        allocated in between.

        :raises NetworkInUse: a fixed ip is allocated.
        :raises NetworkNotFound: no such network.
        """

    @abc.abstractmethod
    def network_disassociate(
        self,
        context: Context,
        network_id: Id,
        disassociate_host: bool = True,
        disassociate_project: bool = True,
    ) -> None:
        """Take the network ``network_id`` from its host, its project or both.

        Auth: admin. Rows: visible.

        ``disassociate_host`` and ``disassociate_project`` say which; the network must exist even if both are false.

        :raises NetworkNotFound: no such network.
        """

    @abc.abstractmethod
    def network_get(self, context: Context, network_id: Id, project_only: bool | str = "allow_none") -> Network:
        """Return the network ``network_id``.

        Auth: context. Rows: visible, as ``project_only`` says.

        :raises NetworkNotFound: no such network.
        """

    @abc.abstractmethod
    def network_get_all(self, context: Context, project_only: bool | str = "allow_none") -> list[Network]:
        """Return every network.

        Auth: context. Rows: live, as ``project_only`` says.

        :raises NoNetworksFound: there is none.
        """

    @abc.abstractmethod
    def network_get_all_by_host(self, context: Context, host: Text) -> list[Network]:
        """Return the networks that have to do with ``host``, each once.

        Auth: admin. Rows: live networks, visible fixed ips.

        It is the network's own host, or that of one of its fixed ips, or that of the instance behind the virtual
        interface of one of its fixed ips; interface and instance may be deleted.
        """

    @abc.abstractmethod
    def network_get_all_by_instance(self, context: Context, instance_id: Id) -> list[Network]:
        """Return the networks to which a virtual interface of the instance ``instance_id``, an integer, belongs.

        Auth: admin. Rows: live.

        :raises NetworkNotFoundForInstance: there is none.
        """

    @abc.abstractmethod
    def network_get_all_by_uuids(
        self, context: Context, network_uuids: Sequence[Uuid], project_only: bool | str = "allow_none"
    ) -> list[Network]:
        """Return the networks that have one of ``network_uuids``, each once, in the order of their ``id``.

        Auth: context. Rows: live, as ``project_only`` says.

        :raises NoNetworksFound: there is none at all.
        :raises NetworkNotFoundForProject: some are missing and ``project_only`` is true; the first of them in the order
            asked.
        :raises NetworkNotFound: the same, if ``project_only`` is False; ``network_id`` is the uuid.
        """

    @abc.abstractmethod
    def network_get_associated_fixed_ips(
        self, context: Context, network_id: Id, host: Text = None
    ) -> list[AssociatedFixedIp]:
        """Return what DHCP needs to know of the addresses in use in the network ``network_id``.

        Auth: admin. Rows: live fixed ips, interfaces and instances; the network is not looked up.

        One dict for each fixed ip that is allocated and has both an instance and an interface; only of instances on
        ``host`` unless that is empty. Its keys: ``address``, ``instance_uuid``, ``network_id``, ``vif_id``,
        ``allocated`` and ``leased`` of the fixed ip, ``vif_address``, ``instance_hostname``, ``instance_updated`` and
        ``instance_created`` (the instance's time stamps). The whole is one read, however many there are.
        """

    @abc.abstractmethod
    def network_get_by_cidr(self, context: Context, cidr: Text) -> Network:
        """Return the first network of which ``cidr`` is the IPv4 or the IPv6 range.

        Auth: admin. Rows: live.

        :raises NetworkNotFoundForCidr: no such network.
        """

    @abc.abstractmethod
    def network_get_by_uuid(self, context: Context, uuid: Text) -> Network:
        """Return the first network with this ``uuid``.

        Auth: admin. Rows: live.

        :raises NetworkNotFoundForUUID: no such network.
        """

    @abc.abstractmethod
    def network_in_use_on_host(self, context: Context, network_id: Id, host: Text = None) -> bool:
        """Tell whether :func:`network_get_associated_fixed_ips` has anything for ``network_id`` and ``host``.

        Auth: admin. Rows: live.
        """

    @abc.abstractmethod
    def network_set_host(self, context: Context, network_id: Id, host_id: str) -> str:
        """Make ``host_id`` the host of the network ``network_id`` if it has none, and return the host that it has then.

        Auth: admin. Rows: live.

        Racing: compare-and-set; the first host stays, and every caller is told it.

        :raises NetworkNotFound: no such network.
        """

    @abc.abstractmethod
    def network_update(self, context: Context, network_id: Id, values: Values) -> Network:
        """Write ``values`` to the network ``network_id``, and return it.

        Auth: context. Rows: visible, of a user's project or of none.

        :raises NetworkNotFound: no such network.
        :raises DuplicateVlan: another live network has the ``vlan``.
        """

    @abc.abstractmethod
    def project_get_networks(self, context: Context, project_id: Text, associate: bool = True) -> list[Network]:
        """Return the networks of ``project_id``.

        Auth: context, for whatever project; admin where a network has to be associated. Rows: live.

        If it has none and ``associate`` is true, it gets one as by :func:`network_associate`, else the list is empty.

        :raises AdminRequired: a user asks and a network would have to be associated.
        :raises NoMoreNetworks: none is left to associate.
        """
