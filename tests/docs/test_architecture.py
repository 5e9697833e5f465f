"""The drawings are those of the code as it is; the numbers that pages tell are counted."""

from __future__ import annotations

from pathlib import Path

from nova_db.engine import Engine, Transaction
from scripts.architecture import PAGE, redrawn, without_shortcuts

DOCS = Path(__file__).parents[2] / "docs"


def test_the_drawings_are_up_to_date() -> None:
    page = PAGE.read_text()
    assert redrawn(page) == page, "python -m scripts.architecture draws them anew"


def test_arrows_that_follow_from_others_are_left_out() -> None:
    arrows = {("a", "b"), ("b", "c"), ("c", "d"), ("a", "c"), ("a", "d"), ("a", "e")}
    assert without_shortcuts(arrows) == {("a", "b"), ("b", "c"), ("c", "d"), ("a", "e")}


def test_an_engine_has_as_many_methods_as_its_guide_says() -> None:
    counts = [len(kind.__abstractmethods__) for kind in (Engine, Transaction)]
    assert "the seventeen abstract methods of `nova_db.engine.Engine` (4) and `Transaction` (13)" in " ".join(
        (DOCS / "engine.md").read_text().split()
    )
    assert counts == [4, 13]
