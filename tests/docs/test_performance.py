"""The figures in the pages are those of the newest run that is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.performance import contents, newest


@pytest.mark.parametrize("page", [page.name for page in contents(newest())])
def test_the_figures_are_those_of_the_newest_run(page: str) -> None:
    pages: dict[str, tuple[Path, str]] = {path.name: (path, text) for path, text in contents(newest()).items()}
    path, text = pages[page]
    assert path.read_text(encoding="utf-8") == text, "python -m scripts.performance writes it anew"
