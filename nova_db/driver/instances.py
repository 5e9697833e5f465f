"""Instances: the contract of creating, finding, changing and deleting them.

An instance record has all columns of ``instances``, and

* ``name``: the option ``instance_name_template`` filled in with the ``id``, or with the columns that it names;
* ``metadata`` and ``system_metadata``: lists of records with ``key`` and ``value``, always present, ``[]`` where a
  function does not load them. Functions that return one instance load live rows; those that return lists follow
  ``context.read_deleted`` here, so that the same key may come twice under ``"yes"``: skip rows whose ``deleted`` is
  set;
* ``info_cache``: a record or None, deleted or not, where loaded; the key is absent elsewhere;
* ``security_groups``: the live groups with a live membership, ``[]`` for a deleted instance, where loaded; the key is
  absent elsewhere.

"All four" below means the last four. An instance that is nested in another record has its columns, its ``name`` and
what is said there.

A uuid is well formed if it is in canonical form: 36 characters, lower-case hexadecimal, dashes in place.

The option ``osapi_compute_unique_server_name_scope`` makes host names unique among live instances, ignoring case:
within ``context.project_id`` (``project``), everywhere (``global``), or not at all (empty).
"""

from __future__ import annotations

import abc
from collections.abc import Collection, Sequence
from typing import Any

from nova_db.constraints import Constraint
from nova_db.driver.records import InstanceWithMetadata, InstanceWithRelations, InstanceWithRules, JoinedInstance
from nova_db.driver.types import Context, Count, Direction, Id, Moment, Seconds, Session, Text, Uuid, Values, Word


class InstancesContract(abc.ABC):
    """What a driver does for instances."""

    @abc.abstractmethod
    def instance_create(self, context: Context, values: Values) -> InstanceWithRules:
        """Create an instance with all that belongs to it, and return it as :func:`instance_get` does.

        Auth: context.

        ``values`` holds columns and, optionally, ``metadata`` and ``system_metadata`` (mappings of key to value),
        ``info_cache`` (columns of the info cache, which is made in any case) and ``security_groups`` (names of live
        groups of ``context.project_id``; a name given twice counts once). ``uuid`` is random unless given, and then
        not checked for its form. Neither project nor user is taken from the context.

        The project's ``default`` group is made if it is missing, as :func:`security_group_ensure_default` does, but
        the instance joins it only if ``security_groups`` names it. An EC2 id is mapped to the uuid.

        Racing: names in the unique scope stay unique, and a project gets one default group.

        :raises InstanceExists: ``hostname`` is taken in the configured scope; ``name`` is the lower-cased host name.
        :raises SecurityGroupNotFoundForProject: a group of that name does not exist.
        :raises DBDuplicateEntry: the uuid is taken, by a deleted instance perhaps.
        """

    @abc.abstractmethod
    def instance_destroy(
        self,
        context: Context,
        instance_uuid: Uuid,
        constraint: Constraint | None = None,
        update_cells: bool = True,
    ) -> InstanceWithRules:
        """Soft-delete the instance ``instance_uuid``, its info cache, its metadata and its group memberships.

        Auth: context. Rows: visible, of a user's project.

        If a ``constraint`` is given, its conditions must hold for the row in the moment of the change. System
        metadata, faults, actions, block devices, addresses and all else stay as they are, and so does ``updated_at``.
        ``update_cells`` tells the listeners.

        Returns the instance as it was, its relations as in :func:`instance_get`, except that it, its metadata and its
        info cache now have ``deleted`` and ``deleted_at``.

        Racing: of several calls for a live instance one succeeds, the others find nothing.

        :raises InvalidUUID: ``instance_uuid`` is not well formed.
        :raises InstanceNotFound: no such instance.
        :raises ConstraintNotMet: a condition does not hold.
        :raises UnknownColumn: the constraint names a column that instances do not have.
        """

    @abc.abstractmethod
    def instance_get(self, context: Context, instance_id: Id) -> InstanceWithRules:
        """Return the instance whose key is ``instance_id``, with all four relations; each group carries its ``rules``.

        Auth: context. Rows: visible, of a user's project.

        :raises InstanceNotFound: no such instance, or the text is no number.
        :raises InvalidID: the number does not fit into 64 bits.
        """

    @abc.abstractmethod
    def instance_get_by_uuid(self, context: Context, uuid: Text) -> InstanceWithRules:
        """Return the instance that has exactly this ``uuid``, like :func:`instance_get`; its form is not checked.

        Auth: context. Rows: visible, of a user's project.

        :raises InstanceNotFound: no such instance.
        """

    @abc.abstractmethod
    def instance_get_all(self, context: Context, columns_to_join: Sequence[str] | None = None) -> list[JoinedInstance]:
        """Return every instance.

        Auth: context. Rows: visible, of a user's project.

        ``columns_to_join`` names the relations to load: any of the four and ``block_device_mapping``, a list of live
        mappings. ``None`` stands for all four, ``[]`` for none.

        :raises Invalid: ``columns_to_join`` names something else.
        """

    @abc.abstractmethod
    def instance_get_all_by_filters(
        self,
        context: Context,
        filters: Values,
        sort_key: Word = "created_at",
        sort_dir: Direction = "desc",
        limit: Count = None,
        marker: Uuid | None = None,
        columns_to_join: Sequence[str] | None = None,
    ) -> list[JoinedInstance]:
        """Return the instances that meet all of ``filters``, sorted and paged.

        Auth: context. Rows: all, of a user's project, whatever ``filters`` say about ``project_id``.

        ``changes-since``
            A datetime: ``updated_at`` is later. An instance never updated does not match.
        ``deleted``
            If true, soft-deleted rows and those in ``vm_state`` ``soft-delete``; if false, all others.
        ``uuid``, ``project_id``, ``user_id``, ``host``, ``image_ref``, ``instance_type_id``
            Equality. A list, tuple or set means any of its members, of which None matches nothing.
        ``vm_state``, ``task_state``
            The same.
        ``metadata``, ``system_metadata``
            A mapping, or a list of mappings: for each pair there is one live item with that key and that value.
        Any other column
            A regular expression of the RE2 dialect, case-sensitive, that is found anywhere in the column's text. Of a
            list, tuple or set any member will do; those that are not text are compared with the column's text. A bool
            is compared for equality, as is None. A null column matches no pattern.
        ``ip``, ``ip6``, ``all_tenants``, ``limit``, ``marker``
            Mean nothing: API servers leave them among the filters.
        Any other key
            Is ignored, and the log tells once which key is most like it; with ``[database] strict_filters``, which test
            databases switch on, it is refused.

        Order: ``sort_key``, then ``created_at``, then ``id``, all in the direction ``sort_dir`` (``asc`` or
        ``desc``), null being smallest. ``marker`` is the uuid of the last instance of the page before, looked up as
        by :func:`instance_get_by_uuid`; it need not meet the filters. At most ``limit`` instances follow it.
        ``columns_to_join`` is that of :func:`instance_get_all`.

        :raises MarkerNotFound: no instance has the uuid ``marker``.
        :raises InvalidSortKey: ``sort_key`` is no column.
        :raises ValueError: ``sort_dir`` is neither of the two, or ``limit`` is negative.
        :raises Invalid: a pattern is not valid, no Unicode text, or too large: longer than 32 KiB, or what it describes
            takes more than half a megabyte; or ``columns_to_join`` names no relation.
        :raises UnknownFilter: another key, with ``[database] strict_filters``. It is an ``Invalid``.
        :raises TypeError: ``changes-since`` is no datetime, or a metadata filter neither a mapping nor a list of them.
        """

    @abc.abstractmethod
    def instance_get_active_by_window_joined(
        self,
        context: Context,
        begin: Moment,
        end: Moment | None = None,
        project_id: Text = None,
        host: Text = None,
    ) -> list[InstanceWithRelations]:
        """Return the instances that were alive in the window from ``begin`` to ``end``, with all four relations.

        Auth: context. Rows: all, of every project, for users too.

        That is: ``terminated_at`` is null or after ``begin`` and, given an ``end``, ``launched_at`` is before it, so
        that an instance never launched is left out then. ``project_id`` and ``host``, unless empty, must be equal.
        """

    @abc.abstractmethod
    def instance_get_all_by_host(
        self, context: Context, host: Text, columns_to_join: Sequence[str] | None = None
    ) -> list[InstanceWithRelations]:
        """Return the instances on ``host``, always with ``info_cache`` and ``security_groups``.

        Auth: admin. Rows: visible.

        ``columns_to_join`` says which of ``metadata`` and ``system_metadata`` are filled; ``None`` means both, and
        other names are ignored.
        """

    @abc.abstractmethod
    def instance_get_all_by_host_and_node(self, context: Context, host: Text, node: Text) -> list[InstanceWithMetadata]:
        """Return the instances on ``node`` of ``host``, with no relations loaded.

        Auth: admin. Rows: visible.
        """

    @abc.abstractmethod
    def instance_get_all_by_host_and_not_type(
        self, context: Context, host: Text, type_id: Id | None = None
    ) -> list[InstanceWithRelations]:
        """Return the instances on ``host`` that are of another flavor than ``type_id``, with all four relations.

        Auth: admin. Rows: visible.

        An instance without a flavor is never among them; ``type_id=None`` means every instance that has one.
        """

    @abc.abstractmethod
    def instance_get_all_hung_in_rebooting(
        self, context: Context, reboot_window: Seconds
    ) -> list[InstanceWithMetadata]:
        """Return the instances in ``task_state`` ``rebooting`` not updated for ``reboot_window`` seconds or more.

        Auth: admin. Rows: visible.

        Both kinds of metadata are filled, the other relations absent. An instance never updated is not among them.
        """

    @abc.abstractmethod
    def instance_test_and_set(
        self, context: Context, instance_uuid: Uuid, attr: Word, ok_states: Collection[Any], new_state: Any
    ) -> None:
        """Set column ``attr`` of the instance ``instance_uuid`` to ``new_state`` if its value is one of ``ok_states``.

        Auth: context. Rows: visible, of a user's project.

        ``None`` may be one of the states. Racing: compare-and-set; of several callers that move the column out of
        ``ok_states`` one succeeds.

        :raises InvalidUUID: ``instance_uuid`` is not well formed.
        :raises InstanceNotFound: no such instance.
        :raises InstanceInvalidState: the value is another one; ``attr``, ``instance_uuid``, ``state`` (that value) and
            ``method`` tell.
        :raises UnknownColumn: ``attr`` is no column of an instance.
        """

    @abc.abstractmethod
    def instance_update(
        self, context: Context, instance_uuid: Uuid, values: Values, update_cells: bool = True
    ) -> InstanceWithRules:
        """Change the instance ``instance_uuid``, and return it as :func:`instance_get` does.

        Auth: context. Rows: visible, of a user's project.

        Beside columns, ``values`` may hold ``expected_task_state``: the value that ``task_state`` must have before
        the change, or a tuple, list or set of such values, ``None`` being one like any other; and ``metadata`` and
        ``system_metadata``: mappings that replace all items of their kind, so that ``{}`` removes them and ``None``
        leaves them alone. Items that stay keep their row. A removed item is soft-deleted and its ``updated_at`` set.
        Only the columns given are written; metadata alone does not touch the instance's ``updated_at``.
        ``update_cells`` tells the listeners.

        Racing: the task state is compared and set in one step; no key ever has two live items.

        :raises InvalidUUID: ``instance_uuid`` is not well formed.
        :raises InstanceNotFound: no such instance.
        :raises UnexpectedTaskStateError: ``task_state`` is ``actual``, not one of ``expected``.
        :raises InstanceExists: ``hostname`` is changed, not only in case, to one that is taken in the configured scope.
        """

    @abc.abstractmethod
    def instance_update_and_get_original(
        self, context: Context, instance_uuid: Uuid, values: Values
    ) -> tuple[InstanceWithRules, InstanceWithRules]:
        """Do what :func:`instance_update` does, and return the instance before and after as a pair.

        Auth: context. Rows: visible, of a user's project.

        The arguments ``instance_uuid`` and ``values`` and the guarantees are the same. The first record shows the
        instance before the change, relations included. Listeners are always told.

        :raises InvalidUUID: ``instance_uuid`` is not well formed.
        :raises InstanceNotFound: no such instance.
        :raises UnexpectedTaskStateError: ``task_state`` is ``actual``, not one of ``expected``.
        :raises InstanceExists: ``hostname`` is changed, not only in case, to one that is taken in the configured scope.
        """

    @abc.abstractmethod
    def instance_data_get_for_project(
        self, context: Context, project_id: Text, session: Session = None
    ) -> tuple[int, int, int]:
        """Return how many instances ``project_id`` has, and the sums of their ``vcpus`` and of their ``memory_mb``.

        Auth: admin. Rows: visible, in whatever state.

        Null counts as zero; without instances the answer is ``(0, 0, 0)``. The numbers describe one moment, inside
        the transaction ``session``. Quotas on instances, cores and memory are refreshed with it.
        """
