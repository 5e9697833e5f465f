"""Drafts of revisions: what Alembic has found, in the words that suit clients at work, and as the linter wants it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from alembic.autogenerate import renderers
from alembic.operations import ops

from nova_db.schema import Kind
from nova_db_sqlalchemy.tables.catalog import CATALOG

if TYPE_CHECKING:
    from alembic.autogenerate.api import AutogenContext

_COLUMNS: Final = "nova_db_sqlalchemy.migrations.columns"
_ONLINE: Final = "nova_db_sqlalchemy.migrations.online"
_WORDS: Final = "nova_db_sqlalchemy.migrations.baseline.declare"
_KINDS: Final[dict[Kind, str]] = {
    Kind.INTEGER: "integer",
    Kind.BIGINT: "bigint",
    Kind.BOOLEAN: "boolean",
    Kind.FLOAT: "real",
    Kind.DATETIME: "time",
    Kind.TEXT: "text",
    Kind.MEDIUMTEXT: "mediumtext",
}
_TIDYING: Final = (("check", "--fix-only"), ("format",))


class Said(ops.MigrateOperation):
    """An operation in words of ours.

    :ivar imports: what they are imported from, by name.
    """

    def __init__(self, text: str, imports: dict[str, str]) -> None:
        self.text = text
        self.imports = imports


@renderers.dispatch_for(Said)
def _rendered(context: AutogenContext, said: Said) -> str:
    context.imports.update(f"from {module} import {name}" for name, module in said.imports.items())
    return said.text


def in_our_words(_context: object, _revision: object, directives: list[Any]) -> None:
    """Replace new columns and indexes of a draft by calls of ours, which let clients go on."""
    for script in directives:
        script.upgrade_ops.ops = [each for found in script.upgrade_ops.ops for each in _replaced(found)]


def _replaced(found: ops.MigrateOperation) -> Iterator[ops.MigrateOperation]:
    if not isinstance(found, ops.ModifyTableOps):
        yield _said(found)
        return
    said = [_said(each) for each in found.ops]
    yield from [each for each in said if isinstance(each, Said) and each.text.startswith("add_column")]
    rest = [each for each in said if not isinstance(each, Said)]
    if rest:
        yield ops.ModifyTableOps(found.table_name, rest, schema=found.schema)
    yield from [each for each in said if isinstance(each, Said) and not each.text.startswith("add_column")]


def _said(found: ops.MigrateOperation) -> ops.MigrateOperation:
    match found:
        case ops.AddColumnOp():
            return _new_column(found.table_name, found.column.name)
        case ops.CreateIndexOp() if not found.unique:
            return _new_index(found.to_index())
    return found


def _new_column(table: str, name: str) -> Said:
    column = CATALOG[table].column[name]
    word = _KINDS.get(column.kind, "string")
    length = [] if word != "string" or column.length == 255 else [str(column.length)]
    arguments = ", ".join([repr(name), *length, *([] if column.nullable else ["null=False"])])
    return Said(f"add_column({table!r}, {word}({arguments}))", {"add_column": _COLUMNS, word: _WORDS})


def _new_index(index: sa.Index) -> Said:
    assert index.table is not None
    names = [repr(column.name) for column in index.columns]
    orders = tuple(index.kwargs.get("postgresql_ops") or ())
    first = [f"nulls_first={orders!r}"] if orders else []
    arguments = ", ".join([repr(index.name), repr(index.table.name), *names, *first])
    return Said(f"create_index({arguments})", {"create_index": _ONLINE})


def tidy(path: str) -> None:
    """Have ruff bring a draft into the form that the linter asks for, where it is installed."""
    if importlib.util.find_spec("ruff") is None:
        return
    for arguments in _TIDYING:
        subprocess.run([sys.executable, "-m", "ruff", *arguments, "--quiet", path], check=True)
