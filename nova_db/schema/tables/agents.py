"""Guest agents."""

from __future__ import annotations

from typing import Final

from nova_db.schema.declare import index, serial, string, table

AGENT_BUILDS: Final = table(
    "agent_builds",
    "AgentBuild",
    "A build of the guest agent for one hypervisor, operating system and architecture.",
    serial("id"),
    string("hypervisor"),
    string("os"),
    string("architecture"),
    string("version"),
    string("url"),
    string("md5hash"),
    index("hypervisor", "os", "architecture", narrow=("hypervisor", "os")),
)
