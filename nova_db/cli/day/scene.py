"""What the parts of a day share."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any, Final, cast

from nova_db.context import RequestContext
from nova_db.driver import Driver

OWN: Final = "demo-"
"""How the names begin of what a day makes."""


@dataclass
class Scene:
    """The cloud of a day: who and what is there."""

    db: Any
    chance: random.Random
    mark: str
    host_count: int
    instance_count: int
    is_alone: bool
    """Whether there is nothing in the database but what days have left."""
    admin: RequestContext = field(
        default_factory=lambda: RequestContext("operator", "operations", is_admin=True, overwrite=False)
    )
    hosts: list[str] = field(default_factory=list)
    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)
    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    users: list[RequestContext] = field(default_factory=list)
    flavors: list[dict[str, Any]] = field(default_factory=list)
    networks: dict[str, dict[str, Any]] = field(default_factory=dict)
    instances: dict[str, RequestContext] = field(default_factory=dict)
    """The living instances: uuid to the user who owns it."""

    @property
    def driver(self) -> Driver:
        """What has the functions, as a driver: with the types of the contract."""
        return cast("Driver", self.db)

    def name(self, *words: object) -> str:
        """A name that nobody else has, by which rows are known to be of a day."""
        first, *rest = map(str, words)
        return "-".join((f"{OWN}{first}", self.mark, *rest))

    def some(self, share: float) -> list[str]:
        """A share of the living instances."""
        uuids = list(self.instances)
        return self.chance.sample(uuids, int(len(uuids) * share))
