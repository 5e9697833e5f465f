"""The parameters of URLs, as the page for operators lists them, are those that are declared."""

from __future__ import annotations

from scripts.belongings import PAGE
from scripts.url_parameters import BEGIN, redrawn


def test_the_tables_are_up_to_date() -> None:
    page = PAGE.read_text()
    assert BEGIN in page
    assert redrawn(page) == page, "python -m scripts.url_parameters writes them anew"
