"""Services that work on a cluster at once, and what each of their calls was told."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

from nova_db.context import get_admin_context
from nova_db.exceptions import (
    DBCommitUnknown,
    DBConnectionError,
    DBDeadlock,
    NoMoreFixedIps,
    OverQuota,
    UnexpectedTaskStateError,
)
from nova_db_conformance.harness.values import a_number, a_uuid, fixed_ip_values, instance_values, resources
from nova_db_sqlalchemy import SQLAlchemyDriver
from tests.galera.spread import counted_driver, turned

ADMIN: Final = get_admin_context()
SERVICES: Final = 3
THREADS: Final = 3
ADDRESSES: Final = 400
NETWORK: Final = 1
LIMIT: Final = 7
"""Of the project's cores: fewer than the workers want at once."""
PROJECT: Final = "p1"
WALKED: Final = a_uuid()
"""The instance whose task state is a number that all workers count up."""
EXPIRY: Final = dt.datetime(2100, 1, 1)
PATIENCE: Final = 120.0

CREATE, RENAME, DESTROY, TAKE, RESERVE, COMMIT, ROLL_BACK, WALK = (
    "create", "rename", "destroy", "take an address", "reserve", "commit", "roll back", "walk",
)  # fmt: skip
DONE, UNKNOWN = "acknowledged", "of unknown outcome"
REFUSALS: Final = (DBConnectionError, DBDeadlock, NoMoreFixedIps, OverQuota, UnexpectedTaskStateError)


@dataclass(frozen=True, slots=True)
class Entry:
    """A call: what it was to do, to what, and what its caller was told."""

    kind: str
    key: Any
    """How its effect is found in the data."""
    told: str
    """`DONE`, `UNKNOWN`, or the name of an error upon which nothing of the call may be stored."""
    result: Any = None


class Journal:
    """What the calls of all workers were told, in the order in which they returned."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.longest = 0.0
        """The time that one of them took, in seconds."""

    def call(self, kind: str, key: Any, function: Callable[[], Any]) -> Entry:
        """Make a call, and note what becomes of it."""
        begun = time.monotonic()
        try:
            entry = Entry(kind, key, DONE, function())
        except DBCommitUnknown:
            entry = Entry(kind, key, UNKNOWN)
        except REFUSALS as error:
            entry = Entry(kind, key, type(error).__name__)
        self.longest = max(self.longest, time.monotonic() - begun)
        self.entries.append(entry)
        return entry

    def of(self, kind: str, told: str) -> Iterator[Entry]:
        """The calls of a kind that were told something."""
        return (entry for entry in self.entries if (entry.kind, entry.told) == (kind, told))

    def told(self) -> Counter[str]:
        """How many calls were told what."""
        return Counter(entry.told for entry in self.entries)


class Service:
    """A process of the cloud: a driver that tries one node before the others, and threads that use it."""

    def __init__(self, url: str, number: int) -> None:
        self.number = number
        self.driver = self._connect(url)
        self.acknowledged = 0

    def restart(self, url: str) -> None:
        """Go on with another driver, which knows nothing of nodes that were down."""
        self.driver, old = self._connect(url), self.driver
        old.close()

    def ports(self) -> set[int]:
        """Where the nodes listen that it has connections to."""
        return {connection.dbapi.port for connection in list(self.driver.engine.pool._connections)}

    def _connect(self, url: str) -> SQLAlchemyDriver:
        return counted_driver(turned(url, self.number), mysql_wsrep_sync_wait=1)


class Worker(threading.Thread):
    """A thread of a service: makes one call after the other until it is told to stop."""

    def __init__(self, service: Service, journal: Journal, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._service = service
        self._journal = journal
        self._stop_asked = stop
        self.failure: BaseException | None = None
        self._mine: list[str] = []
        """Its instances, without those of which it does not know how they are."""
        self._served = ""
        """The instance that an address was asked for last."""
        self._cores = 0

    def run(self) -> None:
        steps = (self._create, self._rename, self._take, self._reserve, self._walk, self._destroy)
        try:
            for step in itertools.cycle(steps):
                if self._stop_asked.is_set():
                    return
                step(self._service.driver)
        except BaseException as error:  # noqa: BLE001 - judged by the thread of the test
            self.failure = error

    def _call(self, kind: str, key: Any, function: Callable[[], Any]) -> Entry:
        entry = self._journal.call(kind, key, function)
        self._service.acknowledged += entry.told == DONE
        return entry

    def _create(self, driver: SQLAlchemyDriver) -> None:
        values = instance_values(project_id=PROJECT)
        uuid = values["uuid"]
        if self._call(CREATE, uuid, lambda: driver.instance_create(ADMIN, values)["display_name"]).told == DONE:
            self._mine.append(uuid)

    def _rename(self, driver: SQLAlchemyDriver) -> None:
        if self._mine:
            uuid, name = self._mine[-1], f"name {a_number()}"
            change = {"display_name": name}
            if self._call(RENAME, (uuid, name), lambda: driver.instance_update(ADMIN, uuid, change)).told == UNKNOWN:
                self._mine.pop()

    def _destroy(self, driver: SQLAlchemyDriver) -> None:
        if len(self._mine) > 1:
            uuid = self._mine.pop(0)
            self._call(DESTROY, uuid, lambda: driver.instance_destroy(ADMIN, uuid) and None)

    def _take(self, driver: SQLAlchemyDriver) -> None:
        if not self._mine or self._mine[-1] == self._served:
            return
        uuid = self._served = self._mine[-1]
        self._call(TAKE, uuid, lambda: driver.fixed_ip_associate_pool(ADMIN, NETWORK, uuid))

    def _reserve(self, driver: SQLAlchemyDriver) -> None:
        """Reserve a core, or the return of one, and settle that; check what is in use meanwhile."""
        delta = -1 if self._cores > 1 else 1
        expire = EXPIRY + dt.timedelta(seconds=a_number())
        arguments = (resources("cores"), {"cores": LIMIT}, {"cores": delta}, expire, None, None, PROJECT)
        reserved = self._call(RESERVE, (expire, delta), lambda: driver.quota_reserve(ADMIN, *arguments))
        if reserved.told == DONE:
            usage = driver.quota_usage_get(ADMIN, PROJECT, "cores")
            assert usage["in_use"] + usage["reserved"] <= LIMIT, usage
            self._settle(driver, reserved.result[0], delta)

    def _settle(self, driver: SQLAlchemyDriver, uuid: str, delta: int) -> None:
        if a_number() % 4 == 0:
            self._call(ROLL_BACK, uuid, lambda: driver.reservation_rollback(ADMIN, [uuid], PROJECT))
        elif self._call(COMMIT, uuid, lambda: driver.reservation_commit(ADMIN, [uuid], PROJECT)).told == DONE:
            self._cores += delta

    def _walk(self, driver: SQLAlchemyDriver) -> None:
        state = driver.instance_get_by_uuid(ADMIN, WALKED)["task_state"]
        change = {"task_state": str(int(state) + 1), "expected_task_state": state}
        self._call(WALK, int(state) + 1, lambda: driver.instance_update(ADMIN, WALKED, change) and None)


class Load:
    """All services at work, for the length of a `with` block."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.journal = Journal()
        self.services = [Service(url, number) for number in range(SERVICES)]
        self._stop = threading.Event()
        self._workers = [
            Worker(service, self.journal, self._stop) for service in self.services for _ in range(THREADS)
        ]  # fmt: skip

    def __enter__(self) -> Self:
        driver = self.services[0].driver
        driver.engine.clear()
        driver.instance_create(ADMIN, instance_values(uuid=WALKED, project_id=PROJECT, task_state="0"))
        driver.fixed_ip_bulk_create(ADMIN, [fixed_ip_values(network_id=NETWORK) for _ in range(ADDRESSES)])
        for worker in self._workers:
            worker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for worker in self._workers:
            worker.join(PATIENCE)
        for service in self.services:
            service.driver.close()
        if kind is None:
            assert not [worker for worker in self._workers if worker.is_alive()], "a call has not returned"
            self._raise_failure()

    def go_on(self, calls: int) -> None:
        """Wait until each service has had so many more of its calls acknowledged."""
        wanted = [service.acknowledged + calls for service in self.services]
        end = time.monotonic() + PATIENCE
        while any(service.acknowledged < number for service, number in zip(self.services, wanted, strict=True)):
            self._raise_failure()
            assert time.monotonic() < end, f"stuck: {[service.acknowledged for service in self.services]} of {wanted}"
            time.sleep(0.005)

    def _raise_failure(self) -> None:
        for worker in self._workers:
            if worker.failure is not None:
                raise worker.failure
