"""Tests of the tables as data, and of the validation of their values."""

from __future__ import annotations
