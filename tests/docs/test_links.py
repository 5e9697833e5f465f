"""Links between the pages lead somewhere, to a heading where they name one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"))
_CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """What can be linked to on a page: its headings, as they are written in links."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead(page: Path) -> Iterator[str]:
    """The links of a page that lead nowhere in the tree."""
    for target in re.findall(r"\]\(([^)\s]+)\)", _CODE.sub("", page.read_text(encoding="utf-8"))):
        path, _, anchor = target.partition("#")
        if "://" in target:
            continue
        found = (page.parent / path).resolve() if path else page
        if not found.exists() or (anchor and anchor not in anchors(found)):
            yield f"{page.name}: {target}"


def test_links_lead_somewhere() -> None:
    assert [link for page in PAGES for link in dead(page)] == []


def test_dead_links_are_seen(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("## Here, it is\n")
    page = tmp_path / "page.md"
    page.write_text("[a](other.md#here-it-is) [b](other.md#there) [c](none.md) `[d](none.md)` [e](#nowhere)\n")
    assert list(dead(page)) == ["page.md: other.md#there", "page.md: none.md", "page.md: #nowhere"]
