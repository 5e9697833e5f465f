"""What the tests of security groups share."""

from __future__ import annotations

from typing import Any

CIDRS = (
    ("10.0.0.5/24", "10.0.0.5/24"),
    ("2001:DB8::5/32", "2001:db8::/32"),
    ("::1", "::1/128"),
    ("::1/128", "::1/128"),
    ("10.0.0.1/32", "10.0.0.1/32"),
    ("10.0.0.1", "10.0.0.1"),
    ("anywhere", "anywhere"),
    ("", ""),
    (None, None),
)
"""What is given as a cidr, and what is stored."""
REFUSED: tuple[tuple[str, Any], ...] = (
    ("from_port", "ssh"),
    ("from_port", 22.5),
    ("to_port", 2**31),
    ("to_port", -(2**31) - 1),
    ("cidr", "x" * 44),
    ("cidr", 10.5j),
    ("protocol", "t\0p"),
    ("protocol", ["tcp"]),
    ("deleted_at", "now"),
)
"""What the columns of any kind of rule refuse."""
