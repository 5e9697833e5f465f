"""``nova-db new-backend``: a package to begin with."""

from __future__ import annotations

import argparse
import importlib.util
import keyword
import re
from pathlib import Path
from typing import Final

from nova_db.cli.skeletons import package_of, write

_NAME: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_SERVERS: Final = ("sqlite", "postgresql", "mariadb")
"""What the conformance suite takes for servers of the backend ``sqlalchemy``."""
_MISLEADING: Final = ("nova", "nova_db", "test", "tests")
"""What reads as something else than a backend, in a package or in a configuration file."""
_LONGEST: Final = 24


def run(options: argparse.Namespace) -> int:
    name: str = options.name
    _require_free(name)
    folder = options.directory or Path(f"nova-db-{name.replace('_', '-')}")
    if folder.exists() or folder.is_symlink():
        raise ValueError(f"{folder} is there already; name a folder that is not, by --directory")
    if not folder.parent.is_dir():
        raise ValueError(f"there is no folder {folder.parent} in which {folder.name} could be made")
    try:
        files = write(name, options.kind, folder)
    except OSError as error:
        why = f"{folder} cannot be made: {error.strerror}"
        raise ValueError(f"{why}; name a folder where you may write, by --directory") from None
    print(f"wrote {folder}:")
    for path in sorted(files):
        print(f"  {path.relative_to(folder)}")
    print("next:")
    for line in (f"cd {folder}", "python -m pip install -e '.[test]'", f"nova-db conformance --backend {name}"):
        print(f"  {line}")
    print("The last one says what to write first; docs/backend-authors.md is the guide.")
    return 0


def _require_free(name: str) -> None:
    """Raise where a backend cannot have this name."""
    from nova_db.api import installed_backends

    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        expected = f"small letters and digits, with single _ between, {_LONGEST} at most, such as shelf or my_store"
        raise ValueError(f"{name!r} is no name for a backend: expected {expected}")
    if name in _MISLEADING or any(map(keyword.iskeyword, (name, name.capitalize()))):
        reason = "it reads as something else" if name in _MISLEADING else "Python has it as a keyword"
        raise ValueError(f"{name} is no name for a backend: {reason}; choose another")
    if name in installed_backends():
        raise ValueError(f"a backend {name} is installed already")
    if name in _SERVERS:
        raise ValueError(f"the conformance suite takes {name} for a server of the backend sqlalchemy; choose another")
    package = package_of(name)
    if importlib.util.find_spec(package) is not None:
        raise ValueError(f"a package {package} is installed already, and it is not the backend {name}")
