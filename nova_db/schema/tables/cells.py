"""Neighbouring cells."""

from __future__ import annotations

from typing import Final

from nova_db.schema.declare import boolean, index, integer, real, secret, serial, string, table

CELLS: Final = table(
    "cells",
    "Cell",
    "A parent or child cell and how to reach its message broker.",
    serial("id"),
    string("name", doc="short name; may repeat"),
    string("api_url"),
    string("username"),
    secret(string("password"), "the password at the cell's message broker"),
    real("weight_offset", default=0.0),
    real("weight_scale", default=1.0),
    boolean("is_parent"),
    string("rpc_host"),
    integer("rpc_port"),
    string("rpc_virtual_host"),
    index("name"),
)
