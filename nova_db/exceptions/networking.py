"""Networks, interfaces, fixed and floating addresses, security groups."""

from __future__ import annotations

from nova_db.exceptions.base import Duplicate, Invalid, NotFound, NovaException


class FixedIpNotFound(NotFound):
    """No fixed ip has the key ``id``."""

    message = "No fixed IP with the id %(id)s could be found."


class FixedIpNotFoundForAddress(FixedIpNotFound):
    """No fixed ip has the address ``address``."""

    message = "No fixed IP has the address %(address)s."


class FixedIpNotFoundForInstance(FixedIpNotFound):
    """The instance ``instance_uuid`` has no fixed ips."""

    message = "Instance %(instance_uuid)s has no fixed IPs."


class FixedIpNotFoundForNetworkHost(FixedIpNotFound):
    """The network host ``host`` has no fixed ips in the network ``network_id``."""

    message = "Network host %(host)s has no fixed IPs in network %(network_id)s."


class FixedIpNotFoundForNetwork(FixedIpNotFound):
    """The network ``network_uuid`` has no fixed ip ``address``."""

    message = "Network %(network_uuid)s has no fixed IP address %(address)s."


class FixedIpAlreadyInUse(NovaException):
    """``address`` is taken; ``instance_uuid`` is the instance that asked for it, not the one that has it."""

    message = "Fixed IP address %(address)s is in use already, instance %(instance_uuid)s cannot have it."


class NoMoreFixedIps(NovaException):
    """No fixed ip is free. Not a :class:`NotFound`."""

    message = "No fixed IP addresses are left."


class NoFixedIpsDefined(NotFound):
    """There are no fixed ips at all."""

    message = "No fixed IPs are defined."


class FloatingIpNotFound(NotFound):
    """No floating ip has the key ``id``."""

    message = "No floating IP with the id %(id)s could be found."


class FloatingIpNotFoundForAddress(FloatingIpNotFound):
    """No floating ip has the address ``address``."""

    message = "No floating IP has the address %(address)s."


class FloatingIpNotFoundForHost(FloatingIpNotFound):
    """The host ``host`` has no floating ips."""

    message = "Host %(host)s has no floating IPs."


class NoMoreFloatingIps(FloatingIpNotFound):
    """No floating ip is free. End users may read this."""

    message = "No floating IP addresses are left."
    safe = True


class NoFloatingIpsDefined(NotFound):
    """There are no floating ips at all."""

    message = "No floating IPs are defined."


class FloatingIpExists(Duplicate):
    """There is a floating ip ``address`` already. The other keyword arguments are its columns."""

    message = "Floating IP %(address)s exists already."


class NetworkNotFound(NotFound):
    """No network ``network_id``."""

    message = "Network %(network_id)s could not be found."


class NetworkNotFoundForUUID(NetworkNotFound):
    """No network has the uuid ``uuid``."""

    message = "No network with the UUID %(uuid)s could be found."


class NetworkNotFoundForCidr(NetworkNotFound):
    """No network has the range ``cidr``."""

    message = "No network with the CIDR %(cidr)s could be found."


class NetworkNotFoundForInstance(NetworkNotFound):
    """The instance ``instance_id`` is in no network."""

    message = "Instance %(instance_id)s is in no network."


class NetworkNotFoundForProject(NotFound):
    """The network ``network_uuid`` does not exist or is not ``project_id``'s. No :class:`NetworkNotFound`."""

    message = "Network %(network_uuid)s does not exist or is not assigned to project %(project_id)s."


class NoNetworksFound(NotFound):
    """There are no networks."""

    message = "No networks are defined."


class NetworkInUse(NovaException):
    """The network ``network_id`` still has allocated fixed ips."""

    message = "Network %(network_id)s has allocated fixed IPs and is still in use."


class DuplicateVlan(Duplicate):
    """A network uses the VLAN ``vlan`` already."""

    message = "A network with VLAN %(vlan)s exists already."


class NoMoreNetworks(NovaException):
    """No network is free."""

    message = "No unassigned networks are left."


class NoMoreTargets(NovaException):
    """No iSCSI target is free."""

    message = "No unused iSCSI targets are left."


class VirtualInterfaceCreateException(NovaException):
    """The interface was not made; the text says why, and so does the cause, which names the table and columns."""

    message = "The virtual interface could not be created."


class SecurityGroupNotFound(NotFound):
    """No security group ``security_group_id``."""

    message = "Security group %(security_group_id)s could not be found."


class SecurityGroupNotFoundForProject(SecurityGroupNotFound):
    """The project ``project_id`` has no security group called ``security_group_id``."""

    message = "Project %(project_id)s has no security group %(security_group_id)s."


class SecurityGroupNotFoundForRule(SecurityGroupNotFound):
    """No security group has a rule ``rule_id``."""

    message = "No security group has a rule with the id %(rule_id)s."


class SecurityGroupDefaultRuleNotFound(Invalid):
    """No default rule ``rule_id``. An :class:`Invalid` of code 400, not a :class:`NotFound`."""

    message = "No default rule of security groups with the id %(rule_id)s could be found."
