"""The table of ``docs/functions.md``: which family each function belongs to, and where it is written.

``python -m scripts.functions`` writes it anew, after a function was added or moved.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from nova_db import constraints
from nova_db.driver import FUNCTIONS
from nova_db.operations import EngineDriver

ROOT: Final = Path(__file__).resolve().parent.parent
PATH: Final = ROOT / "docs" / "functions.md"
PLAIN: Final = ("constraint", "equal_any", "not_equal")
"""The functions that no driver has."""
HEAD: Final = """\
# Functions

Which family a function belongs to, and which file it is written in. A family's contract, where its functions are
documented, is `nova_db/driver/<family>.py`; its tests are the suite's `functions/<family>/`. Made by
`python -m scripts.functions`, and kept true by a test.

| function | family | file |
|---|---|---|
"""


def table() -> str:
    """The whole text."""
    rows = [_row(name) for name in sorted([*FUNCTIONS, *PLAIN])]
    return HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows)


def operation(name: str) -> Callable[..., Any]:
    """The function as it was written, not as a backend may have it."""
    return next(vars(kind)[name] for kind in EngineDriver.__mro__ if name in vars(kind))  # type: ignore[no-any-return]


def _row(name: str) -> tuple[str, str, str]:
    if name in PLAIN:
        return f"`{name}`", "constraints", _file(constraints.__name__)
    return f"`{name}`", FUNCTIONS[name], _file(operation(name).__module__)


def _file(module: str) -> str:
    """A module's file, from the root on."""
    return f"`{Path(inspect.getfile(sys.modules[module])).resolve().relative_to(ROOT)}`"


def main() -> None:
    """Write the file."""
    PATH.write_text(table(), encoding="utf-8")


if __name__ == "__main__":
    main()
