"""Numbers in options: all of them have bounds that every server, library and clock can use."""

from __future__ import annotations

import math
from typing import Any, Final

from oslo_config import types

LONGEST_WAIT: Final = 2_147_483
"""Seconds of which PostgreSQL and SQLite, which count milliseconds in 32 bits, can be told."""
YEAR: Final = 31_536_000
"""The longest time that DB-API libraries take, in seconds."""
MOST: Final = 2**31 - 1


class Seconds(types.Float):
    """A time with a fraction; ``nan``, which Python reads as a number and no bound refuses, is none."""

    def __init__(self) -> None:
        super().__init__(min=0, max=YEAR, type_name="seconds")

    def __call__(self, value: Any) -> Any:
        found = super().__call__(value)
        if isinstance(found, float) and math.isnan(found):
            raise ValueError("Should be a number of seconds")
        return found
