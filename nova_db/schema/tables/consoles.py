"""Consoles of instances and the proxies that serve them."""

from __future__ import annotations

from typing import Final

from nova_db.schema.declare import HOST, index, integer, ip, many, names, one, secret, serial, string, table, uuid

CONSOLE_POOLS: Final = table(
    "console_pools",
    "ConsolePool",
    "The access of a console proxy to the consoles of one compute host.",
    serial("id"),
    ip("address"),
    string("username"),
    secret(string("password"), "the proxy's password at the hypervisor"),
    string("console_type"),
    string("public_hostname"),
    string("host", doc="the proxy's host"),
    string("compute_host"),
    names("host", "services.host", HOST),
    names("compute_host", "services.host", HOST),
    index("host", "console_type", "compute_host", narrow=("host", "compute_host")),
    many("consoles", "id", "consoles.pool_id"),
    soft_deleted=False,
)

CONSOLES: Final = table(
    "consoles",
    "Console",
    "An open console of an instance.",
    serial("id"),
    string("instance_name"),
    uuid("instance_uuid", references="instances.uuid"),
    secret(string("password"), "the password that opens the console"),
    integer("port"),
    integer("pool_id", references="console_pools.id"),
    index("instance_uuid"),
    index("pool_id"),
    one("pool", "pool_id", "console_pools.id"),
)
