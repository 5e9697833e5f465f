"""Settings that nobody reads, as their names are those of our options but for a letter or two.

oslo.config passes over what it does not know, as one file may be that of several services. So a misspelt ``connection``
is not missed by anybody, and the database is another one.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from nova_db.conf.files import DEFAULT, files, settings

if TYPE_CHECKING:
    from pathlib import Path

    from oslo_config import cfg

LETTERS: Final = 2
"""By how many letters, missing, added, exchanged or swapped, a name may differ from the one that was meant."""
_Renamed: TypeAlias = Mapping[tuple[str, str], tuple[str, str]]
_ELSEWHERE: Final = frozenset({"connection", "slave_connection", "connection_parameters"})
"""Options of ``[database]`` that are told where they stand in ``[DEFAULT]``: another database would be used."""
_OTHERS: Final[Mapping[str, frozenset[str]]] = {
    "database": frozenset(
        {
            "asyncio_connection",
            "asyncio_slave_connection",
            "connection_trace",
            "idle_timeout",
            "min_pool_size",
            "mysql_enable_ndb",
            "mysql_sql_mode",
            "sqlite_db",
            "synchronous_reader",
            "use_db_reconnect",
            "use_tpool",
        }
    )
}
"""What oslo.db, whose section it is as well, knows beyond our options."""
_SYNONYMS: Final = frozenset(
    {
        *("database_url", "db_url", "dsn", "sqlalchemy_url", "uri", "url"),
        *("host", "hostname", "user", "username", "passwd", "password"),
    }
)
"""What programs of others call a connection, or have its parts stand in."""
_UNREAD: Final = ("DATABASE_URL", "DB_URL", "SQLALCHEMY_DATABASE_URI", "SQLALCHEMY_DATABASE_URL")
"""Variables in which programs of others look for one."""


def misspellings(conf: cfg.ConfigOpts, *, environment: bool = True) -> Iterator[str]:
    """What is misspelt in the files that a configuration was read from, and in the environment: a line for each."""
    known, renamed = _known(conf), _renamed()
    for file in files(conf):
        yield from _repeated(file)
        for place, section, key, is_begun in settings(file):
            meant = _meant(known, renamed, section, key)
            if is_begun and meant is not None:
                yield f"{place}: there is no option {_named(section, key)}; did you mean {_named(*meant)}?"
            elif not is_begun and key in known.get(section, ()):
                yield f"{place}: [{section}] {key} begins with a space, so the line belongs to the value before it"
    if environment:
        yield from _misspelt_variables(known, renamed)


def _repeated(file: Path) -> Iterator[str]:
    """Our options that stand in a file more than once, of which oslo.config takes the last."""
    ours = _ours()
    first: dict[tuple[str, str], str] = {}
    for place, section, key, is_begun in settings(file):
        if is_begun and key in ours.get(section, ()):
            before = first.setdefault((section, key), place)
            if before != place:
                line = before.rpartition(", ")[2]
                yield f"{place}: {_named(section, key)} stands in {line} already; leave one of them out"


def unread_variable() -> str | None:
    """The variable of the environment in which somebody names a database for programs of others; None: there is none.

    Only for where nobody has named one for us: a machine may have it for another program.
    """
    return next((name for name in _UNREAD if os.environ.get(name)), None)


def _misspelt_variables(known: Mapping[str, Collection[str]], renamed: _Renamed) -> Iterator[str]:
    # The environment has no deprecated names.
    variables = {_variable(group, key) for group, keys in known.items() for key in keys if (group, key) not in renamed}
    old = {_variable(at, key): _variable(*new) for (group, key), new in renamed.items() for at in {group, new[0]}}
    old |= {_variable("database", key): _variable("database", "connection") for key in _SYNONYMS}
    for name in sorted(os.environ):
        upper = name.upper()
        if upper.startswith("OS_") and name not in variables:
            meant = upper if upper in variables else old.get(upper) or nearest(upper, variables)
            if meant is not None:
                yield f"the environment variable {name} is no option's; did you mean {meant}?"


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The word that differs least from one, by so many letters as may be; None: all differ by more."""
    found = min(((_distance(word, other), other) for other in words), default=(LETTERS + 1, ""))
    return found[1] if found[0] <= LETTERS else None


def _known(conf: cfg.ConfigOpts) -> dict[str, Collection[str]]:
    """The options of our sections, under all names that they may have, the services' own in these sections included."""
    from nova_db.conf.options import OPTIONS

    known = _ours()
    for section in OPTIONS:
        registered = conf if section == DEFAULT else conf[section]
        known[section].update(registered, _OTHERS.get(section, ()))
    return {section: frozenset(keys) for section, keys in known.items()}


def _ours() -> dict[str, set[str]]:
    """Our options by section, under all names that they may have."""
    from nova_db.conf.options import OPTIONS

    ours: dict[str, set[str]] = {section: set() for section in OPTIONS}
    for section, options in OPTIONS.items():
        for option in options:
            ours[section].add(option.dest)
            for old in option.deprecated_opts:
                ours.setdefault(old.group or section, set()).add(old.name or option.dest)
    return ours


def _renamed() -> _Renamed:
    """The deprecated names of our options, with the groups in which they stand, to what they are called now."""
    from nova_db.conf.options import OPTIONS

    return {
        (old.group or group, old.name or option.dest): (group, option.dest)
        for group, options in OPTIONS.items()
        for option in options
        for old in option.deprecated_opts
    }


def _meant(known: Mapping[str, Collection[str]], renamed: _Renamed, section: str, key: str) -> tuple[str, str] | None:
    """Section and key that were meant by those that somebody has written; None: these are right, or not ours."""
    # A line without = has its value's colon take the place, and the words before it are the key.
    word = key if key in known.get(section, ()) else key.split(maxsplit=1)[0].lower().replace("-", "_")
    home = _home(known, section)
    if home == DEFAULT and word in _ELSEWHERE and word not in known[DEFAULT]:
        return "database", word
    if home is None:
        return None
    if word not in known[home]:
        renamings = {old: new for (_, old), new in renamed.items() if new[0] == home}
        if word in renamings:
            return renamings[word]
        if home == "database" and word in _SYNONYMS:
            return home, "connection"
    near = word if word in known[home] else nearest(word, known[home])
    return None if near is None or (home, near) == (section, key) else (home, near)


def _home(known: Mapping[str, Collection[str]], section: str) -> str | None:
    """The section of ours that somebody has written, or has meant; None: it is of others."""
    bare = section.strip()
    if section in known or bare in known:
        return bare
    return DEFAULT if bare.upper() == DEFAULT else nearest(bare, known.keys() - {DEFAULT})


def _named(section: str, key: str) -> str:
    return f"[{section}] {key}"


def _variable(section: str, key: str) -> str:
    return f"OS_{section.upper()}__{key.upper()}"


def _distance(one: str, other: str) -> int:
    """How many letters are missing, added, exchanged or swapped with their neighbours; beyond ``LETTERS`` about."""
    if abs(len(one) - len(other)) > LETTERS:
        return LETTERS + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        current = [row]
        for column, its in enumerate(other, 1):
            least = min(last[column] + 1, current[-1] + 1, last[column - 1] + (letter != its))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == its:
                least = min(least, before[column - 2] + 1)
            current.append(least)
        before, last = last, current
    return last[-1]
