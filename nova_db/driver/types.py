"""The types that the contract's signatures are written in.

They describe what a call accepts, not what it does: a decimal string is as good as the number where a signature says
:data:`Id`, and ``None`` stands for null where it says :data:`Text`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias, TypedDict, TypeVar

Record: TypeAlias = dict[str, Any]
"""One row as a plain ``dict``, column name to value, with the relations that the function says it carries."""

Values: TypeAlias = Mapping[str, Any]
"""What a call writes: column name to value, and the further keys that the function names. Never changed by a call."""


class UUID(Protocol):
    """What stands for its text where a uuid is meant: a :class:`uuid.UUID`."""

    @property
    def hex(self) -> str:
        """The 32 digits."""
        ...

    @property
    def urn(self) -> str:
        """The name, which ends in the text."""
        ...


Id: TypeAlias = int | str | UUID
"""A key, as a number or as text: decimal text of an integer key, a uuid of others. What is neither names no row."""


class Address(Protocol):
    """What stands for its text where an address or a CIDR is meant: the objects of :mod:`ipaddress`."""

    @property
    def compressed(self) -> str:
        """The shortest text."""
        ...

    @property
    def version(self) -> int:
        """The version of the protocol: 4 or 6."""
        ...


Text: TypeAlias = str | UUID | Address | None
"""Text that is compared with a column; ``None`` means that the column is null."""

Word: TypeAlias = str
"""Text that the function knows, such as the name of a column; nothing else will do."""

Uuid: TypeAlias = str | UUID
"""The uuid of a row, as text or as an object."""

Visibility: TypeAlias = str | None
"""Which rows are seen: ``"no"``, ``"yes"`` or ``"only"``; ``None``: as the context says."""

Direction: TypeAlias = str
"""How rows are sorted: ``"asc"`` or ``"desc"``."""

Count: TypeAlias = int | None
"""At most so many rows, 0 or more; ``None``: all of them."""

Seconds: TypeAlias = float
"""A number of seconds, so long ago that a calendar still has it."""

Moment: TypeAlias = datetime
"""A datetime that rows are compared with; an aware one is converted to UTC, and there has to be such a time."""

TextT = TypeVar("TextT", bound=Text)
"""The same, where what was passed comes back as it is."""

Session: TypeAlias = object | None
"""An open transaction, as :meth:`nova_db.driver.Driver.transaction` yields it: opaque. ``None``: none in particular."""

IsolationName: TypeAlias = Literal["serializable", "read committed"] | None
"""What the calls of a transaction may rely on; ``None``: the strictest, ``"serializable"``."""


class Context(Protocol):
    """Who asks, and which rows are seen. Any object with these attributes will do.

    One whose ``is_admin`` is neither a bool nor 0 or 1 has no rights: whatever checks them raises ``TypeError``.
    """

    @property
    def user_id(self) -> str | None:
        """The user on whose behalf the call is made."""
        ...

    @property
    def project_id(self) -> str | None:
        """The project to which a user's view is limited."""
        ...

    @property
    def is_admin(self) -> bool:
        """Whether the call has an administrator's rights; such a call sees every project."""
        ...

    @property
    def read_deleted(self) -> str:
        """``"no"``: live rows; ``"yes"``: live and soft-deleted rows; ``"only"``: soft-deleted rows."""
        ...


SyncFunction: TypeAlias = Callable[[Any, Any, Any], Mapping[str, int]]
"""``sync(context, project_id, session)``: the counts in use, resource name to number. ``context`` is an admin's."""


class QuotaResource(Protocol):
    """A resource that quotas limit, able to count what a project really uses."""

    @property
    def sync(self) -> SyncFunction:
        """Counts the project's use of this resource, and of others that come with it, inside the given session."""
        ...


class UsageChanges(TypedDict, total=False):
    """The parts of a quota usage that :meth:`nova_db.driver.Driver.quota_usage_update` sets."""

    in_use: int
    reserved: int
    until_refresh: int | None
