"""Writers on databases whose transaction goes on after an error: what is not told of a violation is looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nova_db.exceptions import DBDuplicateEntry, DBError, DBReferenceError
from nova_db_sqlalchemy.blame import Blame, Look, find_duplicate, find_reference
from nova_db_sqlalchemy.errors import Fault, Written, translated
from nova_db_sqlalchemy.writer import Writer

if TYPE_CHECKING:
    from nova_db_sqlalchemy.link import Link


class LookingWriter(Writer):
    """A writer that finds the columns and the value to blame by reading."""

    __slots__ = ()

    def _translated(self, link: Link, error: BaseException, fault: Fault, written: Written | None) -> DBError:
        found = None if written is None else self._blamed(link, fault, written)
        if found is None:
            return translated(error, fault, written)
        return fault.kind(error, table=found.table, columns=found.columns, value=found.value)

    def _blamed(self, link: Link, fault: Fault, written: Written) -> Blame | None:
        try:
            if fault.kind is DBDuplicateEntry:
                return self._duplicate(self._look_on(link), fault, written)
            return find_reference(self._look_on(link), written) if fault.kind is DBReferenceError else None
        except self._engine.dialect.errors:
            return None  # the violation is worth more than its details

    def _duplicate(self, look: Look, fault: Fault, written: Written) -> Blame | None:
        return find_duplicate(look, str(fault.table), fault.columns, written)
