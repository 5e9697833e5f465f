"""What has to hold on a database whatever its settings are: values come back as they were, rules are kept."""

from __future__ import annotations

import contextlib
import datetime as dt
import uuid

import pytest
import sqlalchemy as sa

from nova_db import exceptions
from nova_db.context import get_admin_context
from nova_db_sqlalchemy import SQLAlchemyDriver, migrations
from nova_db_sqlalchemy.models import Cell, Instance
from nova_db_sqlalchemy.session import session_scope

ADMIN = get_admin_context()
TEXT = "back\\slash 'quote' \"double\" % \U0001f600 \u00fc | a||b"
FLOATS = {"weight_offset": 0.1 + 0.2, "weight_scale": 1.0000000000000002e-7 / 3}
POSTGRESQL_SETTINGS = {
    "array_nulls": "off",
    "backslash_quote": "off",
    "bytea_output": "escape",
    "client_encoding": "LATIN1",
    "client_min_messages": "error",
    "DateStyle": "SQL, DMY",
    "default_transaction_deferrable": "on",
    "default_transaction_isolation": "serializable",
    "default_transaction_read_only": "on",
    "exit_on_error": "on",
    "extra_float_digits": "0",
    "IntervalStyle": "iso_8601",
    "jit": "on",
    "lock_timeout": "1ms",
    "quote_all_identifiers": "on",
    "row_security": "off",
    "standard_conforming_strings": "off",
    "TimeZone": "Asia/Kathmandu",
    "transform_null_equals": "on",
}
"""Settings of a PostgreSQL that would change what values and statements mean."""
MOMENT = dt.datetime(2026, 2, 3, 4, 5, 6, 123457)


def assert_exact(url: str) -> None:
    """Write and read through the API and through ORM sessions, the one what the other has written."""
    with contextlib.closing(SQLAlchemyDriver(url)) as driver:
        _write(driver)
        _read(driver)
        _break_rules(driver)
    with session_scope(url) as session:  # one story
        (cell,) = session.scalars(sa.select(Cell).where(Cell.name == TEXT))
        assert {name: getattr(cell, name) for name in FLOATS} == FLOATS
        (instance,) = session.scalars(sa.select(Instance).where(Instance.launched_at == MOMENT))
        assert (instance.display_name, [pair.value for pair in instance.metadata]) == (TEXT, [TEXT])
    with session_scope(url, write=True) as session:
        session.add(Cell(name="orm", rpc_host=TEXT, deleted=0, created_at=MOMENT, **FLOATS))
    with contextlib.closing(SQLAlchemyDriver(url)) as driver:
        record = driver.cell_get(ADMIN, "orm")
        assert (record["rpc_host"], record["created_at"]) == (TEXT, MOMENT)
        assert {name: record[name] for name in FLOATS} == FLOATS
        driver.engine.clear()


def assert_described(url: str) -> None:
    """What the server says of its tables is understood."""
    assert migrations.check(url) == []


def _write(driver: SQLAlchemyDriver) -> None:
    assert driver.cell_create(ADMIN, {"name": TEXT, **FLOATS})["weight_offset"] == FLOATS["weight_offset"]
    values = {"display_name": TEXT, "launched_at": MOMENT, "host": "h", "metadata": {TEXT: TEXT}}
    for _ in range(2):
        driver.instance_create(ADMIN, values)
        values = {**values, "launched_at": MOMENT + dt.timedelta(microseconds=1), "display_name": "second"}
    with driver.transaction(ADMIN):
        driver.service_create(ADMIN, {"host": TEXT, "binary": "b", "topic": "t", "report_count": 0})


def _read(driver: SQLAlchemyDriver) -> None:
    cell = driver.cell_get(ADMIN, TEXT)
    assert {name: cell[name] for name in FLOATS} == FLOATS
    assert [service["host"] for service in driver.service_get_all(ADMIN)] == [TEXT]
    found = driver.instance_get_all_by_filters(ADMIN, {"display_name": "back\\\\slash.*"}, sort_key="launched_at")
    assert [instance["launched_at"] for instance in found] == [MOMENT]
    assert [(pair["key"], pair["value"]) for pair in found[0]["metadata"]] == [(TEXT, TEXT)]
    everything = driver.instance_get_all_by_filters(ADMIN, {}, sort_key="launched_at", sort_dir="asc")
    assert [instance["launched_at"].microsecond for instance in everything] == [123457, 123458]
    assert driver.instance_get_all_by_filters(ADMIN, {"changes-since": dt.datetime(2999, 1, 1)}) == []


def _break_rules(driver: SQLAlchemyDriver) -> None:
    with pytest.raises(exceptions.VirtualInterfaceCreateException) as refused:
        driver.virtual_interface_create(ADMIN, {"instance_uuid": str(uuid.uuid4()), "address": "a"})
    cause = refused.value.__cause__
    assert isinstance(cause, exceptions.DBReferenceError)
    assert (cause.table, cause.columns) == ("virtual_interfaces", ["instance_uuid"])
    driver.virtual_interface_create(ADMIN, {"address": "a"})
    with pytest.raises(exceptions.VirtualInterfaceCreateException) as refused:
        driver.virtual_interface_create(ADMIN, {"address": "a"})
    cause = refused.value.__cause__
    assert isinstance(cause, exceptions.DBDuplicateEntry)
    assert (cause.columns, cause.value) == (["address"], "a")


def call(url: str) -> None:
    """A call of the API."""
    with contextlib.closing(SQLAlchemyDriver(url)) as driver:
        driver.service_get_all(ADMIN)


def report(url: str) -> None:
    """A statement of an ORM session."""
    with session_scope(url) as session:
        session.execute(sa.text("SELECT 1"))
