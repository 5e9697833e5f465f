"""What DB-API libraries' errors quote of rows and statements, taken out of them.

An error of ours has the library's as its cause and as ``inner_exception``, so tracebacks print both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from nova_db.exceptions.redaction import HIDDEN, is_secret

_DATA: Final = ("22", "23")
"""Classes of SQLSTATE whose details quote rows, and values that are not as they should be."""
_RULES: Final = ("23503", "23505")
"""A reference and a unique rule: the details quote the columns of the rule alone, all others the whole row."""
_NAMES_ALONE: Final = frozenset(
    {
        *(1007, 1008, 1044, 1045, 1048, 1049, 1050, 1051, 1054, 1060, 1061, 1072, 1091, 1130, 1142, 1143, 1146, 1193),
        *(1216, 1217, 1227, 1264, 1265, 1305, 1364, 1370, 1406, 1451, 1452, 1524, 1698, 2002, 2003, 2005),
    }
)
"""Errors of MariaDB and MySQL that quote what things are called, and no values."""
_NAMES: Final = ("22021", "2200H", "22023")
"""An encoding, a sequence that has no number left, and a setting, are named; no value is quoted."""
_MARKED: Final = re.compile('["\u00ab\u201c\u201e].*["\u00bb\u201c\u201d]', re.DOTALL)
"""A value in the quotation marks of any language, up to the last one."""
_LAST_NAME: Final = re.compile(r"[^']*'[\w.]+'[^']*\Z")
_QUOTED: Final = re.compile(r"'.*'", re.DOTALL)  # up to the last quote: a value may have some in it


def without_quotes(error: BaseException, table: str | None = None, columns: Sequence[str] = ()) -> BaseException:
    """The error itself, without the values that it quotes, unless its columns are known to be no secret."""
    if isinstance(error, UnicodeEncodeError):
        error.object = error.object[error.start : error.end]
        error.args = (*error.args[:1], error.object, *error.args[2:])
        return error
    is_harmless = table is not None and bool(columns) and not is_secret(table, columns)
    library = type(error).__module__.partition(".")[0]
    if library == "psycopg":
        _clear_postgresql(error, is_harmless=is_harmless)
    elif library in ("pymysql", "MySQLdb") and not is_harmless:
        _clear_mysql(error)
    return error


def _clear_postgresql(error: Any, *, is_harmless: bool) -> None:
    told, state = error.diag, error.sqlstate or ""
    if told.message_primary is None:
        return  # the library's own words
    # The context may be the parameters, by a setting of the server; the line of the statement tells nothing.
    quotes_value = state.startswith("22") and state not in _NAMES and not is_harmless
    lines = [_MARKED.sub(f'"{HIDDEN}"', told.message_primary) if quotes_value else told.message_primary]
    if told.message_detail and (is_harmless if state in _RULES else not state.startswith(_DATA)):
        lines.append(f"DETAIL:  {told.message_detail}")
    error.args = ("\n".join(lines),)


def _clear_mysql(error: BaseException) -> None:
    code, *rest = error.args or (0,)
    if code in _NAMES_ALONE:
        return
    error.args = (code, *[_cleared(text) if isinstance(text, str) else text for text in rest])


def _cleared(text: str) -> str:
    """A text without what is between its quotes; the last of several quotations is the name of a rule or column."""
    name = _LAST_NAME.search(text)
    end = name.start() if name and "'" in text[: name.start()] else len(text)
    return _QUOTED.sub(f"'{HIDDEN}'", text[:end]) + text[end:]
