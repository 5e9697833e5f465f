"""For stores of cells: byte strings that are kept in order, in transactions.

A row is a cell, and so is each entry of an index; the base works out which, and finds rows by them (``table``), in the
order of an index too (``paths``).  Keys are packed so that their bytes sort as their values do (``packing``).
"""

from __future__ import annotations

from nova_db.engine.rows.cells.engine import CellEngine, CellTransaction
from nova_db.engine.rows.cells.table import Cells, CellTables, Codec

__all__ = ["CellEngine", "CellTables", "CellTransaction", "Cells", "Codec"]
