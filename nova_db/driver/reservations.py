"""Reservations: the contract of claiming a quota first, and settling the claim later.

:func:`quota_reserve` makes a reservation for each change it grants; committing, rolling back, expiry or the end of
the project's quotas soft-delete it, whichever comes first. ``expire`` matters to :func:`reservation_expire` alone:
until that comes by, an overdue reservation can be committed. What a delta does to the usage:

========  =====================  ===========================================  ==========================
delta     when reserved          when committed                               when rolled back or expired
========  =====================  ===========================================  ==========================
above 0   ``reserved`` + delta   ``reserved`` - delta, ``in_use`` + delta     ``reserved`` - delta
0         nothing                nothing                                      nothing
below 0   nothing                ``in_use`` + delta, which may go below 0     nothing
========  =====================  ===========================================  ==========================

All functions work on live rows, whatever the context says, and lock usages before reservations. Racing: each
reservation ends once, in one way, and no change of a usage is lost.
"""

from __future__ import annotations

import abc
from collections.abc import Iterable, Mapping
from datetime import datetime

from nova_db.driver.records import Reservation
from nova_db.driver.types import Context, QuotaResource, Text, Uuid, Values


class ReservationsContract(abc.ABC):
    """What a driver does for reservations."""

    @abc.abstractmethod
    def quota_reserve(
        self,
        context: Context,
        resources: Mapping[str, QuotaResource],
        quotas: Mapping[str, int | None],
        deltas: Mapping[str, int],
        expire: datetime,
        until_refresh: int | None,
        max_age: float | None,
        project_id: Text = None,
    ) -> list[str]:
        """Reserve ``deltas``, resource name to number, for a project; return the uuids, in the order of ``deltas``.

        Auth: context, for whatever project. Rows: live.

        ``project_id`` is the context's unless given. ``quotas`` has the limit of each resource in ``deltas``, a
        negative one or None being none. The reservations ``expire`` at that time.

        The usages of the resources are refreshed first: those that are missing (made with zeros), or have a negative
        ``in_use``, or whose ``until_refresh`` reaches 0 when counted down, or that were not updated (if never, made)
        for ``max_age`` seconds; 0 and None switch the latter off. A refresh calls ``resources[name].sync`` with an
        administrator's copy of the context, the project and the session of this transaction; its counts become
        ``in_use`` of all resources that it names, which then need no refresh of their own, and ``until_refresh``
        starts anew from the argument, of which 0 and None mean that nothing is counted down. ``sync`` may be called
        again if a conflict makes the call start over.

        A delta of 0 or more is over if it lifts ``in_use`` plus ``reserved`` above the limit; negative ones never
        are. One that is over fails the whole call, but the refreshed usages are kept.

        Racing: calls for one project act as if one came after the other; its resources have one live usage each.

        :raises OverQuota: ``overs`` are the names that are over, sorted; ``quotas`` as passed; ``usages`` all usages of
            the project, by resource, as dicts of ``in_use`` and ``reserved``.
        :raises KeyError: a name is not in ``quotas``, or needs a refresh and is not in ``resources``.
        :raises DBDataError: ``expire`` is no datetime.
        """

    @abc.abstractmethod
    def reservation_create(
        self,
        context: Context,
        uuid: Uuid,
        usage: Values,
        project_id: Text,
        resource: Text,
        delta: int,
        expire: datetime,
    ) -> Reservation:
        """Insert a reservation ``uuid`` of ``delta`` on ``resource`` for ``project_id``, and return it.

        Auth: admin.

        ``usage`` is the usage's record, or any mapping with its ``id``; its ``reserved`` is not changed. ``expire``
        is when the reservation is overdue.
        """

    @abc.abstractmethod
    def reservation_get(self, context: Context, uuid: Text) -> Reservation:
        """Return the reservation ``uuid``, if it has not ended.

        Auth: context, for whatever project. Rows: live.

        :raises ReservationNotFound: no such reservation.
        """

    @abc.abstractmethod
    def reservation_commit(self, context: Context, reservations: Iterable[Uuid], project_id: Text = None) -> None:
        """Make the ``reservations`` with these uuids real.

        Auth: context, for whatever project. Rows: live.

        Each changes the usage that it was made on. Unknown uuids, and those of reservations that have ended, are
        skipped. ``project_id`` is the context's unless given; whatever it says, the usages changed are those that the
        reservations name.

        :raises KeyError: the usage of a reservation is no longer live.
        :raises DBDataError: ``reserved`` or ``in_use`` of a usage would leave the range of its column; nothing changes.
        """

    @abc.abstractmethod
    def reservation_rollback(self, context: Context, reservations: Iterable[Uuid], project_id: Text = None) -> None:
        """Give up the ``reservations`` with these uuids.

        Auth: context, for whatever project. Rows: live.

        As :func:`reservation_commit`, ``project_id`` included, except that ``in_use`` is not changed.

        :raises KeyError: the usage of a reservation is no longer live.
        :raises DBDataError: ``reserved`` of a usage would leave the range of its column; nothing changes.
        """

    @abc.abstractmethod
    def reservation_expire(self, context: Context) -> None:
        """Give up the reservations of all projects whose ``expire`` is past.

        Auth: admin. Rows: live.

        One whose usage is no longer live just ends. Those on a usage whose ``reserved`` would leave the range of its
        column stay as they are, and hold up no others: the log warns of them, and they expire in a later call, once
        the usage has been set to what can take them.
        """
