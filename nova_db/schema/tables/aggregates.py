"""Groups of hosts."""

from __future__ import annotations

from typing import Final

from nova_db.schema.declare import HOST, SOURCE, TARGET, computed, index, integer, many, names, serial, string, table

AGGREGATES: Final = table(
    "aggregates",
    "Aggregate",
    "A named group of compute hosts.",
    serial("id"),
    string("name", doc="one live row per name when created, by the API's own check"),
    index("name"),
    many("_hosts", "id", "aggregate_hosts.aggregate_id", live=SOURCE | TARGET, hidden=True),
    many("_metadata", "id", "aggregate_metadata.aggregate_id", live=SOURCE | TARGET, hidden=True),
    computed("hosts", "list of host names, from _hosts", type="list[str]"),
    computed("metadetails", "dict of key to value, from _metadata", type="dict[str, str]"),
    computed("availability_zone", "the value of the metadata key availability_zone, or None", type="str | None"),
)

AGGREGATE_HOSTS: Final = table(
    "aggregate_hosts",
    "AggregateHost",
    "A host's membership of an aggregate.",
    serial("id"),
    string("host", doc="free text; no service of that host need exist"),
    integer("aggregate_id", null=False, references="aggregates.id"),
    names("host", "services.host", HOST),
    index("aggregate_id"),
    index("host"),
)

AGGREGATE_METADATA: Final = table(
    "aggregate_metadata",
    "AggregateMetadata",
    "A key and value of an aggregate.",
    serial("id"),
    string("key", null=False),
    string("value", null=False),
    integer("aggregate_id", null=False, references="aggregates.id"),
    index("aggregate_id"),
    index("key"),
)
