"""Mistakes that show beside the memory backend, in recordings, and in the number of statements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nova_db.engine import Isolation, Query, Row
from nova_db_memory import MemoryDriver
from nova_db_sqlalchemy.driver import SQLAlchemyDriver
from tests.suite import planted_drivers
from tests.suite.plants.registry import made_wrong, planted_driver


@planted_driver(stage="sequences")
class Unsorted(planted_drivers.Disordered):
    """Lists cells the wrong way round."""


@planted_driver(stage="sequences")
class HalfDeleted(planted_drivers.HalfDeleted):
    """Does not say when a row was soft-deleted."""


@planted_driver(stage="sequences")
class OtherPayload(planted_drivers.OtherPayload):
    """Raises an error that carries something else."""


@planted_driver(stage="sequences")
class SwallowsMistakes(MemoryDriver):
    """Answers what cannot be stored with the record as it is."""

    def service_update(self, context: Any, service_id: Any, values: Any) -> Any:
        kept = {name: value for name, value in values.items() if isinstance(value, str | int | bool | None)}
        return super().service_update(context, service_id, kept if isinstance(values, Mapping) else values)


@planted_driver(stage="recordings")
class ListsByName(MemoryDriver):
    """Lists flavors by id, and not by name."""

    def instance_type_get_all(self, context: Any, inactive: bool = False, filters: Any = None) -> Any:
        return sorted(super().instance_type_get_all(context, inactive, filters), key=lambda flavor: flavor["id"])


@planted_driver(stage="recordings")
class OtherUuid(MemoryDriver):
    """Tells another uuid of an instance that it has destroyed."""

    def instance_destroy(self, context: Any, instance_uuid: Any, *args: Any, **kwargs: Any) -> Any:
        return {**super().instance_destroy(context, instance_uuid, *args, **kwargs), "uuid": "another"}


class _OneByOne:
    """A transaction that reads once more for each row that has relations."""

    __slots__ = ()

    def select(self, query: Query) -> list[Row]:
        inner: Any = super()
        found: list[Row] = inner.select(query)
        for _ in found if query.load else ():
            inner.select(Query(query.table, limit=1))
        return found


@planted_driver(stage="budgets", base="sqlite")
class AStatementARow(SQLAlchemyDriver):
    """Takes a statement more for each row of a list."""

    def __init__(self, connection: str | None = None, conf: Any = None) -> None:
        super().__init__(connection, conf)
        engine: Any = self.engine
        read, write = engine.read, engine.write
        engine.read = lambda *, snapshot=True: made_wrong(read(snapshot=True), _OneByOne)
        engine.write = lambda *, isolation=Isolation.READ_COMMITTED, losses=0: made_wrong(
            write(isolation=isolation, losses=losses), _OneByOne
        )
