"""``nova-db compare``: whether two databases are equal, table by table, and where not."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Final

from nova_db.cli.databases import two_engines
from nova_db.cli.output import Table, console, tell
from nova_db.cli.rows_bar import rows_bar
from nova_db.exceptions.redaction import HIDDEN, is_secret

if TYPE_CHECKING:
    from nova_db.moving import Comparison, Difference, TableComparison

DIFFERENT: Final = 1
_LONGEST: Final = 60
_BEFORE: Final = 20


def run(options: argparse.Namespace) -> int:
    from nova_db.moving import compare

    with two_engines(options, options.first, options.second) as (first, second):
        with rows_bar(console(), quiet=options.quiet or options.json) as advance:
            found = compare(first, second, most_differences=options.show, on_progress=advance)
        tell(options, _document(found), lambda: _tell(found))
    return 0 if found.is_equal else DIFFERENT


def shown(difference: Difference) -> tuple[str, str]:
    """Both values, shortened around the place where they begin to differ; of secrets only that they differ."""
    from nova_db.moving import NO_ROW, ROW

    values = (difference.first, difference.second)
    if difference.column is not None and is_secret(difference.table, [difference.column]):
        return HIDDEN, HIDDEN
    texts = [value.value if value in (ROW, NO_ROW) else _text(value) for value in values]
    same = next((at for at, (a, b) in enumerate(zip(*texts, strict=False)) if a != b), min(map(len, texts)))
    start = max(0, same - _BEFORE) if max(map(len, texts)) > _LONGEST else 0
    first, second = (("…" if start else "") + _shortened(text[start:]) for text in texts)
    return first, second


def _text(value: Any) -> str:
    return value.isoformat(" ") if hasattr(value, "isoformat") else repr(value)


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _document(found: Comparison) -> dict[str, Any]:
    tables = {
        table.table: {
            "rows": [table.first_count, table.second_count],
            "checksums": [table.first_checksum, table.second_checksum],
            "differing": table.differing,
        }
        for table in found.tables
    }
    differences = [
        {"table": each.table, "key": each.key, "column": each.column, "values": shown(each)}
        for each in found.differences
    ]
    return {"equal": found.is_equal, "tables": tables, "differences": differences}


def _tell(found: Comparison) -> None:
    out = console()
    filled = [table for table in found.tables if table.first_count or table.second_count]
    out.print(_table_of(filled))
    if found.is_equal:
        rows = sum(table.first_count for table in filled)
        out.print(f"equal: {_counted(rows, 'row')} in {_counted(len(filled), 'table')}", highlight=False)
        return
    if found.differences:
        out.print(_differences(found))
    different = [table for table in filled if not table.is_equal]
    rows = sum(table.differing for table in different)
    out.print(
        f"different: {_counted(rows, 'row')} in {len(different)} of {_counted(len(filled), 'table')}: "
        f"{', '.join(table.table for table in different)}",
        highlight=False,
    )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _table_of(tables: list[TableComparison]) -> Table:
    numbers = ("first", "second", "differ")
    made = Table("rows", ("table", "first", "second", "checksum", "differ"), numbers)
    for table in tables:
        checksums = dict.fromkeys((table.first_checksum, table.second_checksum))
        counts = table.first_count, table.second_count
        style = None if table.is_equal else "red"
        made.add(table.table, *counts, " / ".join(checksums), table.differing or "", style=style)
    counts = sum(table.first_count for table in tables), sum(table.second_count for table in tables)
    made.total(_counted(len(tables), "table"), *counts, "", sum(table.differing for table in tables))
    return made


def _differences(found: Comparison) -> Table:
    made = Table(f"the first {len(found.differences)} differences", ("table", "key", "column", "first", "second"))
    for difference in found.differences:
        made.add(difference.table, repr(difference.key), difference.column or "", *shown(difference))
    return made
