"""What the tests of several families share: a moment, and what identifies nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

NOON = dt.datetime(2013, 3, 1, 12, 0, 0, 250)
"""When the clock is stopped; not on a whole millisecond, so that a backend that cuts a moment off is found out."""
NO_IDS: tuple[Any, ...] = (99, "99", "x", "", "1 ", "1.0", 1.0, "1\0", -1, 2**70, 0, "0", False, None, [1], {})
"""What identifies no row: there is none with the id 99."""
NOT_CANONICAL: tuple[Any, ...] = (
    None,
    5,
    "",
    "vm",
    "0F3C7F7E-58A5-4A3B-8D0C-6D5B6F3A9A11",
    "0f3c7f7e58a54a3b8d0c6d5b6f3a9a11",
    "0f3c7f7e-58a5-4a3b-8d0c-6d5b6f3a9a11 ",
    "0f3c7f7e-58a5-4a3b-8d0c-6d5b6f3a9a1g",
    "{0f3c7f7e-58a5-4a3b-8d0c-6d5b6f3a9a1}",
)
"""What is no uuid in its canonical form."""
