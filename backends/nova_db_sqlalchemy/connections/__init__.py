"""Connections to a server: how they are opened, shared, watched, and what their errors mean."""

from __future__ import annotations
