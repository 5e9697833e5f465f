"""The table of ``docs/operations.md`` that lists the columns marked as secret, made from the schema.

``python -m scripts.secret_columns`` writes it anew, after the schema has changed.
"""

from __future__ import annotations

from typing import Final

from nova_db.schema import TABLES
from scripts.belongings import PAGE

BEGIN: Final = "<!-- secrets -->\n"
END: Final = "<!-- end of secrets -->\n"


def redrawn(page: str) -> str:
    """A page with the table as the schema has it."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    marked = [
        f"| `{table.name}.{column.name}` | {column.secret} |\n"
        for _, table in sorted(TABLES.items())
        for column in table.columns
        if column.secret
    ]
    return f"{before}{BEGIN}| column | what it may hold |\n|---|---|\n{''.join(marked)}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(redrawn(PAGE.read_text()))
