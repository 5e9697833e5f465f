"""Compute nodes: the contract of the hypervisors, what they have and what of it is used.

A compute node may carry

* ``service``: the service that it points to, deleted or not, or None; None for a deleted node;
* ``stats``: a list of its live statistics, records with ``key`` and ``value``. Values are text. On input, ``stats``
  in ``values`` is a mapping of key to value; None counts as not given.

``created_at``, ``updated_at`` and ``deleted_at`` may be given as text of the form ``YYYY-MM-DDTHH:MM:SS.ffffff``. A
key ``host`` in ``values`` is accepted and ignored.
"""

from __future__ import annotations

import abc

from nova_db.driver.records import ComputeNodeStatistics, ComputeNodeWithStats
from nova_db.driver.types import Context, Id, Values


class ComputeNodesContract(abc.ABC):
    """What a driver does for compute nodes."""

    @abc.abstractmethod
    def compute_node_create(self, context: Context, values: Values) -> ComputeNodeWithStats:
        """Insert a compute node, and return it with ``service`` and ``stats``.

        Auth: admin.

        ``values`` holds columns and, optionally, ``stats``.

        :raises ValueError: a time is given as text of another form.
        """

    @abc.abstractmethod
    def compute_node_get(self, context: Context, compute_id: Id) -> ComputeNodeWithStats:
        """Return the compute node ``compute_id``, carrying ``service`` and ``stats``.

        Auth: anyone. Rows: visible.

        :raises ComputeHostNotFound: no such node; ``host`` is the id.
        """

    @abc.abstractmethod
    def compute_node_get_all(self, context: Context) -> list[ComputeNodeWithStats]:
        """Return every compute node, carrying ``service`` and ``stats``.

        Auth: admin. Rows: visible.
        """

    @abc.abstractmethod
    def compute_node_search_by_hypervisor(self, context: Context, hypervisor_match: str) -> list[ComputeNodeWithStats]:
        """Return the compute nodes whose ``hypervisor_hostname`` contains ``hypervisor_match``, ignoring case.

        Auth: admin. Rows: visible.

        No character is special, and the empty text finds every node that has a host name. Each carries ``service`` and
        ``stats``.
        """

    @abc.abstractmethod
    def compute_node_update(
        self, context: Context, compute_id: Id, values: Values, prune_stats: bool = False
    ) -> ComputeNodeWithStats:
        """Write ``values`` to the compute node ``compute_id``; return it with ``service`` and ``stats``. Always stamps.

        Auth: admin. Rows: visible nodes, live statistics.

        A statistic in ``stats`` whose key is there is changed in place; others are inserted. With ``prune_stats`` the
        statistics whose keys are not given are soft-deleted, which is all of them without ``stats``, and their
        ``updated_at`` is set.

        Racing: a key has one live statistic per node.

        :raises ComputeHostNotFound: no such node; ``host`` is the id.
        :raises ValueError: a time is given as text of another form.
        """

    @abc.abstractmethod
    def compute_node_delete(self, context: Context, compute_id: Id) -> None:
        """Soft-delete the compute node ``compute_id``. Its statistics and its service stay.

        Auth: admin. Rows: visible.

        Racing: of several calls for a live node one succeeds.

        :raises ComputeHostNotFound: no such node; ``host`` is the id.
        """

    @abc.abstractmethod
    def compute_node_statistics(self, context: Context) -> ComputeNodeStatistics:
        """Return how many compute nodes there are, and what they have and use in total.

        Auth: anyone. Rows: live.

        The keys: ``count``, and the sums ``vcpus``, ``memory_mb``, ``local_gb``, ``vcpus_used``, ``memory_mb_used``,
        ``local_gb_used``, ``free_ram_mb``, ``free_disk_gb``, ``current_workload``, ``running_vms`` and
        ``disk_available_least``. Null counts as zero; all are 0 when there is no node.
        """
