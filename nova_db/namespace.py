"""What ``import nova_db`` gives: made when the first name is asked for, as the package itself imports nothing."""

from __future__ import annotations

from typing import Any, Final

from nova_db.api import API
from nova_db.constraints import constraint, equal_any, not_equal
from nova_db.driver import FUNCTIONS
from nova_db.exceptions import NoMoreNetworks, NoMoreTargets
from nova_db.ownership import detached_context
from nova_db.staleness import allow_stale_reads
from nova_db.version import __version__

NAMES: Final[dict[str, Any]] = {
    "NoMoreNetworks": NoMoreNetworks,
    "NoMoreTargets": NoMoreTargets,
    "__version__": __version__,
    "allow_stale_reads": allow_stale_reads,
    "constraint": constraint,
    "detached_context": detached_context,
    "equal_any": equal_any,
    "not_equal": not_equal,
} | {name: getattr(API, name) for name in ("transaction", "run", *FUNCTIONS)}
"""The public names, and what they stand for."""
