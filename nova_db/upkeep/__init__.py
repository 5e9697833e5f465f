"""What keeps a database of years small: archiving and purging, usable from a program; ``nova-db`` calls them too."""

from __future__ import annotations

from nova_db.upkeep.archive import Archived, archive
from nova_db.upkeep.foresight import Foreseen, archivable, foresee
from nova_db.upkeep.purge import purge, purgeable

__all__ = ["Archived", "Foreseen", "archivable", "archive", "foresee", "purge", "purgeable"]
