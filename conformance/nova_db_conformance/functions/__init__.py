"""The functions of the API, a folder a family."""

from __future__ import annotations
