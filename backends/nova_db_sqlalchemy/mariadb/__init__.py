"""All that is known of MariaDB and MySQL."""

from __future__ import annotations
