"""The database's URL: read, checked, completed with our DB-API library, and shown without its password."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final
from urllib.parse import parse_qs

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError

from nova_db.exceptions.redaction import HIDDEN
from nova_db.exceptions.wording import suggestion
from nova_db_sqlalchemy.servers import SUPPORTED, product_named, product_of
from nova_db_sqlalchemy.sqlite.urls import require_existing
from nova_db_sqlalchemy.url_form import AT_BEHIND, InvalidURL, require_form

__tracebackhide__ = True  # of pytest, whose --showlocals would show a password among our variables

_SECRET: Final = re.compile(r"(?i)passw|passphrase|secret|token")
_SCHEME: Final = re.compile(r"[A-Za-z0-9_+]+://")
# After dialect://user:password@, or user@server:password@.
_AMBIGUOUS: Final = re.compile(
    r"(?s)(?!sqlite)[A-Za-z0-9_+]+://[^:/@]*(?:@[^:/@]*)?:[^@]*@"
    r"(?:[^?]*@|[^/?]*\?.*@|[^?]*\?(?:.*[&=])?[^&@]*@[^&/]*/)"
)
"""A further ``@`` before the parameters, or one in them that a host and a database seem to follow."""
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_OTHERS_SETTING: Final = re.compile(r"((?:^|\s)(?:-c\s*|--)[\w-]+\.[\w.-]+=)(?:\\.|\S)*")
"""In PostgreSQL's ``options``: one whose name has a dot, as of an extension, or of whatever reads it there."""
_COMMENT: Final = re.compile(r"\s[#;]")
_ENCODE: Final = (
    "The password in the database's URL seems to hold an @ or / that is not encoded; write special characters there "
    "percent-encoded: @ as %40, / as %2F, : as %3A, ? as %3F, # as %23, % as %25"
)


def parse(connection: str | sa.URL, parameters: str = "", *, any_library: bool = False) -> sa.URL:
    """The URL, with the DB-API library named, in the form that the rules of its server give it.

    :param parameters: ``name=value&name=value``, put in the place of those of the URL that have these names.
    :param any_library: let a URL name another library than ours, and none where SQLAlchemy takes ours by itself.
    :raises InvalidURL: it is none, or of what is not supported; no password is quoted.
    """
    if not str(connection).strip():
        raise InvalidURL("The database's URL is empty; expected dialect://user:password@host/database")
    _require_one_word(connection, "The database's URL")
    _require_one_word(parameters, "[database] connection_parameters")
    if isinstance(connection, str) and _AMBIGUOUS.match(connection):
        # It could be read, but as another host or database, which errors would quote: part of the password.
        hint = "; so is an @ that is meant in a parameter, behind the ?" if "?" in connection else ""
        raise InvalidURL(f"{_ENCODE}{hint}")
    if isinstance(connection, str):
        require_form(connection)
    try:
        url = sa.make_url(connection)
    except (ArgumentError, ValueError):
        scheme = _SCHEME.match(str(connection))
        shown_part = f" ({scheme[0]}...)" if scheme else ""
        # Without the cause, which may quote a part of the password.
        raise InvalidURL(
            f"The database's URL{shown_part} is not of the form dialect://user:password@host/database"
        ) from None
    url = _with_library(url, any_library=any_library)
    further = read_parameters(parameters)
    try:
        _require_values(connection)
        product = product_of(url)
        product.check(url, url.query, "The database's URL")
        product.check(url, further, "[database] connection_parameters")
        return product.completed(url.update_query_dict(further))
    except ValueError as error:
        if AT_BEHIND.match(str(connection)):
            raise InvalidURL("The database's URL has an @ behind the ?; it is written %40 there") from None
        raise InvalidURL(str(error)) from error


def _require_one_word(text: str | sa.URL, what: str) -> None:
    """Refuse what an editor or a shell has left beside a URL, which would become a part of a name.

    :raises InvalidURL: there is such.
    """
    if not isinstance(text, str):
        return  # put together by a program
    if _COMMENT.search(text):
        raise InvalidURL(
            f"{what} has a blank and then a # or ; in it; a comment in a file has a line of its own, and such a # or ; "
            f"that is meant is written %23 or %3B"
        )
    if text != text.strip():
        raise InvalidURL(f"{what} begins or ends with a blank or a line end; expected nothing around it")
    if _CONTROL.search(text):
        raise InvalidURL(f"{what} has a line end, a tab or another control character in it; expected one line of text")


def _with_library(url: sa.URL, *, any_library: bool) -> sa.URL:
    name, _, library = url.drivername.partition("+")
    if name not in SUPPORTED:
        nearest = next(iter(get_close_matches(name.lower(), SUPPORTED, n=1)), None)
        raise InvalidURL(
            f"The database's URL begins with {url.drivername}://; supported are {', '.join(sorted(SUPPORTED))}"
            f"{suggestion(nearest)}"
        )
    product = product_named(name)
    if any_library and (library or product.is_usual):
        return url
    usual = next(iter(product.libraries))
    if library not in ("", *product.libraries):
        raise InvalidURL(f"{name} is used through {usual}, not through {library}; leave out +{library}")
    return url.set(drivername=f"{name}+{library or usual}")


def read_parameters(parameters: str) -> dict[str, str | list[str]]:
    """The parameters in ``name=value&name=value``.

    :raises InvalidURL: it is not of that form.
    """
    try:
        further = parse_qs(parameters.lstrip("?&"), keep_blank_values=True, strict_parsing=bool(parameters))
    except ValueError:
        raise InvalidURL("[database] connection_parameters is not of the form name=value&name=value") from None
    # A single value in a list would be handed to the DB-API library as such.
    return {name: given if len(given) > 1 else given[0] for name, given in further.items()}


def _require_values(connection: str | sa.URL) -> None:
    """Refuse parameters without a value, which SQLAlchemy passes over.

    :raises ValueError: there is one.
    """
    if isinstance(connection, str):
        # What stands before the last @ may be a password with an unusual character.
        for part in filter(None, connection.rpartition("@")[2].partition("?")[2].split("&")):
            name, _, value = part.partition("=")
            if not value:
                raise ValueError(f"The database's URL has {name} without a value; {name}=value is expected")


def is_memory(url: sa.URL) -> bool:
    """Whether the URL names a database in memory: private to the engine, which takes it along when it ends."""
    return product_of(url).is_memory(url)


def is_missing_file(url: sa.URL) -> bool:
    """Whether the URL is that of a file which does not exist."""
    return product_of(url).is_missing_file(url)


def require_place(url: sa.URL) -> None:
    """Refuse the URL of a file which does not exist.

    :raises DBConnectionError: so it is.
    """
    if is_missing_file(url):
        require_existing(url)


def shown(url: sa.URL) -> str:
    """The URL as a person may see it."""
    hidden: dict[str, str | Sequence[str]] = {
        name: HIDDEN if _SECRET.search(name) else _without_values(value) for name, value in url.query.items()
    }
    return url.update_query_dict(hidden).render_as_string(hide_password=True).replace("%2A%2A%2A", HIDDEN)


def _without_values(value: str | Sequence[str]) -> str | Sequence[str]:
    """A parameter without the values of settings that are not the server's own: they may be anything."""
    if not isinstance(value, str):
        return [_OTHERS_SETTING.sub(rf"\1{HIDDEN}", each) for each in value]
    return _OTHERS_SETTING.sub(rf"\1{HIDDEN}", value)
