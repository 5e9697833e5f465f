"""Failures of the database itself. They are no :class:`NovaException`: they have no code and no keyword arguments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Self

from nova_db.exceptions.redaction import masked, redacted
from nova_db.exceptions.wording import writable


class DBError(Exception):
    """A statement or a transaction failed; nothing of it was kept.

    The text tells what happened and to which columns, never a statement or a password, and a value only where that is
    what breaks a rule, as ``***`` where a column is marked as secret. Without ``message`` it is put together from the
    other arguments, and from the reason that ``inner_exception`` gives.

    :param inner_exception: the error of the DB-API library, or None.
    :param message: the text.
    :param table: the table to blame, or None.
    :param columns: names of the columns to blame.
    :param value: the value to blame; the attribute has it as it is, also where the text hides it.
    """

    summary: ClassVar[str] = "The database failed"
    """How the text begins."""
    blame_suffices: ClassVar[bool] = False
    """Whether the table or the columns say all, so that the library's own words are left out."""

    tells_value: ClassVar[bool] = False
    """Whether the text tells the value, too."""

    inner_exception: BaseException | None
    table: str | None
    columns: list[str]
    value: Any
    may_pass: bool = True
    """Of a conflict or a lost connection: whether a further attempt may succeed."""

    def __init__(
        self,
        inner_exception: BaseException | None = None,
        *,
        message: str | None = None,
        table: str | None = None,
        columns: Iterable[str] = (),
        value: Any = None,
    ) -> None:
        self.inner_exception = inner_exception
        self.table = table
        self.columns = [columns] if isinstance(columns, str) else list(columns)
        self.value = value
        super().__init__(writable(message or self._described()))

    def for_good(self) -> Self:
        """The same error, as one that further attempts do not mend."""
        self.may_pass = False
        return self

    def _described(self) -> str:
        blamed = self._blamed()
        reason = ""
        if self.inner_exception is not None and not (blamed and self.blame_suffices):
            text, kind = _words(self.inner_exception)
            reason = f": {text} ({kind})" if text else f": {kind}"
        return f"{self._happened()}{blamed}{reason}."

    def _happened(self) -> str:
        return self.summary

    def _blamed(self) -> str:
        table = f" in table {self.table}" if self.table else ""
        if not self.columns:
            return table
        value = ""
        if self.tells_value and self.value is not None:
            value = f": {masked(self.table, self.columns, self.value)}"
        return f"{table}, {'columns' if len(self.columns) > 1 else 'column'} {', '.join(self.columns)}{value}"

    def __reduce__(self) -> tuple[Any, ...]:
        # The DB-API library's error stays behind: where the pickle goes, that library may be missing.
        state = {**self.__dict__, "inner_exception": None}
        return (_rebuilt, (type(self), self.args), state)


def _words(error: BaseException) -> tuple[str, str]:
    """What another library's error says, and its kind, with the server's number where that stands beside the words.

    The libraries for MariaDB have number and words as two arguments, of which Python shows a tuple.
    """
    kind = type(error).__name__
    if len(error.args) == 2 and not isinstance(error, OSError):
        number, words = error.args
        if type(number) is int and type(words) is str:
            return redacted(words), f"{kind} {number}"
    return redacted(str(error)), kind


def _rebuilt(kind: type[DBError], args: tuple[Any, ...]) -> DBError:
    error = kind.__new__(kind)
    error.args = args
    return error


class DBDuplicateEntry(DBError):
    """A uniqueness rule would be broken; ``columns`` are the columns of the rule."""

    summary = "Duplicate entry"
    blame_suffices = True
    tells_value = True


class DBReferenceError(DBError):
    """A foreign key would point at no row, or a row that others point at would go; the text says which of the two.

    ``table``, ``columns`` and ``value`` are those of the side that refers, in either case.

    :param lacking: the table that has no such row.
    :param holding: the table whose row would go, or would be known by another value, and is still referred to.
    """

    summary = "A row that is referred to does not exist, or a row to remove is still referred to"
    blame_suffices = True
    tells_value = True

    def __init__(
        self,
        inner_exception: BaseException | None = None,
        *,
        lacking: str | None = None,
        holding: str | None = None,
        **blame: Any,
    ) -> None:
        self._lacking = lacking
        self._holding = holding
        super().__init__(inner_exception, **blame)

    def _happened(self) -> str:
        if self._lacking is not None:
            return f"Table {self._lacking} has no such row as is referred to"
        if self._holding is not None:
            return f"A row of table {self._holding} cannot go or change: it is still referred to"
        return self.summary


class DBDataError(DBError):
    """A value does not fit its column: type, length, range, a null or a NUL character."""

    summary = "A value is not acceptable"


class DBConnectionError(DBError):
    """The database cannot be reached, or the connection to it was lost.

    ``may_pass`` is false where the login is refused or the database does not exist.
    """

    summary = "The connection to the database failed"


class DBDisagreement(DBError):
    """The database decides otherwise than what it shows: asked for a row it finds none, yet shows one that fits.

    Nothing but a database that was set up in another way than nova-db does it, or an error in a storage engine, leads
    here, so trying again is of no use. Other than its kin it tells values: what was asked for, and what was found,
    which is ``value`` too.
    """

    summary = "The database decides otherwise than what it shows"


class DBDeadlock(DBError):
    """The database ended the transaction in favour of another one. It may be run again as a whole.

    ``may_pass`` is false where it has waited in vain for its turn to write, for as long as ``[database] lock_timeout``.
    """

    summary = "The database ended the transaction because of a conflict with another one"


class DBTransactionError(DBError):
    """A call has no place in, or beside, an open transaction; the text says why, and what to do instead."""

    summary = "The call has no place in or beside an open transaction"


class DBCommitUnknown(DBError):
    """The connection was lost during a commit. The transaction may be stored or not, so it must not be run again."""

    summary = "The outcome of the commit is unknown"


class DBInvalidUnicodeParameter(Exception):
    """The database cannot take this text; no :class:`DBError`.

    Never raised: a text that cannot be encoded is a :class:`DBDataError`, which names the table and the column.  It is
    there for callers that name it in an ``except``.
    """

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or "A text cannot be encoded for the database.")
