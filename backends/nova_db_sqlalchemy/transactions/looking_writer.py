"""Writers on databases whose transaction goes on after an error: what is not told of a violation is looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nova_db.exceptions import DBDataError, DBDuplicateEntry, DBError, DBReferenceError
from nova_db_sqlalchemy.connections.errors import Fault, Written, translated
from nova_db_sqlalchemy.transactions.blame import Blame, Look, find_duplicate, find_reference, find_sum, find_taken
from nova_db_sqlalchemy.transactions.writer import Writer

if TYPE_CHECKING:
    from nova_db_sqlalchemy.connections.connection import Connection


class LookingWriter(Writer):
    """A writer that finds the columns and the value to blame by reading."""

    __slots__ = ("_blame",)

    def _judged(self, connection: Connection, fault: Fault, written: Written | None) -> Fault:
        self._blame: Blame | None = None
        if written is None:
            return fault
        try:
            if fault.kind is DBDuplicateEntry:
                self._blame = self._duplicate(self._look_on(connection), fault, written)
            elif fault.kind is DBReferenceError:
                look = self._look_on(connection)
                self._blame = find_taken(look, written)
                if self._blame is not None:
                    return fault._replace(kind=DBDuplicateEntry)  # whichever rule the database has looked at first
                self._blame = find_reference(look, written)
            elif fault.kind is DBDataError and not fault.columns:
                self._blame = find_sum(self._look_on(connection), written)
        except self._database.server.errors as error:
            found = self._database.server.fault(connection, error)
            if found.ends_transaction:
                return found  # a conflict, or the connection: there is no transaction left to speak of
        return fault  # the violation is worth more than its details

    def _translated(
        self, connection: Connection, error: BaseException, fault: Fault, written: Written | None
    ) -> DBError:
        found = self._blame
        if found is None or written is None:
            return translated(error, fault, written)
        return found.error(fault, error, written)

    def _duplicate(self, look: Look, fault: Fault, written: Written) -> Blame | None:
        return find_duplicate(look, str(fault.table), fault.columns, written)
