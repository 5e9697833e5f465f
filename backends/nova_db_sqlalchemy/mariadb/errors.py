"""What the errors of MariaDB and MySQL mean."""

from __future__ import annotations

import re
import ssl
from typing import Final

from nova_db.exceptions import DBConnectionError, DBDataError, DBDuplicateEntry, DBError, DBReferenceError
from nova_db_sqlalchemy.connections.errors import Fault, cancelled, conflict, forbidden, full, missing, unsuitable
from nova_db_sqlalchemy.mariadb.cursor import PACKET_TOO_LARGE
from nova_db_sqlalchemy.tables.catalog import rule_columns

_LIBRARIES: Final = frozenset({"pymysql", "MySQLdb"})
_UNUSABLE: Final = frozenset({"InterfaceError", "InternalError"})
"""The DB-API's names for errors of a library's own, after which its connection is of no use; they have no number."""
UNKNOWN_DATABASE: Final = 1049
NOT_READY: Final = 1047
FAILED_COMMIT: Final = 1180
LOST: Final = frozenset(
    {
        *(1047, 1053, 1080, 1152, 1158, 1159, 1160, 1161, 1184, 1317, 1927, 3169, 4031),  # the server's
        *(2006, 2012, 2013, 2014, 2027, 2055),  # the libraries' own
    }
)
"""The connection is gone, or of no use: the node has left its cluster, the server shuts down, somebody killed it."""
_CONFLICTS: Final = frozenset({1020, 1205, 1213, 1412, 1637, 3058, 3572})
"""1412: an index was made, or a table changed, after the snapshot was taken."""
_ABSENT: Final = 1305
_DEMOTED: Final = frozenset({1290, 1836})
"""The server has become one that is only read from: a new connection may lead to the one that took its place."""
_READ_ONLY: Final = frozenset({1792, 3100})
_DUPLICATES: Final = frozenset({1022, 1062, 1169, 1586})
_REFERENCES: Final = frozenset({1216, 1217, 1451, 1452})
_REQUIRED: Final = frozenset({1048, 1364})
_SENT_TOO_LARGE: Final = 2020
_UNFIT: Final = frozenset(
    {PACKET_TOO_LARGE, _SENT_TOO_LARGE, 1264, 1292, 1300, 1366, 1367, 1406, 1411, 1441, 1690, 3854}
)
_NO_MORE_IDS: Final = frozenset({167, 1467})
NO_MORE_IDS: Final = "no more ids"
TOO_LARGE: Final = "too large"
"""Details of faults that say so."""
_CANCELLED: Final = frozenset({1969, 3024})
_FULL: Final = frozenset({3, 1021, 1114})
_ENGINES: Final = frozenset({1026, 1030})
_NO_SPACE: Final = re.compile(r"\b(?:error|errno):? \W?28\b", re.IGNORECASE)
_REFUSALS: Final = frozenset(
    {
        *(1231, 1232, 1292),  # a setting that a session is told
        *(1044, 1045, 1049, 1130, 1251, 1524, 1698, 1820, 1862, 3118, 4151),  # the server's
        *(2007, 2019, 2054, 2059, 2061),  # the libraries' own
    }
)
"""The server was there, and will not let this user in, or not to this database; or it speaks otherwise."""
_PROTOCOL: Final = frozenset({2007, 2027})
_NO_PACKET: Final = "Packet sequence number wrong"
"""As PyMySQL, without a number, says that it was answered by something else."""
_TLS: Final = 2026
_TLS_REFUSED: Final = re.compile(r"(?i)certificate|self.signed|support|required")
"""What is no mere breakdown of a TLS connection."""
NO_RIGHT: Final = frozenset({1142, 1143, 1227, 1370})
_KEY: Final = re.compile(r"for key '(?:([^'.]+)\.)?([^'.]+)'$")
_REFERENCE: Final = re.compile(r"\(`[^`]+`\.`([^`]+)`, CONSTRAINT `([^`]+)`")
_COLUMN: Final = re.compile(r"(?:Column|Field) '([^']+)'")
_NO_TABLE: Final = frozenset({1051, 1109, 1146})
_NO_COLUMN: Final = frozenset({1054, 1072})
_NAME: Final = re.compile(r"'(?:[^']*\.)?([^'.]+)'")


def is_of_library(error: BaseException | None) -> bool:
    """Whether an error is a DB-API library's, of whichever there are."""
    return type(error).__module__.partition(".")[0] in _LIBRARIES


def code_of(error: BaseException) -> int:
    """The number of an error; 0 where it has none."""
    first = error.args[0] if is_of_library(error) and error.args else 0
    return first if isinstance(first, int) else 0


def is_lost(error: BaseException) -> bool:
    """Whether an error by itself says that the connection is gone."""
    code = code_of(error)
    return code in LOST | _DEMOTED or (not code and is_of_library(error) and type(error).__name__ in _UNUSABLE)


def is_refusal(error: BaseException) -> bool:
    """Whether an error of connecting will be the same the next time."""
    if isinstance(error.__cause__, ssl.SSLCertVerificationError):
        return True
    code = code_of(error)
    return _is_of_other(error) or code in _REFUSALS or (code == _TLS and _TLS_REFUSED.search(str(error)) is not None)


def explain(error: BaseException, place: str, silence: float | None) -> None:
    """Have an error of connecting say what it means, where the library's own words do not.

    :param place: where it was connected to.
    :param silence: after how many seconds that was given up; None: it was not.
    """
    if _is_of_other(error):
        text = f"what answers at {place} is no MariaDB or MySQL server: check host and port in the URL"
    elif silence is not None and is_lost(error):
        text = f"{place} did not answer within {silence:g} seconds: is a MariaDB or MySQL server there?"
    else:
        return
    error.args = (code_of(error), text) if code_of(error) else (text,)


def _is_of_other(error: BaseException) -> bool:
    return code_of(error) in _PROTOCOL or (is_of_library(error) and str(error).startswith(_NO_PACKET))


def is_commit_unknown(error: BaseException) -> bool:
    """Whether the transaction may be stored although its commit ended with this error.

    A node that is no longer a part of its cluster does not begin to commit, nor does a server that is only read from;
    a node that loses its cluster meanwhile cannot tell what became of it.
    """
    code = code_of(error)
    return code == FAILED_COMMIT or (is_lost(error) and code not in {NOT_READY, *_DEMOTED})


def fault_of(error: BaseException) -> Fault:
    """What an error means; a duplicate's ``detail`` is the name of the rule."""
    found = unsuitable(error)
    if found is not None:
        return found
    code, text = code_of(error), str(error.args[-1]) if error.args else ""
    if code in _CONFLICTS or (code == _ABSENT and "SAVEPOINT" in text):
        return conflict()  # a node of a cluster undoes a transaction as a whole, and a statement's own error hides it
    if code in _DUPLICATES:
        return _duplicate(text)
    if code in _REFERENCES:
        named = _REFERENCE.search(text)
        return (
            Fault(DBReferenceError, None, named[1], rule_columns(*named.groups())) if named else Fault(DBReferenceError)
        )
    if code in _REQUIRED | _NO_MORE_IDS | _UNFIT:
        return _unfit(code, text)
    if code in _FULL or (code in _ENGINES and _NO_SPACE.search(text)):
        return full()
    if code in _CANCELLED:
        return cancelled()
    if code in NO_RIGHT:
        return forbidden(text)
    if code in _READ_ONLY:
        return Fault(message="The database is read-only.")
    return _absent(code, text)


def _unfit(code: int, text: str) -> Fault:
    if code in (PACKET_TOO_LARGE, _SENT_TOO_LARGE):
        return Fault(DBDataError, text, detail=TOO_LARGE)
    if code in _NO_MORE_IDS:
        return Fault(DBDataError, detail=NO_MORE_IDS)
    column = _COLUMN.search(text) if code in _REQUIRED else None
    return Fault(DBDataError, None, None, (column[1],) if column else ())


def _duplicate(text: str) -> Fault:
    key = _KEY.search(text)
    return Fault(DBDuplicateEntry, None, key[1], detail=key[2]) if key else Fault(DBDuplicateEntry)


def _absent(code: int, text: str) -> Fault:
    name = _NAME.search(text)
    if name and code in _NO_TABLE | _NO_COLUMN:
        return missing(f"the {'table' if code in _NO_TABLE else 'column'} {name[1]}")
    if code == UNKNOWN_DATABASE:
        return Fault(DBConnectionError, ends_transaction=True)
    return Fault(DBError)
