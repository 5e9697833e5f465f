"""Parameters of a DB-API library in a URL: which there are, and what is made of their texts.

Each server's ``parameters.py`` declares a table for each of its libraries; what is not in the table is refused.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any, Final, NamedTuple, NoReturn, TypeAlias

__tracebackhide__ = True  # of pytest, whose --showlocals would show a password among our variables

YES: Final = ("true", "yes", "on", "1")
NO: Final = ("false", "no", "off", "0")
_LONGEST: Final = 60
_SHOWN: Final = 4
_SYNONYMS: Final[Mapping[str, tuple[str, ...]]] = {
    "application_name": ("program_name",),
    "charset": ("client_encoding",),
    "client_encoding": ("charset",),
    "db": ("dbname",),
    "database": ("dbname",),
    "dbname": ("database",),
    "passwd": ("password",),
    "program_name": ("application_name",),
    "search_path": ("options",),
    "ssl_ca": ("sslrootcert",),
    "ssl_cert": ("sslcert",),
    "ssl_key": ("sslkey",),
    "ssl_mode": ("sslmode", "ssl_verify_identity"),
    "sslcert": ("ssl_cert",),
    "sslkey": ("ssl_key",),
    "sslmode": ("ssl_mode", "ssl_verify_identity"),
    "sslrootcert": ("ssl_ca",),
    "username": ("user",),
}
"""What other libraries call it, to what it is called here: names that are near are not always meant."""
YEAR: Final = 31_536_000
"""The longest time that libraries take, in seconds."""


class Role(Enum):
    """What becomes of a parameter."""

    OPTION = "option"
    """The library gets it, whatever database it is for."""
    PLACE = "place"
    """The library gets it; it says where the database is, or who asks, so it is for one database alone."""
    SECRET = "secret"
    """As PLACE, and it is never shown."""
    OURS = "ours"
    """Nova-db decides it; what says the same is taken, and everything else refused."""


class Parameter(NamedTuple):
    """One parameter."""

    expected: str
    """What a text has to be; of one that is refused in any case, why."""
    read: Callable[[str], Any]
    """What the library gets for a text.  ValueError: it is not as expected."""
    role: Role = Role.OPTION
    part: str | None = None
    """The part of a URL that it is another word for."""
    is_refused: bool = False

    def placed(self, part: str | None = None) -> Parameter:
        """The same, for one database alone."""
        return self._replace(role=Role.PLACE, part=part)

    def hidden(self, part: str | None = None) -> Parameter:
        """The same, and secret."""
        return self._replace(role=Role.SECRET, part=part)


Table: TypeAlias = Mapping[str, Parameter]
"""The parameters of a library, by name."""


def text() -> Parameter:
    """Any text."""
    return Parameter("a text", str)


def flag() -> Parameter:
    """Yes or no."""
    return Parameter("true or false", _yes)


def number_flag() -> Parameter:
    """Yes or no, for a library that takes 1 or 0."""
    return Parameter("1 or 0", lambda given: "1" if _yes(given) else "0")


def whole(least: int, most: int | None = None, **words: Any) -> Parameter:
    """A whole number between bounds; ``words`` are what may be given for other values."""
    bounds = f"of at least {least}" if most is None else f"from {least} to {most}"
    return Parameter(
        f"a whole number {bounds}" + "".join(f", or {word}" for word in words),
        lambda given: words[given.lower()] if given.lower() in words else _bounded(int(given), least, most),
    )


def seconds(*, zero: bool = False) -> Parameter:
    """A time."""
    kind = "a number of seconds" + ("" if zero else " above 0")
    return Parameter(kind, lambda given: _time(float(given), zero=zero))


def one_of(*words: str) -> Parameter:
    """One of some words."""
    return Parameter(f"one of {', '.join(words)}", lambda given: _word(given, words))


def file() -> Parameter:
    """A file that can be read."""
    return Parameter("a file that can be read", _file)


def folder() -> Parameter:
    """A directory."""
    return Parameter("a directory", _folder)


def ours(*words: str) -> Parameter:
    """What we decide; the words say the same."""
    expected = f"{' or '.join(words)}, whatever else the library knows,"
    return Parameter(expected, lambda given: _word(given.lower(), words), Role.OURS)


def refused(why: str) -> Parameter:
    """What no URL may have."""
    return Parameter(why, str, Role.OURS, is_refused=True)


DECIDED: Final = refused("which nova-db decides by itself")
OBJECT: Final = refused("which is an object of Python and cannot be written in a URL")


def check(table: Table, given: Mapping[str, str | Sequence[str]], where: str, repeated: Iterable[str] = ()) -> None:
    """Refuse parameters that the library does not have, or whose texts it could not use.

    :param where: what they stand in, to begin the message with.
    :param repeated: those that may be given several times; they are looked at elsewhere.
    :raises ValueError: one of them.
    """
    for name, value in given.items():
        if name in repeated:
            continue
        if name not in table:
            _refuse_unknown(table, name, where)
        parameter = table[name]
        if parameter.is_refused:
            raise ValueError(f"{where} has {name}, {parameter.expected}")
        if not isinstance(value, str):
            raise ValueError(f"{where} has {name} {len(value)} times; once is expected")
        try:
            parameter.read(value)
        except (ValueError, OverflowError):
            shown = "***" if parameter.role is Role.SECRET else repr(_shortened(value))
            raise ValueError(f"{where} has {name}={shown}; {parameter.expected} is expected") from None


def typed(table: Table, given: Mapping[str, str | Sequence[str]]) -> dict[str, Any]:
    """The library's options for the parameters of a URL that was checked."""
    return {
        name: table[name].read(value)
        for name, value in given.items()
        if isinstance(value, str) and name in table and table[name].role is not Role.OURS
    }


def shared(table: Table, given: Mapping[str, Any]) -> dict[str, Any]:
    """Those of some parameters that may be used for another database too."""
    alone = (Role.PLACE, Role.SECRET)
    return {name: value for name, value in given.items() if name not in table or table[name].role not in alone}


def _refuse_unknown(table: Table, name: str, where: str) -> NoReturn:
    usable = [known for known, parameter in table.items() if not parameter.is_refused]
    nearest = [known for known in _SYNONYMS.get(name.lower(), ()) if known in usable]
    nearest = nearest or difflib.get_close_matches(name.lower(), usable, 1)
    some, others = ", ".join(sorted(usable)[:_SHOWN]), len(usable) - _SHOWN
    hint = f"did you mean {nearest[0]}?" if nearest else f"there are {some}, and {others} more in docs/operations.md"
    raise ValueError(f"{where} has {_shortened(name)!r}, which is no parameter of the DB-API library; {hint}")


def _shortened(value: str) -> str:
    return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}..."


def _yes(given: str) -> bool:
    return _word(given.lower(), (*YES, *NO)) in YES


def _word(given: str, words: tuple[str, ...]) -> str:
    if given not in words:
        raise ValueError(given)
    return given


def _bounded(number: int, least: int, most: int | None) -> int:
    if number < least or (most is not None and number > most):
        raise ValueError(number)
    return number


def _time(number: float, *, zero: bool) -> float:
    if not (0 <= number <= YEAR) or (number == 0 and not zero):  # NaN neither
        raise ValueError(number)
    return number


def _file(given: str) -> str:
    try:
        with Path(given).expanduser().open("rb"):
            return given
    except OSError as error:
        raise ValueError(given) from error


def _folder(given: str) -> str:
    if not Path(given).is_dir():
        raise ValueError(given)
    return given
