"""The functions as coroutine functions."""

from __future__ import annotations
