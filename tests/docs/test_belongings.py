"""What belongs to what, as the page for operators tells it, is what the schema says."""

from __future__ import annotations

from scripts.belongings import PAGE, redrawn


def test_the_table_is_up_to_date() -> None:
    page = PAGE.read_text()
    assert redrawn(page) == page, "python -m scripts.belongings writes it anew"
