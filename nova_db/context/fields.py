"""What the fields of a request context may hold; each function returns a field's value in the form that is kept.

A mistake here is one of rights, or of whose rows are seen, so it is refused where the context is made, and nothing is
guessed: ``is_admin="false"`` makes nobody an administrator, and nobody a user.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from nova_db.clock import utcnow

_READ_DELETED: Final = ("no", "yes", "only")
_EMPTY: Final = frozenset({type(None), bytes, float, list, tuple, dict, set, frozenset})
"""Types of which a value may be empty, beside text and whole numbers."""
_ENDLESS: Final = 1 << 62


def flag(name: str, value: Any) -> bool:
    """A bool; 0 and 1 stand for one, as they do in columns."""
    if value is True or value is False:
        return value
    # The type decides, and the number within: what a value says of itself, it may say of anything.
    if issubclass(type(value), int) and int.__index__(value) in (0, 1):
        return int.__index__(value) == 1
    # What came is named by its type alone: it may be a secret in the wrong place.
    raise TypeError(f"{name} of a context must be True, False, 1 or 0, not {_described(value)}")


def optional_text(name: str, value: Any) -> str | None:
    """Text, or None; numbers and uuids are their text, as they are in columns."""
    if value is None or (type(value) is str and value.isascii() and "\0" not in value):
        return value
    from nova_db.schema.coercion import Unsuitable, coercer
    from nova_db.schema.types import Kind

    try:
        text: str = coercer(Kind.STRING, _ENDLESS)(value)
    except Unsuitable as error:
        kind = ValueError if issubclass(type(value), (str, int, float)) else TypeError
        raise kind(f"{name} of a context must be text or None: {error}") from None
    return text


def is_name(value: Any) -> bool:
    """Whether a user or project is told of: None and what is empty are nobody."""
    kind = type(value)
    if kind is str or kind in _EMPTY:
        return bool(value)
    if issubclass(kind, str):
        return str.__len__(value) > 0
    # Of whatever else only the type is looked at; it is somebody who has nothing.
    return not issubclass(kind, int) or int.__index__(value) != 0


def request_id(name: str, value: Any) -> str:
    """Text; where there is none, ``req-`` and a random uuid."""
    return optional_text(name, value) or f"req-{uuid.uuid4()}"


def roles(name: str, value: Any) -> list[str]:
    """A list of texts of any iterable of them; a mapping is none, whose values would be lost."""
    if value is None:
        return []
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise TypeError(f"{name} of a context must be an iterable of texts or None, not {_described(value)}")
    found = []
    for role in value:
        if not issubclass(type(role), str):
            raise TypeError(f"{name} of a context must be texts; one of them is {_described(role)}")
        found.append(optional_text(name, role) or "")
    return found


def read_deleted(name: str, value: Any) -> str:
    """``"no"``, ``"yes"`` or ``"only"``."""
    found = _described(value)
    if issubclass(type(value), str):
        text = str.__str__(value)
        if text in _READ_DELETED:
            return text
        found = repr(text)
    raise ValueError(f"{name} of a context must be one of 'no', 'yes' and 'only', not {found}")


def timestamp(name: str, value: Any) -> dt.datetime:
    """A naive datetime in UTC, of a datetime or its text; now, where there is none."""
    if value is None:
        return utcnow()
    from nova_db.schema.coercion import Unsuitable, coercer, parse_datetime
    from nova_db.schema.types import Kind

    if issubclass(type(value), str):
        text = str.__str__(value)
        return parse_datetime(text) if text else utcnow()
    try:
        moment: dt.datetime = coercer(Kind.DATETIME, None)(value)
    except Unsuitable as error:
        kind = ValueError if isinstance(value, dt.datetime) else TypeError
        raise kind(f"{name} of a context must be a datetime, its text, or None: {error}") from None
    return moment


def service_catalog(name: str, value: Any) -> list[Any]:
    """A list of the services of the type ``volume``; a service is a mapping."""
    if value is None:
        return []
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        raise TypeError(f"{name} of a context must be an iterable of mappings or None, not {_described(value)}")
    services = list(value)
    for service in services:
        if not isinstance(service, Mapping):
            raise TypeError(f"{name} of a context must be mappings; one of them is {_described(service)}")
    return [service for service in services if service.get("type") == "volume"]


def _described(value: Any) -> str:
    return "None" if value is None else f"a value of type {type(value).__name__}"


FIELDS: Final[Mapping[str, Callable[[str, Any], Any]]] = {
    **dict.fromkeys(("user_id", "project_id", "user_name", "project_name"), optional_text),
    **dict.fromkeys(("remote_address", "auth_token", "quota_class"), optional_text),
    "is_admin": flag,
    "instance_lock_checked": flag,
    "roles": roles,
    "read_deleted": read_deleted,
    "timestamp": timestamp,
    "request_id": request_id,
    "service_catalog": service_catalog,
}
"""What makes the value of each field, by its name."""
