"""Which columns are secret, as the page for operators tells it, is what the schema says."""

from __future__ import annotations

from scripts.belongings import PAGE
from scripts.secret_columns import redrawn


def test_the_table_is_up_to_date() -> None:
    page = PAGE.read_text()
    assert redrawn(page) == page, "python -m scripts.secret_columns writes it anew"
