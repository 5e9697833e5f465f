"""What is timed, by name, whoever answers it; imported by the peer's environment too, so by nothing but Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple, Protocol

GET: Final = "get by uuid"
UPDATE: Final = "update, returning"
BY_HOST: Final = "list 50 by host"
BY_FILTERS: Final = "list 100 by filters"
LIMITED: Final = "list limit 20"
LIMITED_ALL: Final = "list limit 20, all projects"
CREATE: Final = "create, full"
DESTROY: Final = "destroy"
NODES: Final = "100 compute nodes"
GROUPS: Final = "10 groups with rules"
BEAT: Final = "service update"
ARCHIVE: Final = "archive 1,000 instances"
ARCHIVE_MANY: Final = "archive, 1,000 a transaction"
RESERVE: Final = "reserve"
ADDRESS: Final = "address from a pool"

CALLS: Final = (GET, UPDATE, BY_HOST, BY_FILTERS, LIMITED, LIMITED_ALL, CREATE, DESTROY, NODES, GROUPS, BEAT)
"""Those that the peer has too."""
MIX: Final = {GET: 7, UPDATE: 2, BY_HOST: 1}
"""How many of ten calls are of what kind, where many call at once."""
GROWING: Final = (GET, UPDATE, BY_HOST, BY_FILTERS, LIMITED, RESERVE, ADDRESS)
"""Those whose time must not grow with the database."""


def archiving(instances: int) -> str:
    """The case that archives so many, ``ARCHIVE`` if they are a thousand."""
    return f"archive {instances:,} instances"


class Case(NamedTuple):
    """A call, to be given what is made ready before the clock runs."""

    name: str
    call: Callable[[Any], object]
    ready: Callable[[], Any] = lambda: None
    times: int = 10
    """How often it is made in a turn of ``benchmarks.backends``."""


class Side(Protocol):
    """Somebody whose calls are timed: one of our backends, or the peer."""

    def open(self, connection: str, create: bool) -> dict[str, str]:
        """Connect, and make the tables if asked to; the versions of what is at work."""

    def fill(self, instances: int) -> None:
        """Make the cloud through the calls of the interface, as services do."""

    def use(self, instances: int) -> None:
        """Work on a cloud that somebody else has made."""

    def grow(self, first: int, last: int) -> None:
        """Add the instances from one number to before another in bulk."""

    def cases(self) -> Iterable[Case]:
        """All that may be timed."""

    def floor(self) -> Iterable[Case]:
        """The same calls by hand, with the raw DB-API library, where there is one."""

    def archive(self) -> int:
        """Archive all that is deleted, and what belongs to it; how many rows that were."""

    def close(self) -> None:
        """Let go of everything."""
