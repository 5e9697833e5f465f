"""What stands in the guide for authors of backends."""

from __future__ import annotations

import re

from scripts.backend_authors import PAGE


def blocks(containing: str = "") -> list[str]:
    """The guide's examples in Python that have some text in them."""
    found = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [block for block in found if containing in block]
