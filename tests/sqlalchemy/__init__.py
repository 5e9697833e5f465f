"""The SQL backend: what is its own; the primitives themselves are tested by the conformance suite."""

from __future__ import annotations
