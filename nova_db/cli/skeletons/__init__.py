"""Packages of new backends: what they are made from, and how they are written.

The templates are those of :class:`string.Template`; a file of the new package is made from one of its kind, or else
from the one in ``common``.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Template
from typing import Final, NamedTuple

from nova_db.version import __version__

_HERE: Final = Path(__file__).parent
_COMMON: Final = {
    "README.md": "README.md",
    "pyproject.toml": "pyproject.toml",
    ".gitignore": "gitignore",
    ".github/workflows/conformance.yml": "ci.yml",
    "$package/__init__.py": "__init__.py",
    "$package/driver.py": "driver.py",
    "$package/engine.py": "engine.py",
    "tests/test_conformance.py": "test_conformance.py",
}
"""Files of every package, by their paths, which are templates too, to what they are made from."""


class Kind(NamedTuple):
    """What a store has by itself, and so what is left to write."""

    what: str
    """What a backend of this kind is, in a few words."""
    store: str
    """The module for what the store does."""
    place: str
    """What follows the scheme in a connection."""
    requires: str = ""
    """Options of the suite that keep it from being skipped for what the backend is to have."""
    driver: str = "EngineDriver"
    """What its driver derives."""


KINDS: Final[Mapping[str, Kind]] = {
    "rows": Kind("rows in the memory of one process, changed where they are", "rows.py", "//"),
    "cells": Kind("rows as ordered bytes", "cells.py", "///FOLDER", " --require PERSISTENT", "CellDriver"),
    "transaction": Kind(
        "a database with queries and transactions of its own", "transaction.py", "///FOLDER", " --require PERSISTENT"
    ),
}


def write(name: str, kind: str, folder: Path) -> list[Path]:
    """Write the package of a backend into a folder that is not there yet; its files, in order. All of it, or nothing.

    :raises OSError: the folder is there, or cannot be written.
    """
    folder.mkdir()
    try:
        return list(_written(name, KINDS[kind], _HERE / kind, folder))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def package_of(name: str) -> str:
    """The import package of a backend."""
    return f"nova_db_{name}"


def _written(name: str, kind: Kind, own: Path, folder: Path) -> Iterator[Path]:
    dashed = name.replace("_", "-")  # a scheme has no _
    values = {
        "name": name,
        "dashed": dashed,
        "package": package_of(name),
        "prefix": "".join(part.capitalize() for part in name.split("_")),
        "what": kind.what,
        "url": f"{dashed}:{kind.place}",
        "require": kind.requires,
        "driver": kind.driver,
        "version": __version__,
    }
    for target, template in {**_COMMON, f"$package/{kind.store}": kind.store}.items():
        path = folder / Template(target).substitute(values)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_template(template, own).substitute(values), encoding="utf-8")
        yield path
    typed = folder / values["package"] / "py.typed"
    typed.touch()
    yield typed


def _template(name: str, own: Path) -> Template:
    path = own / f"{name}.tmpl"
    found = path if path.exists() else _HERE / "common" / path.name
    return Template(found.read_text(encoding="utf-8"))
