"""The text of ``nova_db/records.py``: the records that callers get, as ``TypedDict``s.

Shapes are from :mod:`nova_db.driver.records`, columns from :mod:`nova_db.schema`. Each table has its plain record; one
that carries more extends it. A record that is only nested in others gets a name made of its table's and its relations'.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import nova_db
from nova_db.driver import records as contract
from nova_db.driver.records import FILLED, Shape
from nova_db.schema import TABLES, Table
from nova_db.stubs import text

PATH: Final = Path(nova_db.__file__).with_name("records.py")
HEAD: Final = '''\
"""Records, as the functions of :mod:`nova_db` return them: plain dicts at run time, these types to type checkers.

For annotations of callers::

    from nova_db.records import InstanceWithRules

``import nova_db`` does not import this module, and no function needs it. A record is no ``dict[str, Any]`` to a type
checker: where any record will do, write ``Mapping[str, Any]``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict

'''

Tree: TypeAlias = "Mapping[str, Tree]"
"""Relations of a record, and those of the related records."""


class _Class(NamedTuple):
    """A ``TypedDict`` to be written."""

    table: Table | None
    tree: Tree
    base: str
    more: tuple[tuple[str, str], ...]
    total: bool = True
    blank: bool = False


SHAPES: Final[Mapping[str, Shape]] = {
    name: alias.__metadata__[0]
    for name, alias in vars(contract).items()
    if typing.get_origin(alias) is typing.Annotated
}
"""The shapes of the contract's records, by their names."""


def stub() -> str:
    """The whole text."""
    classes = _Classes()
    written: dict[str, str] = {}
    for name in sorted(classes.by_name):
        classes.write(name, written)
    return "\n\n".join([HEAD + text.all_of(written), *written.values()])


class _Classes:
    """The classes by name; more of them turn up as those that carry others are looked at."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], str] = {}
        self.by_name: dict[str, _Class] = {}
        for name, shape in SHAPES.items():
            if shape.table and not shape.relations and not shape.sometimes and not shape.blank:
                self._plain(name, TABLES[shape.table], shape.more)
        for table in TABLES.values():
            if (table.name, "{}") not in self._names:
                self._plain(table.model, table, ())
        declared = sorted(SHAPES.items(), key=lambda item: len(item[1].relations))
        for name, shape in declared:
            if name not in self.by_name:
                self._declare(name, shape)
        for made in list(self.by_name.values()):
            self._nested(made)

    def write(self, name: str, written: dict[str, str]) -> None:
        """Add the text of a class, after that of its base."""
        made = self.by_name[name]
        if name in written:
            return
        if made.base:
            self.write(made.base, written)
        parents = (made.base or "TypedDict") + ("" if made.total else ", total=False")
        written[name] = f"class {name}({parents}):\n" + "".join(
            f"    {line}\n" if line else "\n" for line in self._lines(made)
        )

    def _plain(self, name: str, table: Table, more: tuple[tuple[str, str], ...]) -> None:
        self._names[table.name, "{}"] = name
        self.by_name[name] = _Class(table, {}, "", more)

    def _declare(self, name: str, shape: Shape) -> None:
        if not shape.table:
            self.by_name[name] = _Class(None, {}, "", shape.more)
            return
        table, tree = TABLES[shape.table], _tree(shape.relations)
        if shape.blank:
            self.by_name[name] = _Class(table, tree, "", shape.more, blank=True)
        elif shape.sometimes:
            always = {relation: deeper for relation, deeper in tree.items() if relation not in shape.sometimes}
            rest = {relation: deeper for relation, deeper in tree.items() if relation in shape.sometimes}
            self.by_name[name] = _Class(table, rest, self._name(table, always), shape.more, total=False)
        else:
            self._names[table.name, _key(tree)] = name
            self.by_name[name] = self._extending(table, tree)

    def _name(self, table: Table, tree: Tree) -> str:
        """The name of a record; one that the contract does not name is made up and added."""
        key = table.name, _key(tree)
        if key not in self._names:
            relations = "And".join(relation.title().replace("_", "") for relation in sorted(tree))
            name = f"{self._names[table.name, '{}']}With{relations}"
            assert name not in self.by_name, f"{table.name} with {tree} needs a name of its own"
            self._names[key] = name
            self.by_name[name] = self._extending(table, tree)
            self._nested(self.by_name[name])
        return self._names[key]

    def _extending(self, table: Table, tree: Tree) -> _Class:
        """A record that extends the one of its table that has the most of it."""
        bases = [
            (len(made.tree), name, made)
            for name, made in self.by_name.items()
            if made.table is table and made.total and not made.blank and self._whole(made).items() <= tree.items()
        ]
        _, base, made = max(bases, key=lambda item: (len(self._whole(item[2])), item[1]))
        had = self._whole(made)
        return _Class(table, {name: deeper for name, deeper in tree.items() if name not in had}, base, ())

    def _whole(self, made: _Class) -> dict[str, Tree]:
        return {**(self._whole(self.by_name[made.base]) if made.base else {}), **made.tree}

    def _nested(self, made: _Class) -> None:
        for relation, deeper in made.tree.items():
            assert made.table is not None
            self._name(TABLES[made.table.relations[relation].table], deeper)

    def _lines(self, made: _Class) -> Iterator[str]:
        table = made.table
        if table is None:
            yield from (f"{key}: {kind}" for key, kind in made.more)
            return
        yield f'"""{table.description}"""'
        yield ""
        if not made.base:
            yield from _columns(table, made)
        for relation, deeper in made.tree.items():
            target = table.relations[relation]
            name = self._name(TABLES[target.table], deeper)
            yield f"{relation}: " + (f"list[{name}]" if target.many else f"{name} | None")
        yield from (f"{key}: {kind}" for key, kind in made.more)


def _columns(table: Table, made: _Class) -> Iterator[str]:
    for column in table.columns:
        nullable = made.blank or (column.nullable and column.name not in FILLED.get(table.name, ()))
        yield f"{column.name}: {text.column_type(column, nullable=nullable)}"
        if column.doc:
            yield f'"""{column.doc[0].upper()}{column.doc[1:]}."""'
    yield from (f"{value.name}: {value.type}" for value in table.computed.values() if value.in_record)


def _tree(paths: tuple[str, ...]) -> Tree:
    tree: dict[str, Any] = {}
    for path in paths:
        at = tree
        for relation in path.split("."):
            at = at.setdefault(relation, {})
    return tree


def _key(tree: Tree) -> str:
    return "{" + ", ".join(f"{relation}: {_key(tree[relation])}" for relation in sorted(tree)) + "}"
