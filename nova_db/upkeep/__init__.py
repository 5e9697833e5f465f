"""What keeps a database of years small: archiving and purging, usable from a program; ``nova-db`` calls them too."""

from __future__ import annotations

from nova_db.upkeep.archive import Archived, archive
from nova_db.upkeep.counting import archivable
from nova_db.upkeep.purge import purge, purgeable

__all__ = ["Archived", "archivable", "archive", "purge", "purgeable"]
