"""What the families share: conditions, changes of rows, records, names of locks."""

from __future__ import annotations
