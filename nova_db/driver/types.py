"""The types that the contract's signatures are written in.

They describe what a call accepts, not what it does: a decimal string is as good as the number where a signature says
:data:`Id`, and ``None`` stands for null where it says :data:`Text`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, Protocol, TypeAlias, TypedDict, TypeVar

Record: TypeAlias = dict[str, Any]
"""One row as a plain ``dict``, column name to value, with the relations that the function says it carries."""

Values: TypeAlias = Mapping[str, Any]
"""What a call writes: column name to value, and the further keys that the function names. Never changed by a call."""

Id: TypeAlias = int | str
"""An integer key, as a number or as its decimal text. Any other text names no row."""

Text: TypeAlias = str | None
"""Text that is compared with a column; ``None`` means that the column is null."""

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
