"""Traffic of instances and volumes, as last polled."""

from __future__ import annotations

from typing import Final

from nova_db.schema.declare import belongs, bigint, index, integer, names, serial, string, table, time, uuid

BW_USAGE_CACHE: Final = table(
    "bw_usage_cache",
    "BandwidthUsage",
    "The traffic of one network card in one audit period, in bytes; (uuid, mac, start_period) is its key.",
    serial("id"),
    uuid("uuid", doc="instances.uuid; not enforced"),
    string("mac", doc="kept and compared as given"),
    time("start_period", null=False),
    time("last_refreshed"),
    bigint("bw_in"),
    bigint("bw_out"),
    bigint("last_ctr_in", doc="the raw counter when last polled"),
    bigint("last_ctr_out", doc="the raw counter when last polled"),
    belongs("uuid", "instances.uuid"),
    names("mac", "virtual_interfaces.address", "the traffic is the instance's, also of a card that has gone"),
    index("uuid", "start_period"),
)

VOLUME_USAGE_CACHE: Final = table(
    "volume_usage_cache",
    "VolumeUsage",
    "The reads and writes of one volume: tot_ of finished periods, curr_ since it was attached.",
    serial("id"),
    uuid("volume_id", null=False),
    integer("instance_id", doc="instances.id; not enforced"),
    time("tot_last_refreshed"),
    bigint("tot_reads", default=0),
    bigint("tot_read_bytes", default=0),
    bigint("tot_writes", default=0),
    bigint("tot_write_bytes", default=0),
    time("curr_last_refreshed"),
    bigint("curr_reads", default=0),
    bigint("curr_read_bytes", default=0),
    bigint("curr_writes", default=0),
    bigint("curr_write_bytes", default=0),
    belongs("volume_id", "volumes.id"),
    belongs("instance_id", "instances.id", unless="volume_id"),
    index("volume_id"),
    index("instance_id"),
)
