"""What is used where nobody has configured anything."""

from __future__ import annotations

from typing import Final

DEFAULT_BACKEND: Final = "sqlalchemy"
DEFAULT_CONNECTION: Final = "sqlite:///nova.sqlite"
