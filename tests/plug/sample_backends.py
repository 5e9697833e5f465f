"""Backends for the plug to load."""

from __future__ import annotations

import threading
from typing import Any

import nova_db
from nova_db.driver import Driver
from nova_db.exceptions import DBConnectionError
from tests.contract.samples import complete_driver

_Complete: Any = complete_driver()


class GoodDriver(_Complete):  # type: ignore[misc]
    """A complete driver, which tells what it was called with."""

    made = 0

    def __init__(self, connection: str = "here", conf: Any = None) -> None:
        type(self).made += 1
        self.connection, self.conf, self.closed = connection, conf, 0

    def instance_get(self, context: Any, instance_id: Any) -> Any:
        return self, context, instance_id

    def instance_destroy(
        self, context: Any, instance_uuid: Any, constraint: Any = None, update_cells: Any = True
    ) -> Any:
        return self, context, instance_uuid, constraint, update_cells

    def transaction(self, context: Any) -> Any:
        return self, "transaction", context

    def run(self, context: Any, function: Any) -> Any:
        return self, function(context)

    def close(self) -> None:
        self.closed += 1


class BlankDriver(Driver):
    """Has nothing of what it should have."""


class MissignedDriver(GoodDriver):
    """Calls an argument by another name."""

    def instance_get(self, context: Any, instance: Any) -> Any:
        return instance


def make_good_driver(*, connection: str, conf: Any) -> GoodDriver:
    return GoodDriver(connection, conf)


get_backend = make_good_driver
not_callable = "text"


class Slow:
    """Loading waits until it is told to go on."""

    begun, go_on = threading.Event(), threading.Event()


def make_missigned(*, connection: str, conf: Any) -> MissignedDriver:
    return MissignedDriver(connection, conf)


def make_slowly(*, connection: str, conf: Any) -> GoodDriver:
    Slow.begun.set()
    Slow.go_on.wait()
    return GoodDriver(connection, conf)


def make_nothing(*, connection: str, conf: Any) -> object:
    return object()


def make_without_driver_library(*, connection: str, conf: Any) -> None:
    raise ModuleNotFoundError("No module named 'psycopg.rows'", name="psycopg.rows")


def refuse_url(*, connection: str, conf: Any) -> None:
    raise ValueError("no such scheme")


def fail_to_connect(*, connection: str, conf: Any) -> None:
    raise DBConnectionError


def fail_with_secrets(*, connection: str, conf: Any) -> None:
    raise RuntimeError(f"cannot use {connection}")


def make_abstract(*, connection: str, conf: Any) -> Any:
    return BlankDriver()  # type: ignore[abstract]


def call_the_api(*, connection: str, conf: Any) -> Any:
    return nova_db.instance_get(None, 1)  # type: ignore[arg-type]
