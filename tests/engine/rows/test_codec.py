"""Rows as JSON come back as they were."""

from __future__ import annotations

import datetime as dt
import json

from nova_db.engine.rows import json_codec, layout
from nova_db.schema import TABLES

MOMENT = dt.datetime(2030, 1, 2, 3, 4, 5, 678)


def test_a_row_comes_back_as_it_was() -> None:
    codec = json_codec(layout("instances"))
    values = {"display_name": 'é\U0001f600"', "launched_at": MOMENT, "vcpus": 2**31 - 1, "locked": True}
    row = TABLES["instances"].insert_values({"id": 1, "uuid": "u", **values})
    [found] = codec.decode([codec.encode(row)])
    assert found == row
    assert {type(found[name]) for name in row} == {type(value) for value in row.values()}


def test_floats_are_exact() -> None:
    codec = json_codec(layout("instance_types"))
    row = TABLES["instance_types"].insert_values(
        {"id": 1, "name": "n", "memory_mb": 1, "vcpus": 1, "rxtx_factor": 0.1 + 0.2}
    )
    assert [*codec.decode([codec.encode(row), codec.encode(row)])] == [row, row]


def test_columns_that_a_row_was_written_without_are_null() -> None:
    codec = json_codec(layout("shadow_instances"))
    [found] = codec.decode([json.dumps({"id": 1, "created_at": MOMENT.isoformat()}).encode()])
    assert found["created_at"] == MOMENT
    assert set(found) == set(TABLES["instances"].names)
    assert {name for name, value in found.items() if value is not None} == {"created_at", "id"}
