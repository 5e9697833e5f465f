"""Cells: the contract of the parts that a large cloud is divided into.

A name may be that of several cells; it then means all of them where they are changed or deleted.
"""

from __future__ import annotations

import abc

from nova_db.driver.records import Cell
from nova_db.driver.types import Context, Text, Values


class CellsContract(abc.ABC):
    """What a driver does for cells."""

    @abc.abstractmethod
    def cell_create(self, context: Context, values: Values) -> Cell:
        """Insert a cell with the columns in ``values``, and return it.

        Auth: admin.

        ``weight_offset`` is 0.0 and ``weight_scale`` 1.0 unless given.
        """

    @abc.abstractmethod
    def cell_get(self, context: Context, cell_name: Text) -> Cell:
        """Return the first cell named ``cell_name``.

        Auth: admin. Rows: visible.

        :raises CellNotFound: no such cell.
        """

    @abc.abstractmethod
    def cell_get_all(self, context: Context) -> list[Cell]:
        """Return every cell.

        Auth: admin. Rows: live.
        """

    @abc.abstractmethod
    def cell_update(self, context: Context, cell_name: Text, values: Values) -> Cell:
        """Write ``values`` to the cells named ``cell_name``, and return the first of them. Stamps ``updated_at``.

        Auth: admin. Rows: visible.

        Renaming is allowed.

        :raises CellNotFound: no such cell.
        """

    @abc.abstractmethod
    def cell_delete(self, context: Context, cell_name: Text) -> int:
        """Soft-delete the cells named ``cell_name``, and return how many there were.

        Auth: admin. Rows: visible.

        Racing: a live cell is counted by one caller.
        """
