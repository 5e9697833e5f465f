"""The root of the exceptions, and the parents that callers catch."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, ClassVar

from nova_db.exceptions.wording import shown, writable

_LOG = logging.getLogger(__name__)


class NovaException(Exception):
    """Something that the state database refuses, in words and as data.

    A subclass sets :attr:`message`, a ``%(name)s`` template that the keyword arguments fill. Further keyword arguments
    are kept but not shown. A message given explicitly is the text as it stands.

    When a template cannot be filled, the failure and every keyword argument are logged; the text is then the unfilled
    template, or, with the option ``fatal_exception_format_errors``, the formatting error is raised instead.
    """

    message: ClassVar[str] = "An unknown exception occurred."
    """The template of the text."""
    code: ClassVar[int] = 500
    """The HTTP status that stands for this class of failure."""
    headers: ClassVar[Mapping[str, str]] = {}
    """HTTP headers that an API server adds to its answer."""
    safe: ClassVar[bool] = False
    """Whether the text may be shown to end users."""

    kwargs: dict[str, Any]
    """The keyword arguments given, and ``code``, which is the class's unless it was given."""

    def __init__(self, message: str | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("code", self.code)
        self.kwargs = kwargs
        super().__init__(writable(message or self._filled()))

    def format_message(self) -> str:
        """The text; for a class that RPC rebuilt (its name ends in ``_Remote``) without the remote traceback."""
        if type(self).__name__.endswith("_Remote"):
            return str(self.args[0])
        return str(self)

    def _fields(self) -> Mapping[str, Any]:
        """What fills the template: the keyword arguments, where a subclass does not put some into better words."""
        return self.kwargs

    def _filled(self) -> str:
        # The caller is about to raise this exception; whatever goes wrong in wording it must not take its place.
        try:
            given, fields = self.kwargs, self._fields()
            # What a subclass has put into words is its own, however long.
            return self.message % {
                name: shown(value) if given.get(name) is value else value for name, value in fields.items()
            }
        except Exception:
            name = type(self).__name__
            _LOG.exception("The text of %s does not fit its arguments; the template is %r", name, self.message)
            for key, value in self.kwargs.items():
                _LOG.error("%s: %s=%r", name, key, shown(value))
            if _format_errors_are_fatal():
                raise
            return self.message


def _format_errors_are_fatal() -> bool:
    # Imported here: oslo.config is no burden of those who only catch exceptions.
    from nova_db.conf import get_conf

    return bool(get_conf().fatal_exception_format_errors)


class NotFound(NovaException):
    """What was asked for does not exist, or is not visible in this context."""

    message = "The resource could not be found."
    code = 404


class Invalid(NovaException):
    """An argument cannot be accepted."""

    message = "The parameters are not acceptable."
    code = 400


class Duplicate(NovaException):
    """There is such a thing already. The code is 500, as it has always been."""

    message = "A resource like this exists already."


class NotAuthorized(NovaException):
    """The context may not do this."""

    message = "Not authorized."
    code = 403


class AdminRequired(NotAuthorized):
    """Only an administrator's context may do this."""

    message = "The user does not have admin privileges."
