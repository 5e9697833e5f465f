"""Services: the contract of which daemons run where.

Nothing is unique: several services may share host and topic, or host and binary, and the first of them is meant. A
service may carry ``compute_node``: a list, despite its name, of the live compute nodes that point to it, commonly one
or none.
"""

from __future__ import annotations

import abc

from nova_db.driver.records import Service, ServiceWithComputeNode
from nova_db.driver.types import Context, Id, Text, Values


class ServicesContract(abc.ABC):
    """What a driver does for services."""

    @abc.abstractmethod
    def service_create(self, context: Context, values: Values) -> Service:
        """Insert a service with the columns in ``values``, and return it.

        Auth: admin.

        ``report_count`` is 0 and ``disabled`` False unless given. With the option ``enable_new_services`` off,
        ``disabled`` is True whatever is given.
        """

    @abc.abstractmethod
    def service_destroy(self, context: Context, instance_id: Id) -> None:
        """Soft-delete a service and the compute nodes that point to it; ``instance_id`` is the service's id.

        Auth: admin. Rows: visible, of both kinds.

        The statistics of the compute nodes stay. Racing: of several calls for a live service one succeeds.

        :raises ServiceNotFound: no such service; ``service_id`` is the id.
        """

    @abc.abstractmethod
    def service_get(self, context: Context, service_id: Id) -> ServiceWithComputeNode:
        """Return the service ``service_id``, carrying ``compute_node``.

        Auth: admin. Rows: visible.

        :raises ServiceNotFound: no such service.
        """

    @abc.abstractmethod
    def service_get_all(self, context: Context, disabled: bool | None = None) -> list[Service]:
        """Return every service or, unless ``disabled`` is None, those that are disabled or are not.

        Auth: admin. Rows: visible.
        """

    @abc.abstractmethod
    def service_get_all_by_topic(self, context: Context, topic: Text) -> list[Service]:
        """Return the services that listen to ``topic`` and are not disabled.

        Auth: admin. Rows: live.
        """

    @abc.abstractmethod
    def service_get_all_by_host(self, context: Context, host: Text) -> list[Service]:
        """Return the services on ``host``, disabled ones included.

        Auth: admin. Rows: live.
        """

    @abc.abstractmethod
    def service_get_by_host_and_topic(self, context: Context, host: Text, topic: Text) -> Service | None:
        """Return the first service on ``host`` that listens to ``topic`` and is not disabled, or None.

        Auth: admin. Rows: live.
        """

    @abc.abstractmethod
    def service_get_by_compute_host(self, context: Context, host: Text) -> ServiceWithComputeNode:
        """Return the first compute service on ``host``, disabled or not, carrying ``compute_node``.

        Auth: admin. Rows: live.

        A compute service is one that listens to the topic in the option ``compute_topic``.

        :raises ComputeHostNotFound: no such service.
        """

    @abc.abstractmethod
    def service_get_by_args(self, context: Context, host: Text, binary: Text) -> Service:
        """Return the first service on ``host`` whose program is ``binary``, disabled or not.

        Auth: admin. Rows: visible.

        :raises HostBinaryNotFound: no such service.
        """

    @abc.abstractmethod
    def service_update(self, context: Context, service_id: Id, values: Values) -> Service:
        """Write ``values`` to the service ``service_id``, and return it.

        Auth: admin. Rows: visible.

        :raises ServiceNotFound: no such service, also if there is nothing to write.
        """
