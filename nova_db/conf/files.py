"""What stands in the files that a configuration was read from, line by line, as oslo.config tells no places of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from oslo_config import cfg

DEFAULT: Final = "DEFAULT"
_SECTION: Final = re.compile(r"\[([^\]]*)\]")
_KEY: Final = re.compile(r"([^\s\[#;:=][^:=]*?)\s*[:=]")


class Written(NamedTuple):
    """A setting in a file."""

    place: str
    section: str
    """As oslo.config has it: in small letters but for DEFAULT, and blanks around the name belong to it."""
    key: str
    is_begun: bool
    """Whether a setting begins with the line; one that begins with a space goes on with the value before it."""


def files(conf: cfg.ConfigOpts) -> Iterator[Path]:
    """The files that a configuration was read from, the ones that count least first."""
    if "config_file" not in conf:  # nobody has had it read any
        return
    yield from map(Path, conf["config_file"] or ())
    for folder in map(Path, conf["config_dir"] or ()):
        yield from sorted(folder.glob("*.conf"))


def settings(file: Path) -> Iterator[Written]:
    """The settings in a file, each with its place, and what looks like one."""
    section = DEFAULT
    with file.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if found := _SECTION.match(line):
                section = found[1] if found[1] == DEFAULT else found[1].lower()
            elif found := _KEY.match(line.lstrip(" \t")):
                yield Written(f"{file}, line {number}", section, found[1], not line.startswith((" ", "\t")))


def file_of(conf: cfg.ConfigOpts, section: str, names: Collection[str]) -> str:
    """The file that counts most of those that have a setting, under one of its names; empty if none has it."""
    found = [
        str(file)
        for file in files(conf)
        for each in settings(file)
        if each.is_begun and (f"{each.section}.{each.key}" in names or (each.section == section and each.key in names))
    ]
    return found[-1] if found else ""
