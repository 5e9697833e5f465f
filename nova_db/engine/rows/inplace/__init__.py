"""For stores that have neither transactions nor versions: rows are changed where they are, readers see what was there.

Read ``versions`` (what readers see beside a writer), ``transaction`` (the undo log), ``engine`` (turns and forks).
"""

from __future__ import annotations

from nova_db.engine.rows.inplace.engine import LOCK_TIMEOUT, InPlaceEngine
from nova_db.engine.rows.inplace.state import State
from nova_db.engine.rows.inplace.tables import Stored
from nova_db.engine.rows.inplace.transaction import InPlaceReader, InPlaceTransaction, InPlaceWriter

__all__ = ["LOCK_TIMEOUT", "InPlaceEngine", "InPlaceReader", "InPlaceTransaction", "InPlaceWriter", "State", "Stored"]
