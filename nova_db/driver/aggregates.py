"""Aggregates: the contract of groups of hosts with metadata in common.

An aggregate record has the columns ``id`` and ``name`` and the like, and

* ``hosts``: the names of its hosts;
* ``metadetails``: its metadata as a dict, key to value;
* ``availability_zone``: the value of that key in the metadata, or None. The zone is nothing but this item.

They show live hosts and metadata; for a deleted aggregate they are empty. They cannot be written (``UnknownColumn``),
except that :func:`aggregate_update` takes the zone. Metadata has text for keys and values, and ``None`` is a
``DBDataError``. A host is a name, which nothing checks, and may be in any number of aggregates. No aggregate has the
id 0, ``""`` or None.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any

from nova_db.driver.records import Aggregate
from nova_db.driver.types import Context, Id, Text, Values


class AggregatesContract(abc.ABC):
    """What a driver does for aggregates."""

    @abc.abstractmethod
    def aggregate_create(
        self, context: Context, values: Values, metadata: Mapping[str, Any] | None = None
    ) -> Aggregate:
        """Insert an aggregate with the columns in ``values`` and with ``metadata``, and return it.

        Auth: admin. Rows: live, where it is looked up whether the name is taken.

        A key ``metadata`` in ``values`` is ignored. Racing: a name gets one live aggregate.

        :raises AggregateNameExists: a live aggregate has the name; ``aggregate_name`` is the name.
        :raises KeyError: ``values`` has no ``name``.
        """

    @abc.abstractmethod
    def aggregate_get(self, context: Context, aggregate_id: Id) -> Aggregate:
        """Return the aggregate ``aggregate_id``.

        Auth: admin. Rows: visible.

        :raises AggregateNotFound: no such aggregate.
        """

    @abc.abstractmethod
    def aggregate_get_all(self, context: Context) -> list[Aggregate]:
        """Return every aggregate.

        Auth: admin. Rows: visible.
        """

    @abc.abstractmethod
    def aggregate_get_by_host(self, context: Context, host: Text, key: Text = None) -> list[Aggregate]:
        """Return the aggregates that ``host`` is in and, unless ``key`` is empty, that have metadata of that key.

        Auth: admin. Rows: live; none where the context shows deleted rows only.

        Each is shown whole: all of its hosts, all of its metadata.
        """

    @abc.abstractmethod
    def aggregate_metadata_get_by_host(self, context: Context, host: Text, key: Text = None) -> dict[str, set[str]]:
        """Return the metadata of all aggregates that ``host`` is in: for each key the set of its values.

        Auth: admin. Rows: live; none where the context shows deleted rows only.

        Unless ``key`` is empty, only that key; a key without values is not in the dict.
        """

    @abc.abstractmethod
    def aggregate_host_get_by_metadata_key(self, context: Context, key: Text) -> dict[str, set[str]]:
        """Return the hosts of the aggregates that have metadata ``key``: for each host the set of its values.

        Auth: admin. Rows: live.
        """

    @abc.abstractmethod
    def aggregate_update(self, context: Context, aggregate_id: Id, values: Values) -> Aggregate:
        """Write ``values`` to the aggregate ``aggregate_id``, and return it.

        Auth: admin. Rows: visible.

        Beside columns, ``values`` may hold ``metadata``, a mapping that replaces the whole metadata (``{}`` removes
        it, None leaves it), and ``availability_zone``, which is set in the metadata: in what replaces it, or else
        beside what is there. A name that another aggregate has is accepted.

        Racing: a replacement is seen whole or not at all.

        :raises AggregateNotFound: no such aggregate.
        :raises DBDataError: a value of the metadata, the zone included, is None.
        """

    @abc.abstractmethod
    def aggregate_delete(self, context: Context, aggregate_id: Id) -> None:
        """Soft-delete the aggregate ``aggregate_id`` and its metadata, whether it has hosts or not.

        Auth: admin. Rows: visible, of both kinds.

        Its hosts stay in it, though from then on no look-up by host or key finds it.

        :raises AggregateNotFound: no such aggregate.
        """

    @abc.abstractmethod
    def aggregate_metadata_add(
        self, context: Context, aggregate_id: Id, metadata: Mapping[str, Any], set_delete: bool = False
    ) -> None:
        """Set the items of ``metadata`` on the aggregate ``aggregate_id``.

        Auth: admin. Rows: visible aggregates, live metadata.

        The value of a key that is there is changed in place; others are inserted. With ``set_delete`` the metadata
        becomes just that: items whose keys are not given are soft-deleted.

        Racing: a key has one live item per aggregate.

        :raises AggregateNotFound: no such aggregate.
        :raises DBDataError: a key or value is None or cannot be stored.
        """

    @abc.abstractmethod
    def aggregate_metadata_get(self, context: Context, aggregate_id: Id) -> dict[str, str]:
        """Return the metadata of the aggregate ``aggregate_id`` as a dict, key to value.

        Auth: admin. Rows: visible, of both kinds.

        Where the context shows several items of a key, the one with the highest ``id`` wins.

        :raises AggregateNotFound: no such aggregate.
        """

    @abc.abstractmethod
    def aggregate_metadata_delete(self, context: Context, aggregate_id: Id, key: Text) -> None:
        """Soft-delete the item ``key`` from the metadata of the aggregate ``aggregate_id``.

        Auth: admin. Rows: visible, of both kinds.

        :raises AggregateNotFound: no such aggregate.
        :raises AggregateMetadataNotFound: no such item; ``metadata_key`` is the key.
        """

    @abc.abstractmethod
    def aggregate_host_add(self, context: Context, aggregate_id: Id, host: str) -> None:
        """Put ``host`` into the aggregate ``aggregate_id``.

        Auth: admin. Rows: visible aggregates, live hosts.

        Racing: of several calls for one host one succeeds.

        :raises AggregateNotFound: no such aggregate.
        :raises AggregateHostExists: the host is in it.
        """

    @abc.abstractmethod
    def aggregate_host_delete(self, context: Context, aggregate_id: Id, host: Text) -> None:
        """Take ``host`` out of the aggregate ``aggregate_id``.

        Auth: admin. Rows: visible, of both kinds.

        Racing: of several calls for one host one succeeds.

        :raises AggregateNotFound: no such aggregate.
        :raises AggregateHostNotFound: the host is not in it.
        """

    @abc.abstractmethod
    def aggregate_host_get_all(self, context: Context, aggregate_id: Id) -> list[str]:
        """Return the names of the hosts of the aggregate ``aggregate_id``, in the order in which they were added.

        Auth: admin. Rows: visible, of both kinds.

        Where the context shows deleted rows, hosts taken out are among them, and a name may come more than once.

        :raises AggregateNotFound: no such aggregate.
        """
