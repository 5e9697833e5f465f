"""Files of options for PyMySQL, and the password in them or beside them.

The library writes a password that is a text in Latin-1, other than servers and their own clients do, and its errors
quote lines of the file.
"""

from __future__ import annotations

import configparser
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from nova_db.exceptions import DBConnectionError

T = TypeVar("T")
_USUAL: Final = "/etc/my.cnf"
"""The file that the library reads where only a group is named."""


def with_password(options: Mapping[str, Any]) -> dict[str, Any]:
    """The library's options, with the password in bytes, as servers know it.

    :raises DBConnectionError: the file of options is of no use.
    """
    found = options.get("password") or options.get("passwd") or _password(options)
    return {**options, "password": found.encode()} if isinstance(found, str) else dict(options)


def reading(options: Mapping[str, Any], read: Callable[[], T]) -> T:
    """What a function makes of the file that options name.

    :raises DBConnectionError: it is of no use.
    """
    try:
        return read()
    except (configparser.Error, UnicodeError) as error:
        why = _why(error)
    # Not where it was caught: what quotes the file must not be its context.
    raise DBConnectionError(message=f"The option file {_file(options)} cannot be read: {why}.").for_good()


def _file(options: Mapping[str, Any]) -> str | None:
    named: str | None = options.get("read_default_file")
    return named or (_USUAL if options.get("read_default_group") else None)


def _password(options: Mapping[str, Any]) -> str | None:
    file = _file(options)
    if file is None:
        return None
    parser = configparser.RawConfigParser(allow_no_value=True)
    reading(options, lambda: parser.read(Path(file).expanduser(), encoding="utf-8"))
    found = parser.get(options.get("read_default_group") or "client", "password", fallback=None) or ""
    is_quoted = len(found) > 1 and found[0] == found[-1] and found[0] in "'\""
    return found[1:-1] if is_quoted else found


def _why(error: configparser.Error | UnicodeError) -> str:
    if isinstance(error, configparser.MissingSectionHeaderError):
        return f"line {error.lineno} stands before the first group, such as [client]"
    if isinstance(error, configparser.DuplicateOptionError):
        return f"line {error.lineno} has an option that the group has before"
    if isinstance(error, configparser.DuplicateSectionError):
        return f"line {error.lineno} begins a group that is there before"
    if isinstance(error, configparser.ParsingError) and error.errors:
        return f"line {error.errors[0][0]} is not of the form name = value"
    return "it is no text in UTF-8" if isinstance(error, UnicodeError) else "it is not of the form that options have"
