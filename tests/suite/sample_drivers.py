"""Drivers for the tests of the fixture and of the suite: some that lack something, some that break the rules."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar

from nova_db.engine import Capability, Eq, Query, Transaction
from nova_db.operations.running.declarations import reads
from nova_db_memory import MemoryDriver, MemoryEngine
from tests.contract.samples import complete_driver


class ProvisionedDriver(MemoryDriver):
    """Makes its own databases for tests, and notes what is asked of it."""

    events: ClassVar[list[str]] = []
    fails_to_reset = False

    def __init__(self, connection: str | None = None, conf: Any = None) -> None:
        super().__init__(None, conf)
        self.where = connection

    @classmethod
    def provision(cls, connection: str | None) -> str:
        cls.events.append(f"provision {connection}")
        return f"private-{len(cls.events)}"

    @classmethod
    def discard(cls, connection: str) -> None:
        cls.events.append(f"discard {connection}")

    def reset(self) -> None:
        self.events.append(f"reset {self.where}")
        if self.fails_to_reset:
            raise RuntimeError("cannot reset")
        self.engine.clear()

    def close(self) -> None:
        self.events.append(f"close {self.where}")
        super().close()


class ShelfDriver(ProvisionedDriver):
    """Cannot do without a URL, and makes databases for tests where it is given none."""

    def __init__(self, connection: str | None = None, conf: Any = None) -> None:
        if connection is None or not connection.startswith("shelf://"):
            raise ValueError(f"no shelf is named by {connection}: expected a URL, as in shelf://HOST/NAME")
        super().__init__(connection, conf)

    @classmethod
    def provision(cls, connection: str | None) -> str:
        return f"shelf://tests/{super().provision(connection)}"


def shelf(*, connection: str | None, conf: Any) -> ShelfDriver:
    """The same as a function, which offers what its class offers."""
    return ShelfDriver(connection, conf)


shelf.provision = ShelfDriver.provision  # type: ignore[attr-defined]
shelf.discard = ShelfDriver.discard  # type: ignore[attr-defined]


def provisioned(*, connection: str | None, conf: Any) -> ProvisionedDriver:
    """A function that says nothing of what its drivers offer."""
    return ProvisionedDriver(connection, conf)


class MethodDriver(MemoryDriver):
    """Has forgotten that its databases are made before it is."""

    def provision(self, connection: str | None) -> str:
        raise AssertionError("nothing should be provisioned")


class PersistentEngine(MemoryEngine):
    """All engines hold the same rows."""

    capabilities = frozenset({Capability.PERSISTENT})
    missing: Mapping[Capability, str] = {Capability.CONCURRENT_WRITERS: "one lock makes transactions serial"}


_persistent = PersistentEngine()


class PersistentDriver(MemoryDriver):
    """Has one database, whatever its connection; offers none for tests."""

    def __init__(self, connection: str | None = None, conf: Any = None) -> None:
        super().__init__(None, conf)
        self.engine = _persistent


_Complete: Any = complete_driver()


class BareDriver(_Complete):  # type: ignore[misc]
    """Has neither an engine nor databases for tests."""

    def __init__(self, connection: str | None = None, conf: Any = None) -> None:
        pass


class ResetlessDriver(BareDriver):
    """Makes databases for tests, which nothing can empty."""

    left: ClassVar[list[str]] = []

    @classmethod
    def provision(cls, connection: str | None) -> str:
        cls.left.append("made")
        return "made"

    @classmethod
    def discard(cls, connection: str) -> None:
        cls.left.remove(connection)


class RudeDriver(MemoryDriver):
    """Breaks, function by function, the rules that hold for every call."""

    def key_pair_create(self, context: Any, values: Any) -> Any:
        values["name"] = "changed"
        return super().key_pair_create(context, values)

    def key_pair_get(self, context: Any, user_id: Any, name: Any) -> Any:
        context.read_deleted = "yes"
        return super().key_pair_get(context, user_id, name)

    def key_pair_destroy(self, context: Any, user_id: Any, name: Any) -> Any:
        context.roles.append("admin")
        raise ValueError("and fails")

    def key_pair_get_all_by_user(self, context: Any, user_id: Any) -> Any:
        return [Record(super().key_pair_get(context, user_id, "name"))]

    def key_pair_count_by_user(self, context: Any, user_id: Any) -> Any:
        return dt.datetime.now(dt.UTC)

    def instance_metadata_update(self, context: Any, instance_uuid: Any, metadata: Any, delete: Any) -> Any:
        return metadata


class Record(dict[str, Any]):
    """A dict that is not a plain one."""


class HastyDriver(MemoryDriver):
    """Promises one call on the reader, and makes two if it finds nothing."""

    @reads(snapshot=False)
    def key_pair_get(self, tx: Transaction, context: Any, user_id: Any, name: Any) -> Any:
        found = tx.select(Query("key_pairs", Eq("name", name)))
        return found[0] if found else _any(tx)


def _any(tx: Transaction) -> Any:
    return tx.aggregate("key_pairs")[0]


class CarelessDriver(MemoryDriver):
    """Does in two transactions what should be one, and swallows failures."""

    def key_pair_create(self, context: Any, values: Any) -> Any:
        super().key_pair_create(context, {**values, "name": "left over"})
        return super().key_pair_create(context, values)

    def key_pair_destroy(self, context: Any, user_id: Any, name: Any) -> Any:
        with contextlib.suppress(Exception):
            super().key_pair_destroy(context, user_id, name)
