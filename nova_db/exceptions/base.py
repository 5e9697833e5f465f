"""The root of the exceptions, and the parents that callers catch."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

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
            return self.message % self._fields()
        except Exception:
            name = type(self).__name__
            _LOG.exception("The text of %s does not fit its arguments; the template is %r", name, self.message)
            for key, value in self.kwargs.items():
                _LOG.error("%s: %s=%r", name, key, value)
            if _format_errors_are_fatal():
                raise
            return self.message


def _format_errors_are_fatal() -> bool:
    # Imported here: oslo.config is no burden of those who only catch exceptions.
    from nova_db.conf import get_conf

    return bool(get_conf().fatal_exception_format_errors)


def writable(text: Any) -> Any:
    """The text with halves of surrogate pairs spelled out, so that logs and terminals take it."""
    if not isinstance(text, str) or text.isascii():
        return text  # or whatever else a caller has passed as a message
    return text.encode(errors="backslashreplace").decode()


def listed(values: object) -> str:
    """``a, b, c``; a single text stays as it is."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        return str(values)
    return ", ".join(str(value) for value in values)


def alternatives(values: object) -> str:
    """``'a', 'b' or None``, sets in a settled order."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        return repr(values)
    words = [repr(value) for value in values]
    if isinstance(values, (set, frozenset)):
        words.sort()
    if len(words) < 2:
        return words[0] if words else "none at all"
    return f"{', '.join(words[:-1])} or {words[-1]}"


def suggestion(nearest: object) -> str:
    """``; did you mean 'x'?``, or nothing."""
    return f"; did you mean {nearest!r}?" if nearest else ""


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
