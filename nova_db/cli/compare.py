"""``nova-db compare``: whether two databases are equal, table by table, and where not."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Final

from nova_db.cli.databases import two_engines
from nova_db.cli.rows_bar import rows_bar
from nova_db.exceptions.redaction import HIDDEN, is_secret

if TYPE_CHECKING:
    from rich.console import Console

    from nova_db.moving import Comparison, Difference, TableComparison

DIFFERENT: Final = 1
_LONGEST: Final = 60
_BEFORE: Final = 20


def run(options: argparse.Namespace) -> int:
    from rich.console import Console

    from nova_db.moving import compare

    console = Console()
    with two_engines(options, options.first, options.second) as (first, second):
        with rows_bar(console, quiet=options.quiet) as advance:
            found = compare(first, second, most_differences=options.show, on_progress=advance)
        _tell(console, found)
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


def _tell(console: Console, found: Comparison) -> None:
    filled = [table for table in found.tables if table.first_count or table.second_count]
    console.print(_table_of(filled))
    if found.is_equal:
        rows = sum(table.first_count for table in filled)
        console.print(f"equal: {rows} rows in {len(filled)} tables", highlight=False)
        return
    if found.differences:
        console.print(_differences(found))
    different = [table for table in filled if not table.is_equal]
    rows = sum(table.differing for table in different)
    console.print(
        f"different: {rows} rows in {len(different)} of {len(filled)} tables: "
        f"{', '.join(table.table for table in different)}",
        highlight=False,
    )


def _table_of(tables: list[TableComparison]) -> Any:
    from rich.table import Table

    made = Table(title="rows", title_justify="left", show_footer=True)
    made.add_column("table", f"{len(tables)} tables", overflow="fold")
    made.add_column("first", str(sum(table.first_count for table in tables)), justify="right")
    made.add_column("second", str(sum(table.second_count for table in tables)), justify="right")
    made.add_column("checksum", justify="left")
    made.add_column("differ", str(sum(table.differing for table in tables)), justify="right")
    for table in tables:
        checksums = dict.fromkeys((table.first_checksum, table.second_checksum))
        made.add_row(
            table.table,
            str(table.first_count),
            str(table.second_count),
            "\n".join(checksums),
            str(table.differing or ""),
            style=None if table.is_equal else "red",
        )
    return made


def _differences(found: Comparison) -> Any:
    from rich.table import Table
    from rich.text import Text

    made = Table(title=f"the first {len(found.differences)} differences", title_justify="left")
    for heading in ("table", "key", "column", "first", "second"):
        made.add_column(heading, overflow="fold")
    for difference in found.differences:
        first, second = shown(difference)
        cells = (difference.table, repr(difference.key), difference.column or "", first, second)
        made.add_row(*[Text(cell) for cell in cells])
    return made
