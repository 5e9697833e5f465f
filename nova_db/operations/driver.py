"""The driver made of an engine: the whole API on a handful of primitives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nova_db.conf import get_conf
from nova_db.driver import Driver
from nova_db.engine import Capability
from nova_db.exceptions import DBError
from nova_db.operations.agents import AgentsOperations
from nova_db.operations.aggregates import AggregatesOperations
from nova_db.operations.archiving import ArchivingOperations
from nova_db.operations.block_devices import BlockDevicesOperations
from nova_db.operations.cells import CellsOperations
from nova_db.operations.certificates import CertificatesOperations
from nova_db.operations.compute_nodes import ComputeNodesOperations
from nova_db.operations.consoles import ConsolesOperations
from nova_db.operations.dns_domains import DnsDomainsOperations
from nova_db.operations.ec2_ids import Ec2IdsOperations
from nova_db.operations.fixed_ips import FixedIpsOperations
from nova_db.operations.flavors import FlavorsOperations
from nova_db.operations.floating_ips import FloatingIpsOperations
from nova_db.operations.instance_actions import InstanceActionsOperations
from nova_db.operations.instance_metadata import InstanceMetadataOperations
from nova_db.operations.instances import InstancesOperations
from nova_db.operations.key_pairs import KeyPairsOperations
from nova_db.operations.migrations import MigrationsOperations
from nova_db.operations.networks import NetworksOperations
from nova_db.operations.provider_firewall import ProviderFirewallOperations
from nova_db.operations.quotas import QuotasOperations
from nova_db.operations.reservations import ReservationsOperations
from nova_db.operations.running.retries import Retries
from nova_db.operations.security_groups import SecurityGroupsOperations
from nova_db.operations.services import ServicesOperations
from nova_db.operations.task_log import TaskLogOperations
from nova_db.operations.usage_caches import UsageCachesOperations
from nova_db.operations.virtual_interfaces import VirtualInterfacesOperations

if TYPE_CHECKING:
    from nova_db.engine import Engine
    from nova_db.engine.rows.cells import CellEngine
    from nova_db.operations.running.replicas import Replica


class EngineDriver(
    AgentsOperations,
    AggregatesOperations,
    ArchivingOperations,
    BlockDevicesOperations,
    CellsOperations,
    CertificatesOperations,
    ComputeNodesOperations,
    ConsolesOperations,
    DnsDomainsOperations,
    Ec2IdsOperations,
    FixedIpsOperations,
    FlavorsOperations,
    FloatingIpsOperations,
    InstanceActionsOperations,
    InstanceMetadataOperations,
    InstancesOperations,
    KeyPairsOperations,
    MigrationsOperations,
    NetworksOperations,
    ProviderFirewallOperations,
    QuotasOperations,
    ReservationsOperations,
    SecurityGroupsOperations,
    ServicesOperations,
    TaskLogOperations,
    UsageCachesOperations,
    VirtualInterfacesOperations,
    Driver,
):
    """All functions of the API on a storage engine.

    A backend derives from it, and may override whatever single function its engine does better by itself.

    :param engine: the engine, on the primary if there is a replica.
    :param conf: the configuration; None: ``nova_db.conf.get_conf()``.
    :param replica: what answers the reads of callers that allow stale ones; None: the engine.
    """

    def __init__(self, engine: Engine, conf: Any = None, *, replica: Replica | None = None) -> None:
        conf = conf or get_conf()
        super().__init__(engine, retries=Retries.from_conf(conf), replica=replica)

    def sync(self) -> str:
        """Create or upgrade the schema; a line that tells what was done."""
        self.engine.create_schema()
        if Capability.PERSISTENT in self.engine.capabilities:
            return "the schema is there"
        return "the schema is there, in a database in memory, which is gone with this process: nothing is kept"

    def health(self) -> Mapping[str, object]:
        """Whether the database answers; see :class:`nova_db.offers.Health`."""
        found: dict[str, object] = {"reachable": True, "location": self.engine.location(), "revision": None}
        try:
            found |= self._identified()
        except DBError as error:
            found |= {"reachable": False, "problem": str(error)}
        if self.replica is not None:
            found["replica"] = "down" if self.replica.is_down else "in use"
        return found

    def _identified(self) -> Mapping[str, str]:
        """What the engine tells of itself, at the first attempt."""
        return self.engine.identify()

    def describe(self) -> Mapping[str, str]:
        """What an operator wants to know of the database: at least ``backend`` and ``engine``."""
        described = {"backend": type(self).__name__, **self.engine.describe()}
        if self.replica is not None:
            described["replica"] = self.replica.describe()
        return described


class CellDriver(EngineDriver):
    """A driver whose engine is a :class:`~nova_db.engine.rows.cells.CellEngine`.

    It offers ``SCHEMA_VERSION`` and ``SCHEMA_DIFFERENCES``, for ``nova-db version`` and ``nova-db check``.
    """

    engine: CellEngine

    def schema_version(self) -> Mapping[str, str | None]:
        """The ``revision`` of the database, the ``newest`` one, which is this release's, and the ``state``."""
        return self.engine.schema_version()

    def schema_differences(self) -> Sequence[str]:
        """The tables, columns and indexes that the database lacks, or has and this release does not know."""
        return self.engine.schema_differences()
