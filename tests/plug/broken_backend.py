"""A backend that fails an assertion while it is imported."""

from __future__ import annotations

raise AssertionError("the tables do not add up")
