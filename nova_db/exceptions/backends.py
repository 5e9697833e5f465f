"""Finding, loading and checking the backend, and what it cannot do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nova_db.exceptions.base import NovaException
from nova_db.exceptions.redaction import without_credentials
from nova_db.exceptions.wording import listed, shown, suggestion


def _name(given: Mapping[str, Any]) -> Any:
    """The backend's name as it may be shown: somebody may have given a URL."""
    name = given["name"]
    return without_credentials(name) if isinstance(name, str) else name


class NotSupported(NovaException):
    """The backend cannot do this: ``feature`` names what, ``reason`` says why. Both may be left out."""

    message = "The backend does not support %(what)s%(why)s."

    def _fields(self) -> Mapping[str, Any]:
        reason = self.kwargs.get("reason")
        what = self.kwargs.get("feature") or "this"
        return {**self.kwargs, "what": what, "why": f": {reason}" if reason else ""}


class BackendNotFound(NovaException):
    """No backend is called ``name``. ``installed`` are those that are, ``nearest`` the most alike of them, or None.

    ``instead``: the backend, a connection of it and the name in tests, where ``name`` is that of a database; or None.
    """

    message = "There is no database backend %(name)r%(hint)s Installed backends: %(names)s."

    def _fields(self) -> Mapping[str, Any]:
        names = listed(self.kwargs.get("installed") or ()) or "none (is the package installed?)"
        hint = suggestion(self.kwargs.get("nearest")) or "."
        if self.kwargs.get("instead"):
            backend, connection, name = self.kwargs["instead"]
            hint = f": it is {backend!r} with a connection as {connection} (as --nova-db-backend of pytest: {name!r})."
        return {**self.kwargs, "name": shown(_name(self.kwargs)), "hint": hint, "names": names}


class BackendLoadError(NovaException):
    """The backend ``name`` is there but cannot be used, because of ``reason``.

    ``module`` is the module that could not be imported, if that was the cause; ``extra`` the extra of this package
    that installs it, if there is one.
    """

    message = "The database backend %(name)r cannot be loaded: %(why)s.%(remedy)s"

    def _fields(self) -> Mapping[str, Any]:
        extra = self.kwargs.get("extra")
        remedy = f" Install it with: pip install 'nova-db[{extra}]'" if extra else ""
        return {
            **self.kwargs,
            "name": shown(_name(self.kwargs)),
            "why": str(self.kwargs["reason"]).rstrip("."),
            "remedy": remedy,
        }


class IncompleteDriver(NovaException):
    """The driver ``driver`` does not keep the contract.

    ``missing`` are the names of the methods that it lacks, ``mismatched`` has one text for each whose signature does
    not fit: the one found and the one expected.
    """

    message = "The driver %(driver)s does not provide the whole API.%(lines)s"

    def _fields(self) -> Mapping[str, Any]:
        missing, mismatched = self.kwargs.get("missing") or (), self.kwargs.get("mismatched") or ()
        lines = f"\nMissing: {listed(missing)}." if missing else ""
        if mismatched:
            lines += "\nWith a signature that does not fit:" + "".join(f"\n  {text}" for text in mismatched)
        return {**self.kwargs, "lines": lines}
