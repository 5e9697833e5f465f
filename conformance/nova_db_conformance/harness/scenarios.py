"""Which backends the suite runs on: one scenario each.

A backend is written ``NAME``, ``NAME=URL`` or ``NAME:LABEL=URL``. ``NAME`` is that of an installed backend, or the
import path of one, written with dots; ``LABEL`` is what its tests are called after, ``TestX@LABEL``, the name unless
given. The names ``sqlite``, ``postgresql`` and ``mariadb`` stand for the SQLAlchemy backend on a temporary file, and on
the servers whose URLs the environment variables NOVA_DB_TEST_POSTGRESQL and NOVA_DB_TEST_MARIADB hold.

Other runners than pytest take the backends from the environment variable NOVA_DB_BACKENDS, separated by spaces.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

BACKENDS_VARIABLE = "NOVA_DB_BACKENDS"
POSTGRESQL_VARIABLE = "NOVA_DB_TEST_POSTGRESQL"
MARIADB_VARIABLE = "NOVA_DB_TEST_MARIADB"

_LABEL = re.compile(r"[A-Za-z0-9_.-]+")
_EMPTY = "has an empty URL: is the variable set that it comes from?"
_SERVERS = {"postgresql": POSTGRESQL_VARIABLE, "mariadb": MARIADB_VARIABLE}
"""Label of a server to the environment variable that holds its URL."""


@dataclass(frozen=True, slots=True)
class Backend:
    """A backend under test.

    ``connection`` is a URL, or None for what ``DatabaseFixture`` makes of that; it is not shown, as it may be secret.
    """

    label: str
    name: str
    connection: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return self.label

    def written(self) -> str:
        """As users write it, but for the URL, which may be secret."""
        if self.name == "sqlalchemy" and self.label in ("sqlite", *_SERVERS):
            return self.label  # which finds its URL where this one was found
        label = "" if self.label == self.name.rpartition(".")[2] else f":{self.label}"
        return f"{self.name}{label}{'=URL' if self.connection else ''}"


class BadSelection(ValueError):
    """The backends asked for make no sense; the text says why, for whoever typed them."""


def parse_backend(text: str, environment: Mapping[str, str] = os.environ) -> Backend:
    """The backend that is written as the head of this module says.

    :raises BadSelection: it is written differently, or needs an environment variable that is not set.
    """
    target, equals, connection = text.partition("=")
    name, colon, label = target.partition(":")
    if not colon:
        label = name.rpartition(".")[2]
    if not name or not _LABEL.fullmatch(label):
        raise BadSelection(f"{target!r} is no backend: expected NAME, NAME=URL or NAME:LABEL=URL")
    if equals and not connection:
        raise BadSelection(f"{text!r} {_EMPTY}")
    if name == "sqlite":
        return Backend(label, "sqlalchemy", connection or None)
    if name in _SERVERS:
        connection = connection or environment.get(_SERVERS[name], "")
        if not connection:
            raise BadSelection(f"backend {name!r} needs a URL: write {name}=URL or set {_SERVERS[name]}")
        return Backend(label, "sqlalchemy", connection)
    return Backend(label, name, connection or None)


def select_backends(
    backends: Iterable[str] = (),
    *,
    connection: str | None = None,
    required: Iterable[str] = (),
    environment: Mapping[str, str] = os.environ,
) -> tuple[Backend, ...]:
    """The backends to run on, in order.

    :param backends: as written by the user; none: those of NOVA_DB_BACKENDS, or else memory, sqlite, and every server
        that has its environment variable.
    :param connection: the URL for the one backend that is named.
    :param required: labels that must be among the result, so that no set-up loses a backend unnoticed.

    :raises BadSelection: one of these cannot be met.
    """
    texts = list(backends)
    if connection is not None:
        if not connection:
            raise BadSelection(f"the one backend {_EMPTY}")
        if len(texts) != 1 or "=" in texts[0]:
            raise BadSelection("a connection needs exactly one backend, named without a URL of its own")
        texts = [f"{texts[0]}={connection}"]
    texts = texts or environment.get(BACKENDS_VARIABLE, "").split() or _defaults(environment)
    selected = tuple(parse_backend(text, environment) for text in texts)
    labels = [backend.label for backend in selected]
    for label in labels:
        if labels.count(label) > 1:
            raise BadSelection(f"two backends are called {label!r}: give them labels, NAME:LABEL=URL")
    for label in required:
        if label not in labels:
            variable = _SERVERS.get(label)
            hint = f" (is {variable} set?)" if variable else ""
            raise BadSelection(f"backend {label!r} is required but is not among those to run on: {labels}{hint}")
    return selected


def use_backends(backends: Sequence[Backend] | None) -> None:
    """Run on these from now on; None: on what the environment says."""
    global _selected
    _selected = None if backends is None else tuple(backends)


def selected_backends() -> tuple[Backend, ...]:
    """The backends that this run is on."""
    global _selected
    if _selected is None:
        _selected = select_backends()
    return _selected


def require_capabilities(capabilities: Iterable[Any]) -> None:
    """Have tests fail, and not skip, where an engine lacks one of these."""
    global _capabilities
    _capabilities = frozenset(capabilities)


def required_capabilities() -> frozenset[Any]:
    """The capabilities that the engines of this run must have."""
    return _capabilities


class ScenariosInUse:
    """A class attribute ``scenarios`` that is looked up when the tests are multiplied, not when the class is made."""

    def __get__(self, instance: object, owner: type) -> list[tuple[str, dict[str, Any]]]:
        return [(backend.label, {"backend": backend}) for backend in selected_backends()]


_selected: tuple[Backend, ...] | None = None
_capabilities: frozenset[Any] = frozenset()


def _defaults(environment: Mapping[str, str]) -> list[str]:
    return ["memory", "sqlite", *(label for label, variable in _SERVERS.items() if environment.get(variable))]
