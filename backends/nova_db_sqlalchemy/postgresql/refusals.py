"""What libpq's errors of connecting mean, which have no SQLSTATE; their words may be in the server's language.

So what is read from them is a best effort.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import psycopg

NO_RIGHT: Final = "42501"
_REFUSALS: Final = re.compile(
    r"authentication failed|no pg_hba\.conf entry|no password supplied|permission denied for database"
    r"|not currently accepting connections|server does not support SSL|certificate|definition of service|service file"
    r"|authentication method requirement|channel binding|invalid \w+ value|requirepeer"
    r"|(?:database|role) \".*\" (?:does not exist|is not permitted to log in)"
)
_SETTINGS: Final = re.compile(
    r"(?m)FATAL:  (.*(?:requires a value|invalid value for parameter|unrecognized configuration parameter"
    r"|invalid (?:command-line argument|argument)|parameter \"[^\"]+\" (?:cannot be|requires)"
    r"|permission denied to set parameter).*)$"
)
"""What the server has to say of ``options``."""
_OTHERS: Final = re.compile(
    r"received invalid response to \w+ negotiation|expected authentication request from server, but received"
)
_UNUSABLE: Final = ("22", "42")
"""Classes of SQLSTATE: a setting that a session is told has a value, or a name, that there is not."""


def is_refusal(error: psycopg.Error) -> bool:
    """Whether the server was there, and will not let this user in, or not to this database; or the URL is unusable."""
    if isinstance(error, psycopg.ProgrammingError) or (error.sqlstate or "").startswith(_UNUSABLE):
        return True
    return any(words.search(str(error)) for words in (_REFUSALS, _SETTINGS, _OTHERS))


def explain(error: psycopg.Error, options: Mapping[str, Any]) -> None:
    """Have an error of connecting say what it means, where the library's own words do not.

    :param options: the library's, with which it was connected.
    """
    refused = _SETTINGS.search(str(error))
    if isinstance(error, psycopg.errors.ConnectionTimeout):
        seconds = options["connect_timeout"]
        error.args = (f"{_place(options)} did not answer within {seconds} seconds: is a PostgreSQL server there?",)
    elif _OTHERS.search(str(error)):
        error.args = (f"what answers at {_place(options)} is no PostgreSQL server: check host and port in the URL",)
    elif refused and options.get("options"):
        error.args = (f"the server refuses the options in the URL: {refused[1]}",)


def _place(options: Mapping[str, Any]) -> str:
    hosts = str(options.get("host") or options.get("hostaddr") or "the socket of this machine").split(",")
    ports = str(options.get("port") or 5432).split(",")
    ports = ports if len(ports) == len(hosts) else ports * len(hosts)
    return " or ".join(f"{host}:{port or 5432}" for host, port in zip(hosts, ports, strict=False))
