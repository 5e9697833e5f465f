"""Who asks, which rows are seen, and the checks that functions make of it."""

from __future__ import annotations

import copy
import datetime as dt
import logging
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Self

from nova_db import exceptions
from nova_db.context.fields import FIELDS, flag, is_name, optional_text

if TYPE_CHECKING:
    from nova_db.driver.types import Context

_LOG = logging.getLogger(__name__)
_ADMIN_ROLE = "admin"
_current: ContextVar[RequestContext | None] = ContextVar("nova_db_request_context", default=None)


class RequestContext:
    """The security context of one request.

    Its fields are checked when it is made, and whenever one is set: what cannot be right is refused, rather than taken
    for somebody's rights. Text that is no Unicode text (half surrogates) or holds a NUL character is refused in each of
    them; numbers and uuids count as their text.

    :param user_id: the user, or None; also readable as ``user``.
    :param project_id: the project, or None; also readable as ``tenant``.
    :param is_admin: whether the request has administrator's rights, True, False, 1 or 0; None: whether ``admin``, in
        upper or lower case, is among the roles.
    :param read_deleted: ``"no"`` (live rows), ``"yes"`` (all rows) or ``"only"`` (soft-deleted rows).
    :param roles: names of roles: any iterable of texts but a text or a mapping.
    :param timestamp: when the request was made: a datetime (UTC if it has no zone), its text
        ``YYYY-MM-DDTHH:MM:SS.ffffff``, or None for now. Kept as naive UTC.
    :param request_id: ``req-`` and a random uuid, unless given.
    :param overwrite: whether this context becomes the current one (:func:`get_current`) even if there is one already.
    :param service_catalog: services as the identity service lists them; only those of the type ``volume`` are kept.

    Further keyword arguments are dropped, and the log says which.

    :raises TypeError: a field's value is of no type that it takes. The message names the field and both, not the value.
    :raises ValueError: a field's value is of such a type, but none that it takes: another ``read_deleted``, text of
        ``timestamp`` in another form, a time without a counterpart in UTC, text that cannot be stored.
    """

    user_id: str | None
    project_id: str | None
    is_admin: bool
    read_deleted: str
    """Which rows are seen: ``"no"``, ``"yes"`` or ``"only"``."""
    roles: list[str]
    timestamp: dt.datetime
    request_id: str
    service_catalog: list[Any]

    def __init__(
        self,
        user_id: str | None,
        project_id: str | None,
        is_admin: bool | None = None,
        read_deleted: str = "no",
        roles: Iterable[str] | None = None,
        remote_address: str | None = None,
        timestamp: dt.datetime | str | None = None,
        request_id: str | None = None,
        auth_token: str | None = None,
        overwrite: bool = True,
        quota_class: str | None = None,
        user_name: str | None = None,
        project_name: str | None = None,
        service_catalog: Iterable[Mapping[str, Any]] | None = None,
        instance_lock_checked: bool = False,
        **kwargs: Any,
    ) -> None:
        if kwargs:
            # Names only: what comes unasked may be a secret.
            _LOG.warning("Unknown arguments of a request context were dropped: %s", ", ".join(sorted(kwargs)))
        self.user_id = user_id
        self.project_id = project_id
        self.roles = roles  # type: ignore[assignment] # as the other fields, it is given its form when it is set
        self.is_admin = _has_admin_role(self.roles) if is_admin is None else is_admin
        self.read_deleted = read_deleted
        self.remote_address = remote_address
        self.timestamp = timestamp  # type: ignore[assignment]
        self.request_id = request_id  # type: ignore[assignment]
        self.auth_token = auth_token
        self.quota_class = quota_class
        self.user_name = user_name
        self.project_name = project_name
        self.service_catalog = service_catalog  # type: ignore[assignment]
        self.instance_lock_checked = instance_lock_checked
        if flag("overwrite", overwrite) or get_current() is None:
            _current.set(self)

    def __setattr__(self, name: str, value: Any) -> None:
        form = FIELDS.get(name)
        object.__setattr__(self, name, value if form is None else form(name, value))

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} user_id={self.user_id!r} project_id={self.project_id!r} "
            f"is_admin={self.is_admin!r} read_deleted={self.read_deleted!r} request_id={self.request_id!r}>"
        )

    @property
    def user(self) -> str | None:
        """Another name of ``user_id``."""
        return self.user_id

    @property
    def tenant(self) -> str | None:
        """Another name of ``project_id``."""
        return self.project_id

    def to_dict(self) -> dict[str, Any]:
        """This context as primitives, for sending; :meth:`from_dict` reads it back."""
        return {
            "user_id": self.user_id,
            "project_id": self.project_id,
            "is_admin": self.is_admin,
            "read_deleted": self.read_deleted,
            "roles": list(self.roles),
            "remote_address": self.remote_address,
            "timestamp": self.timestamp.isoformat(timespec="microseconds"),
            "request_id": self.request_id,
            "auth_token": self.auth_token,
            "quota_class": self.quota_class,
            "user_name": self.user_name,
            "service_catalog": list(self.service_catalog),
            "project_name": self.project_name,
            "instance_lock_checked": self.instance_lock_checked,
            "tenant": self.tenant,
            "user": self.user,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The context that :meth:`to_dict` described. It becomes the current one.

        :raises TypeError, ValueError: as for a new context, also where there is no user or no project.
        """
        if not isinstance(values, Mapping):
            raise TypeError(f"a context is made of a mapping of its fields, not of a {type(values).__name__}")
        return cls(**{name: value for name, value in values.items() if name not in ("tenant", "user")})

    def elevated(self, read_deleted: str | None = None, overwrite: bool = False) -> Self:
        """A copy with administrator's rights and the role ``admin``; this context keeps its own.

        :param read_deleted: what the copy sees; None: what this context sees.
        :param overwrite: without effect, as callers have always passed it: a copy never becomes the current context.
        """
        context = copy.copy(self)
        context.roles = self.roles if _ADMIN_ROLE in self.roles else [*self.roles, _ADMIN_ROLE]
        context.is_admin = True
        if read_deleted is not None:
            context.read_deleted = read_deleted
        return context


def get_admin_context(read_deleted: str = "no") -> RequestContext:
    """An administrator's context of no user and no project. It replaces no current context."""
    return RequestContext(None, None, is_admin=True, read_deleted=read_deleted, overwrite=False)


def get_current() -> RequestContext | None:
    """The context made last here (and not with ``overwrite=False``), or None.

    *Here* is meant as :mod:`contextvars` means it: each asyncio task has a current one of its own, which to begin with
    is that of whoever started the task; a thread starts without one, unless it is given a copy of its starter's
    context, as by ``asyncio.to_thread`` or by builds of Python whose threads inherit.
    """
    return _current.get()


def has_admin_rights(context: Context) -> bool:
    """Whether this is an administrator's.

    :raises TypeError: its ``is_admin`` is neither a bool nor 0 or 1: no rights are made of anything else.
    """
    rights: Any = context.is_admin
    return rights if rights is True or rights is False else flag("is_admin", rights)


def is_user_context(context: Context | None) -> bool:
    """Whether this is a user's, with both a user and a project, rather than an administrator's or nobody's.

    :raises TypeError: see :func:`has_admin_rights`; so do the other functions.
    """
    # What has_admin_rights() does stands here and below once more: these checks are on the path of every call.
    if context is None:
        return False
    rights: Any = context.is_admin
    if rights is True or (rights is not False and flag("is_admin", rights)):
        return False
    user, project = context.user_id, context.project_id
    if type(user) is type(project) is str:
        return bool(user and project)
    return is_name(user) and is_name(project)


def require_context(context: Context | None) -> None:
    """Pass administrators and users.

    :raises NotAuthorized: ``context`` is neither.
    """
    if context is not None:
        rights: Any = context.is_admin
        if rights is True or (rights is not False and flag("is_admin", rights)):
            return
        user, project = context.user_id, context.project_id
        if type(user) is type(project) is str:
            if user and project:
                return
        elif is_name(user) and is_name(project):
            return
    raise exceptions.NotAuthorized


def require_admin(context: Context | None) -> None:
    """Pass administrators.

    :raises AdminRequired: ``context`` is not one.
    """
    if context is not None:
        rights: Any = context.is_admin
        if rights is True or (rights is not False and flag("is_admin", rights)):
            return
    raise exceptions.AdminRequired


def authorize_project(context: Context | None, project_id: str | None) -> None:
    """Pass everyone but users of another project.

    :raises NotAuthorized: a user's context, and the project is not ``project_id``.
    """
    if context is not None and is_user_context(context) and not _same(context.project_id, project_id):
        raise exceptions.NotAuthorized


def authorize_user(context: Context | None, user_id: str | None) -> None:
    """Pass everyone but other users.

    :raises NotAuthorized: a user's context, and the user is not ``user_id``.
    """
    if context is not None and is_user_context(context) and not _same(context.user_id, user_id):
        raise exceptions.NotAuthorized


def authorize_quota_class(context: Context | None, class_name: str | None) -> None:
    """Pass everyone but users of another quota class, or of none.

    :raises NotAuthorized: a user's context, and its ``quota_class`` is not ``class_name``.
    """
    if is_user_context(context):
        quota_class = getattr(context, "quota_class", None)
        if not is_name(quota_class) or not _same(quota_class, class_name):
            raise exceptions.NotAuthorized


def _same(mine: Any, asked: Any) -> bool:
    """Whether two names are the same text; what is no text has none to be the same as."""
    if type(mine) is str and type(asked) is str:
        return mine == asked
    try:
        return optional_text("a name", mine) == optional_text("a name", asked) is not None
    except (TypeError, ValueError):
        return False


def _has_admin_role(roles: Iterable[str]) -> bool:
    return any(role.lower() == _ADMIN_ROLE for role in roles)
