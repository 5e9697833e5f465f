"""Arguments that cannot be accepted, and conditions that did not hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nova_db.exceptions.base import Invalid, NotFound, NovaException
from nova_db.exceptions.wording import alternatives, listed, suggestion


class InvalidUUID(Invalid):
    """The canonical form of a UUID was expected; ``uuid`` is what came."""

    message = "Expected a UUID but received %(uuid)s."


class InvalidID(Invalid):
    """No row can have the key ``id``."""

    message = "Received an invalid id: %(id)s."


class InvalidSortKey(Invalid):
    """Rows cannot be sorted by ``key``, which is no column of theirs; ``computed``: but a value that is computed."""

    message = "Cannot sort by %(key)s, which is %(what)s."

    def _fields(self) -> Mapping[str, Any]:
        return {**self.kwargs, "what": "computed" if self.kwargs.get("computed") else "no column"}


class MissingKeys(Invalid, KeyError):
    """The mapping ``argument`` of ``function`` lacks the keys ``missing``, of those that are ``required``."""

    message = "%(function)s(): %(argument)s must have %(wanted)s; missing: %(lacking)s."

    def _fields(self) -> Mapping[str, Any]:
        return {**self.kwargs, "lacking": listed(self.kwargs["missing"]), "wanted": listed(self.kwargs["required"])}

    def __str__(self) -> str:
        return str(self.args[0])  # a KeyError shows the repr


class UnknownColumn(Invalid):
    """``column`` is no column of ``table``; ``nearest`` is the column whose name is most alike, or None.

    ``computed``: records have it, as a value that is computed.
    """

    message = "Table %(table)s has no column %(column)r%(hint)s"

    def _fields(self) -> Mapping[str, Any]:
        if self.kwargs.get("computed"):
            return {**self.kwargs, "hint": ": it is computed, and can be neither written nor looked for."}
        return {**self.kwargs, "hint": suggestion(self.kwargs.get("nearest")) or "."}


class UnknownFilter(Invalid):
    """``function`` has no filter ``key``; ``nearest`` is the filter whose name is most alike, or None."""

    message = "%(function)s has no filter %(key)r%(hint)s"

    def _fields(self) -> Mapping[str, Any]:
        return {**self.kwargs, "hint": suggestion(self.kwargs.get("nearest")) or "."}


class ConstraintNotMet(NovaException):
    """The row does not satisfy the constraint, and was left as it was."""

    message = "The constraint is not met."
    code = 412


class MarkerNotFound(NotFound):
    """The last row of the previous page, ``marker``, is not there to go on from."""

    message = "The marker %(marker)s could not be found."


class UnexpectedTaskStateError(NovaException):
    """The task state is ``actual``, and not (one of) ``expected``; nothing was changed."""

    message = "Unexpected task state: expected %(wanted)s, but it is %(found)s."

    def _fields(self) -> Mapping[str, Any]:
        found = alternatives((self.kwargs["actual"],))
        return {**self.kwargs, "wanted": alternatives(self.kwargs["expected"]), "found": found}


class InstanceInvalidState(Invalid):
    """The state ``state`` of the instance's attribute ``attr`` does not allow ``method``."""

    message = "Instance %(instance_uuid)s has %(attr)s %(state)s; %(method)s is not possible in that state."
