"""The table of ``docs/operations.md`` that says which row belongs to which, made from the schema.

``python -m scripts.belongings`` writes it anew, after the schema has changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from nova_db.schema import TABLES, Table

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "operations.md"
BEGIN: Final = "<!-- belongings -->\n"
END: Final = "<!-- end of belongings -->\n"


def redrawn(page: str) -> str:
    """A page with the table as the schema has it."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = "".join(f"| {' | '.join(row)} |\n" for _, table in sorted(TABLES.items()) for row in _rows(table))
    return f"{before}{BEGIN}| column | names | which means |\n|---|---|---|\n{rows}{END}{after}"


def _rows(table: Table) -> Iterator[tuple[str, str, str]]:
    for owner in table.owners:
        told = "belongs to it" + (", by a foreign key" if owner.enforced else "")
        if owner.unless:
            told += f", unless the row lives that `{owner.unless}` names"
        yield f"`{table.name}.{owner.column}`", f"`{owner.table}.{owner.remote}`", told
    for mention in table.mentions:
        told = ("keeps it: " if mention.holds else "nothing: ") + mention.why
        yield f"`{table.name}.{mention.column}`", f"`{mention.table}.{mention.remote}`", told


if __name__ == "__main__":
    PAGE.write_text(redrawn(PAGE.read_text()))
