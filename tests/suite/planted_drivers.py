"""Drivers each of which has one fault that a sequence of calls shows."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from typing import Any, ClassVar

from nova_db.driver import EXTENSIONS, FUNCTIONS, Driver
from nova_db.engine import Eq
from nova_db.exceptions import FlavorNotFound, KeypairNotFound
from nova_db_conformance.sequences.lanes import Undone
from nova_db_memory import MemoryDriver


class Disordered(MemoryDriver):
    """Lists cells the wrong way round."""

    def cell_get_all(self, context: Any) -> Any:
        return super().cell_get_all(context)[::-1]


class Unfiltered(MemoryDriver):
    """Takes no notice of a filter."""

    def service_get_all(self, context: Any, disabled: Any = None) -> Any:
        return super().service_get_all(context, None)


class OtherPayload(MemoryDriver):
    """Raises an error that carries something else."""

    def key_pair_get(self, context: Any, user_id: Any, name: Any) -> Any:
        try:
            return super().key_pair_get(context, user_id, name)
        except KeypairNotFound as error:
            raise KeypairNotFound(**{**error.kwargs, "name": "another"}) from None


class OtherText(MemoryDriver):
    """Raises an error in other words."""

    def instance_type_get_by_flavor_id(self, context: Any, id: Any, read_deleted: Any = None) -> Any:
        try:
            return super().instance_type_get_by_flavor_id(context, id, read_deleted)
        except FlavorNotFound as error:
            error.args = ("There is no such flavor.",)
            raise


class HalfDeleted(MemoryDriver):
    """Does not say when a row was soft-deleted."""

    def agent_build_destroy(self, context: Any, agent_update_id: Any) -> Any:
        result = super().agent_build_destroy(context, agent_update_id)
        tx = self.engine.write()
        tx.update("agent_builds", Eq("id", int(agent_update_id)), {"deleted_at": None})
        tx.commit()
        return result


class Committing(MemoryDriver):
    """Keeps what was done in a transaction that is rolled back."""

    @contextlib.contextmanager
    def transaction(self, context: Any, *, isolation: Any = None) -> Iterator[Any]:
        failed = None
        with super().transaction(context, isolation=isolation) as session:
            try:
                yield session
            except Undone as error:
                failed = error
        if failed is not None:
            raise failed


class Late(MemoryDriver):
    """Has a clock of its own."""

    def certificate_create(self, context: Any, values: Any) -> Any:
        return {**super().certificate_create(context, values), "updated_at": dt.datetime(2001, 1, 1)}


def _forwarder(name: str) -> Any:
    def forward(self: Any, *arguments: Any, **named: Any) -> Any:
        return getattr(self.inner, name)(*arguments, **named)

    return forward


class _Direct:
    """Implements the functions, without an engine and without transactions over several calls."""

    wrapped: ClassVar[type[MemoryDriver]] = MemoryDriver

    def __init__(self, connection: str | None = None, conf: Any = None) -> None:
        self.inner = self.wrapped(None)

    @classmethod
    def provision(cls, connection: str | None) -> None:
        return None

    @classmethod
    def discard(cls, connection: str | None) -> None:
        pass

    def reset(self) -> None:
        self.inner.engine.clear()


_functions = {name: _forwarder(name) for name in FUNCTIONS if name not in EXTENSIONS}
Direct: Any = type("Direct", (_Direct, Driver), {**_functions, "__module__": __name__})


class DisorderedDirect(Direct):  # type: ignore[misc]
    """The same, which lists cells the wrong way round."""

    wrapped = Disordered
