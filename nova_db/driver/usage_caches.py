"""Usage caches: the contract of the bandwidth and volume usage that pollers collect.

Rows are of every project and read whether deleted or not. Counters are integers of up to 64 bits, times are compared
for equality to the microsecond.
"""

from __future__ import annotations

import abc
from collections.abc import Iterable
from datetime import datetime

from nova_db.driver.records import BandwidthUsage, VolumeUsage
from nova_db.driver.types import Context, Id, Moment, Text, Uuid


class UsageCachesContract(abc.ABC):
    """What a driver does for the usage caches."""

    @abc.abstractmethod
    def bw_usage_get(self, context: Context, uuid: Text, start_period: datetime, mac: Text) -> BandwidthUsage | None:
        """Return the bandwidth usage of the instance ``uuid`` on the interface ``mac`` in a period, or None.

        Auth: context. Rows: all.

        ``start_period`` is when the period began. Mind that it comes before ``mac`` here.
        """

    @abc.abstractmethod
    def bw_usage_get_by_uuids(
        self, context: Context, uuids: Iterable[Uuid], start_period: datetime
    ) -> list[BandwidthUsage]:
        """Return the bandwidth usage of the instances ``uuids`` in the period from ``start_period``.

        Auth: context. Rows: all.
        """

    @abc.abstractmethod
    def bw_usage_update(
        self,
        context: Context,
        uuid: Text,
        mac: Text,
        start_period: datetime,
        bw_in: int,
        bw_out: int,
        last_ctr_in: int,
        last_ctr_out: int,
        last_refreshed: datetime | None = None,
        update_cells: bool = True,
    ) -> None:
        """Record the bandwidth usage of the instance ``uuid`` on ``mac`` in the period from ``start_period``.

        Auth: context. Rows: all.

        ``bw_in``, ``bw_out`` and the raw counters ``last_ctr_in`` and ``last_ctr_out`` replace what is there, be it
        more; nothing is added up. ``last_refreshed`` is now unless given. Stamps ``updated_at``. ``update_cells``
        tells the listeners. Deadlocks are retried, never reported.

        Racing: instance, interface and period have one row.
        """

    @abc.abstractmethod
    def vol_usage_update(
        self,
        context: Context,
        id: Id,
        rd_req: int,
        rd_bytes: int,
        wr_req: int,
        wr_bytes: int,
        instance_id: Id | None,
        last_refreshed: datetime | None = None,
        update_totals: bool = False,
    ) -> None:
        """Record the usage of the volume ``id``, which is attached to the instance ``instance_id``.

        Auth: context. Rows: all.

        ``rd_req``, ``rd_bytes``, ``wr_req`` and ``wr_bytes`` are the device's counters; ``curr_*`` keeps them, and
        ``tot_*`` is what periods that ended came to. ``last_refreshed`` is now unless given.

        If a counter is below its ``curr_*``, the device has started over: all four ``curr_*`` are added to ``tot_*``
        first. Then the counters become ``curr_*`` or, with ``update_totals``, are added to ``tot_*``, and ``curr_*``
        becomes 0. ``curr_last_refreshed`` is set when ``curr_*`` takes the counters, ``tot_last_refreshed`` when
        anything is added to ``tot_*``. A volume seen for the first time starts from zeros, with both times set.

        Racing: a volume has one row, and no total loses anything.
        """

    @abc.abstractmethod
    def vol_get_usage_by_time(self, context: Context, begin: Moment) -> list[VolumeUsage]:
        """Return the volume usages of which either refresh is after ``begin`` or has not been.

        Auth: context. Rows: all.
        """
