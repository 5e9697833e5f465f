"""Moving: a whole database copied to another engine or server, and two databases compared."""

from __future__ import annotations

from nova_db.moving.comparing import NO_ROW, ROW, Comparison, Difference, TableComparison, compare
from nova_db.moving.copying import SourceChanged, TableCopied, TargetInUse, copy
from nova_db.moving.database import NotSynced

__all__ = [
    "NO_ROW",
    "ROW",
    "Comparison",
    "Difference",
    "NotSynced",
    "SourceChanged",
    "TableComparison",
    "TableCopied",
    "TargetInUse",
    "compare",
    "copy",
]
