"""The table of ``docs/functions.md``: where each function is declared, and where it is written.

``python -m scripts.functions`` writes it anew, after a function was added or moved.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from nova_db import constraints
from nova_db.driver import FAMILIES, FUNCTIONS
from nova_db.operations import EngineDriver

ROOT: Final = Path(__file__).resolve().parent.parent
PATH: Final = ROOT / "docs" / "functions.md"
PACKAGE: Final = "nova_db"
PLAIN: Final = ("constraint", "equal_any", "not_equal")
"""The functions that no driver has."""
HEAD: Final = """\
# Functions

Which family a function belongs to, which file declares and documents it, and which one it is written in. Made by
`python -m scripts.functions`, and kept true by a test.

| function | family | contract | operations |
|---|---|---|---|
"""


def table() -> str:
    """The whole text."""
    rows = [_row(name) for name in sorted([*FUNCTIONS, *PLAIN])]
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def operation(name: str) -> Callable[..., Any]:
    """The function as it was written, not as a backend may have it."""
    return next(vars(kind)[name] for kind in EngineDriver.__mro__ if name in vars(kind))  # type: ignore[no-any-return]


def _row(name: str) -> tuple[str, str, str, str]:
    if name in PLAIN:
        file = _file(constraints.__name__)
        return f"`{name}`", "constraints", file, file
    family = FUNCTIONS[name]
    return f"`{name}`", family, _file(FAMILIES[family].__module__), _file(operation(name).__module__)


def _file(module: str) -> str:
    """A link to a module's file, from the folder of the table."""
    path = Path(inspect.getfile(sys.modules[module])).resolve().relative_to(ROOT)
    return f"[`{path.relative_to(PACKAGE)}`](../{path})"


def main() -> None:
    """Write the file."""
    PATH.write_text(table(), encoding="utf-8")


if __name__ == "__main__":
    main()
