"""The drawings of ``docs/architecture.md``, made from the code: ``python -m scripts.architecture`` draws them anew.

A test draws them as well and compares, so that the page stays true.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import grimp

import nova_db
from nova_db.context import RequestContext
from nova_db_sqlalchemy import SQLAlchemyDriver

if TYPE_CHECKING:
    from types import FrameType

PAGE: Final = Path(__file__).parents[1] / "docs" / "architecture.md"
PACKAGES: Final = ("nova_db", "nova_db_lmdb", "nova_db_memory", "nova_db_sqlalchemy")
_OPEN: Final = frozenset({"nova_db", "nova_db_sqlalchemy", "nova_db.operations"})
"""What is drawn with the rooms inside of it."""
_EVERYWHERE: Final = frozenset({"clock", "conf", "exceptions", "forking", "ownership", "tasks", "version"})
"""What is used from everywhere: arrows to it would hide the others."""

Arrow = tuple[str, str]


def house() -> str:
    """The rooms, and which imports which, as Mermaid; an arrow that follows from others is left out."""
    arrows = without_shortcuts(_imports())
    rooms = sorted({room for arrow in arrows for room in arrow})
    lines = ["flowchart TD"]
    for package in PACKAGES:
        lines.append(f"    subgraph {package}")
        lines += [
            f'        {room}["{room.removeprefix(f"{package}.")}"]'
            for room in rooms
            if room.partition(".")[0] == package
        ]
        lines.append("    end")
    lines += [f"    {importer} --> {imported}" for importer, imported in sorted(arrows)]
    return "\n".join(lines)


def way(function: Callable[[], object]) -> str:
    """The way of a call through the rooms, as Mermaid: each step into another room, with the function that it calls."""
    steps = dict.fromkeys(step for step in _steps(function) if step[0] != step[1])
    rooms = dict.fromkeys(room for caller, called, _ in steps for room in (caller, called))
    lines = ["sequenceDiagram", *[f"    participant {_id(room)} as {room}" for room in rooms]]
    lines += [f"    {_id(caller)}->>{_id(called)}: {name}" for caller, called, name in steps]
    return "\n".join(lines)


def without_shortcuts(arrows: set[Arrow]) -> set[Arrow]:
    """The arrows from which all others follow; there are no circles."""
    ends: dict[str, set[str]] = {}
    for importer, imported in arrows:
        ends.setdefault(importer, set()).add(imported)

    def reached(room: str) -> set[str]:
        direct = ends.get(room, set())
        return direct.union(*map(reached, direct))

    return {
        (importer, imported)
        for importer, imported in arrows
        if not any(imported in reached(other) for other in ends[importer] - {imported})
    }


def _id(room: str) -> str:
    return room.replace(".", "_")


def _place(module: str) -> str:
    """The room that a module stands in: the folder or module inside of what is drawn open."""
    while "." in module and module.rpartition(".")[0] not in _OPEN:
        module = module.rpartition(".")[0]
    return module


def _room(module: str) -> str:
    """The same, the families of operations as one."""
    room = _place(module)
    is_family = room.startswith("nova_db.operations.") and not room.endswith((".driver", ".running", ".rows"))
    return "nova_db.operations.families" if is_family else room


def _imports() -> set[Arrow]:
    graph = grimp.build_graph(*PACKAGES)
    found = {
        (_room(importer), _room(imported))
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
    }
    return {
        (importer, imported)
        for importer, imported in found
        if importer != imported and imported.rpartition(".")[2] not in _EVERYWHERE and imported not in PACKAGES
    }


def _steps(function: Callable[[], object]) -> list[tuple[str, str, str]]:
    """From which room a call goes into which, by which function, in order."""
    steps: list[tuple[str, str, str]] = []

    def note(frame: FrameType, event: str, _argument: object) -> None:
        name = frame.f_code.co_name
        if event == "call" and not name.startswith(("<", "__")):
            called = _place(str(frame.f_globals.get("__name__", "")))
            if called.partition(".")[0] in PACKAGES and called.rpartition(".")[2] not in _EVERYWHERE:
                steps.append((_caller(frame.f_back), called, name))

    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
    return steps


def _caller(frame: FrameType | None) -> str:
    """The room of the innermost frame that is ours."""
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name.partition(".")[0] in PACKAGES:
            return _place(name)
        frame = frame.f_back
    return "caller"


@contextlib.contextmanager
def _update_on_sqlite() -> Iterator[Callable[[], object]]:
    """An update of an instance, done before, so that everything is compiled."""
    with (
        tempfile.TemporaryDirectory() as folder,
        contextlib.closing(SQLAlchemyDriver(f"sqlite:///{folder}/db")) as driver,
    ):
        driver.sync()
        with nova_db.api.binding(driver):
            context = RequestContext("user", "project", is_admin=True)
            uuid = nova_db.instance_create(context, {"host": "host"})["uuid"]

            def update() -> object:
                return nova_db.instance_update(context, uuid, {"vm_state": "active"})

            update()
            yield update


def drawings() -> dict[str, str]:
    """The drawings, by the names that mark their places on the page."""
    with _update_on_sqlite() as update:
        return {"house": house(), "way": way(update)}


def redrawn(page: str) -> str:
    """The page with its drawings as they are now."""
    for name, drawing in drawings().items():
        before, mark, rest = page.partition(f"<!-- {name} -->\n```mermaid\n")
        _, end, after = rest.partition("```\n")
        if not end:
            raise ValueError(f"{PAGE} has no place for the drawing {name}")
        page = f"{before}{mark}{drawing}\n{end}{after}"
    return page


if __name__ == "__main__":
    PAGE.write_text(redrawn(PAGE.read_text()))
