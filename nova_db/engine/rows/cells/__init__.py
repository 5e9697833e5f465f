"""For stores of cells: byte strings that are kept in order, and written many at once.

A row is a cell, and so is each entry of an index; the base works out which (``entries``), and finds rows by them
(``table``), in the order of an index too (``paths``).  Keys are packed so that their bytes sort as their values do
(``packing``).  What a writer writes is laid over the cells (``cells``) until it commits (``transaction``).
"""

from __future__ import annotations

from nova_db.engine.rows.cells.cells import Cells
from nova_db.engine.rows.cells.engine import CellEngine
from nova_db.engine.rows.cells.transaction import CellTransaction
from nova_db.engine.rows.codec import Codec

__all__ = ["CellEngine", "CellTransaction", "Cells", "Codec"]
