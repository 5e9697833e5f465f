"""Calls with hostile arguments, generated from a seed: what a backend answers, beside what the memory backend does."""

from __future__ import annotations
