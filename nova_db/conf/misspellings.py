"""Settings that nobody reads, as their names are those of our options but for a letter or two.

oslo.config passes over what it does not know, as one file may be that of several services. So a misspelt ``connection``
is not missed by anybody, and the database is another one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from oslo_config import cfg

LETTERS: Final = 2
"""By how many letters, missing, added, exchanged or swapped, a name may differ from the one that was meant."""
_DEFAULT: Final = "DEFAULT"
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
_SECTION: Final = re.compile(r"\[([^\]]*)\]")
_KEY: Final = re.compile(r"([^\s\[#;:=][^:=]*?)\s*[:=]")


class _Written(NamedTuple):
    place: str
    section: str
    key: str
    is_begun: bool
    """Whether a setting begins with the line; one that begins with a space goes on with the value before it."""


def misspellings(conf: cfg.ConfigOpts, *, environment: bool = True) -> Iterator[str]:
    """What is misspelt in the files that a configuration was read from, and in the environment: a line for each."""
    known = _known(conf)
    for file in _files(conf):
        for place, section, key, is_begun in _settings(file):
            meant = _meant(known, section, key)
            if is_begun and meant is not None:
                yield f"{place}: there is no option {_named(section, key)}; did you mean {_named(*meant)}?"
            elif not is_begun and key in known.get(section, ()):
                yield f"{place}: [{section}] {key} begins with a space, so the line belongs to the value before it"
    variables = {_variable(section, key) for section, keys in known.items() for key in keys}
    for name in sorted(os.environ) if environment else ():
        if name.startswith("OS_") and name not in variables and (near := nearest(name, variables)):
            yield f"the environment variable {name} is no option's; did you mean {near}?"


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The word that differs least from one, by so many letters as may be; None: all differ by more."""
    found = min(((_distance(word, other), other) for other in words), default=(LETTERS + 1, ""))
    return found[1] if found[0] <= LETTERS else None


def _known(conf: cfg.ConfigOpts) -> dict[str, Collection[str]]:
    """The options of our sections, under all names that they may have, the services' own in these sections included."""
    from nova_db.conf.options import OPTIONS

    known: dict[str, set[str]] = {}
    for section, options in OPTIONS.items():
        registered = conf if section == _DEFAULT else conf[section]
        known.setdefault(section, set()).update(registered, _OTHERS.get(section, ()))
        for option in options:
            known[section].add(option.dest)
            for old in option.deprecated_opts:
                known.setdefault(old.group or section, set()).add(old.name or option.dest)
    return {section: frozenset(keys) for section, keys in known.items()}


def _meant(known: Mapping[str, Collection[str]], section: str, key: str) -> tuple[str, str] | None:
    """Section and key that were meant by those that somebody has written; None: these are right, or not ours."""
    if section == _DEFAULT and key in _ELSEWHERE and key not in known[_DEFAULT]:
        return "database", key
    home = section if section in known else nearest(section, known.keys() - {_DEFAULT})
    if home is None:
        return None
    # A line without = has its value's colon take the place, and the words before it are the key.
    near = key if key in known[home] else nearest(key.split(maxsplit=1)[0], known[home])
    return None if near is None or (home, near) == (section, key) else (home, near)


def _files(conf: cfg.ConfigOpts) -> Iterator[Path]:
    """The files that a configuration was read from, the ones that count least first."""
    if "config_file" not in conf:  # nobody has had it read any
        return
    yield from map(Path, conf["config_file"] or ())
    for folder in map(Path, conf["config_dir"] or ()):
        yield from sorted(folder.glob("*.conf"))


def _settings(file: Path) -> Iterator[_Written]:
    """The settings in a file, each with its place, and what looks like one."""
    section = _DEFAULT
    with file.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if found := _SECTION.match(line):
                written = found[1].strip()
                section = _DEFAULT if written.upper() == _DEFAULT else written.lower()  # as oslo.config reads it
            elif found := _KEY.match(line.lstrip(" \t")):
                yield _Written(f"{file}, line {number}", section, found[1], not line.startswith((" ", "\t")))


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
