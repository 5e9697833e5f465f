"""UUID arguments: the canonical form, nothing else."""

from __future__ import annotations

import re

from nova_db import exceptions

_CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch


def require_uuid(value: object) -> None:
    """InvalidUUID unless the value is a uuid in canonical form: lower-case hexadecimal, 8-4-4-4-12."""
    if not isinstance(value, str) or _CANONICAL(value) is None:
        raise exceptions.InvalidUUID(uuid=value)
