"""Services, compute nodes, cells, aggregates, consoles, quotas and tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nova_db.exceptions.base import Duplicate, NotFound, NovaException
from nova_db.exceptions.wording import listed


class ServiceNotFound(NotFound):
    """No service ``service_id``."""

    message = "Service %(service_id)s could not be found."


class HostNotFound(NotFound):
    """No host ``host``."""

    message = "Host %(host)s could not be found."


class ComputeHostNotFound(HostNotFound):
    """No compute host; ``host`` is its name, or the key of the compute node that was looked up."""

    message = "Compute host %(host)s could not be found."


class HostBinaryNotFound(NotFound):
    """``binary`` does not run on ``host``."""

    message = "Host %(host)s runs no service %(binary)s."


class CellNotFound(NotFound):
    """No cell ``cell_name``."""

    message = "Cell %(cell_name)s could not be found."


class AgentBuildNotFound(NotFound):
    """No agent build ``id``."""

    message = "No agent build with the id %(id)s could be found."


class CertificateNotFound(NotFound):
    """No certificate ``certificate_id``.

    Never raised: functions that find no certificate return an empty list.  It is there for services that keep
    certificates by this API and answer for a single one.
    """

    message = "Certificate %(certificate_id)s could not be found."


class ConsoleNotFound(NotFound):
    """No console ``console_id``."""

    message = "Console %(console_id)s could not be found."


class ConsoleNotFoundForInstance(ConsoleNotFound):
    """The instance ``instance_uuid`` has no such console; ``console_id`` tells which."""

    message = "Instance %(instance_uuid)s has no such console."


class ConsoleNotFoundInPoolForInstance(ConsoleNotFound):
    """The instance ``instance_uuid`` has no console in the pool ``pool_id``."""

    message = "Instance %(instance_uuid)s has no console in pool %(pool_id)s."


class ConsolePoolNotFoundForHostType(NotFound):
    """The proxy host ``host`` has no pool of ``console_type`` consoles for ``compute_host``."""

    message = "Proxy host %(host)s has no pool of %(console_type)s consoles for compute host %(compute_host)s."


class AggregateNotFound(NotFound):
    """No aggregate ``aggregate_id``."""

    message = "Aggregate %(aggregate_id)s could not be found."


class AggregateNameExists(Duplicate):
    """An aggregate is called ``aggregate_name`` already."""

    message = "An aggregate with the name %(aggregate_name)s exists already."


class AggregateHostNotFound(NotFound):
    """The aggregate ``aggregate_id`` has no host ``host``."""

    message = "Aggregate %(aggregate_id)s has no host %(host)s."


class AggregateHostExists(Duplicate):
    """The aggregate ``aggregate_id`` has the host ``host`` already."""

    message = "Aggregate %(aggregate_id)s has host %(host)s already."


class AggregateMetadataNotFound(NotFound):
    """The aggregate ``aggregate_id`` has no metadata ``metadata_key``."""

    message = "Aggregate %(aggregate_id)s has no metadata with the key %(metadata_key)s."


class QuotaNotFound(NotFound):
    """No such quota.

    Raised as one of its subclasses only, which say what was asked for; it is there to catch them all.
    """

    message = "The quota could not be found."


class ProjectQuotaNotFound(QuotaNotFound):
    """The project ``project_id`` has no such quota."""

    message = "Project %(project_id)s has no such quota."


class QuotaClassNotFound(QuotaNotFound):
    """No such quota in the class ``class_name``."""

    message = "Quota class %(class_name)s could not be found."


class QuotaUsageNotFound(QuotaNotFound):
    """The project ``project_id`` has no such usage."""

    message = "Project %(project_id)s has no such quota usage."


class ReservationNotFound(QuotaNotFound):
    """No reservation ``uuid``."""

    message = "Quota reservation %(uuid)s could not be found."


class OverQuota(NovaException):
    """More was asked for than the quotas leave.

    ``overs`` is the sorted list of the resources that do not fit, ``quotas`` the limits as given, ``usages`` what is
    in use and reserved: resource name to a dict of ``in_use`` and ``reserved``.
    """

    message = "The quota is exceeded for these resources: %(resources)s."

    def _fields(self) -> Mapping[str, Any]:
        return {**self.kwargs, "resources": listed(self.kwargs["overs"])}


class TaskAlreadyRunning(NovaException):
    """The task ``task_name`` has a record for the period on ``host`` already."""

    message = "Task %(task_name)s is running on host %(host)s already."


class TaskNotRunning(NovaException):
    """The task ``task_name`` has no record for the period on ``host``. Not a :class:`NotFound`."""

    message = "Task %(task_name)s is not running on host %(host)s."
