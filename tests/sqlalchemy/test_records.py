"""A record with its relations in one statement is what one batch for each relation gives."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import pytest

from nova_db.engine import Col, Eq, Query, all_of
from nova_db.engine.relations import attach
from nova_db.schema import TABLES, Kind, Table
from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.sql.documents import fits_document
from tests.sqlalchemy.helpers import insert, reading, row, select, statements, writing

RELATIONS = [(table.name, name) for table in TABLES.values() for name in table.relations]
TEXTS = ("", 'say "hi"', "back\\slash", "null", "[1]", "a\nb\tc", "é \U0001f600 \u2028", "\x01", "\x7f", "</script>")
MOMENTS = (dt.datetime(2024, 1, 1), dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999))


def some_value(kind: Kind, dice: random.Random) -> Any:
    """A value that might suffer on the way."""
    match kind:
        case Kind.INTEGER:
            return dice.choice([0, 1, -1, 2**31 - 1, -(2**31)])
        case Kind.BIGINT:
            return dice.choice([0, 2**53 + 1, 2**63 - 1, -(2**63)])
        case Kind.BOOLEAN:
            return dice.random() < 0.5
        case Kind.FLOAT:
            return dice.choice([0.0, 1.0, 0.1, -1 / 3, 1e-300, 1.7976931348623157e308, 123456789.123456789])
        case Kind.DATETIME:
            return dice.choice(MOMENTS)
        case Kind.IP | Kind.CIDR:
            return "10.0.0.1"
    return dice.choice(TEXTS)


def some_row(table: Table, dice: random.Random, **given: Any) -> dict[str, Any]:
    keys = {table.primary_key, "deleted", *(key.column for key in table.foreign_keys)}
    unique = {column for rule in table.uniques for column in rule.columns}
    values = {
        column.name: some_value(column.kind, dice)
        for column in table.columns
        if column.name not in keys | unique and (not column.nullable or dice.random() < 0.8)
    }
    return row(table.name, **{**values, **given})


def family(engine: SQLEngine, dice: random.Random) -> None:
    """Rows of everything around instances, some of them soft-deleted."""
    instances = [some_row(TABLES["instances"], dice, uuid=f"u{number}") for number in range(4)]
    groups = [some_row(TABLES["security_groups"], dice) for _ in range(3)]
    of_instance = ("instance_metadata", "instance_system_metadata", "block_device_mapping", "fixed_ips")
    with writing(engine) as tx:
        tx.insert(("instances", instances), ("security_groups", groups))
        tx.insert(
            *[
                (name, [some_row(TABLES[name], dice, instance_uuid=f"u{n % 3}") for n in range(9)])
                for name in of_instance
            ],
            (
                "instance_info_caches",
                [some_row(TABLES["instance_info_caches"], dice, instance_uuid=f"u{n}") for n in range(3)],
            ),
            ("security_group_rules", [row("security_group_rules", parent_group_id=1 + n % 3) for n in range(7)]),
            (
                "security_group_instance_association",
                [
                    row("security_group_instance_association", instance_uuid=f"u{u}", security_group_id=g)
                    for u, g in [(0, 3), (0, 1), (0, 1), (0, 2), (1, 2)]
                ],
            ),
            ("volumes", [some_row(TABLES["volumes"], dice, id="v1")]),
            ("cells", [some_row(TABLES["cells"], dice) for _ in range(3)]),
            ("instance_types", [some_row(TABLES["instance_types"], dice) for _ in range(2)]),
        )
        tx.insert(
            ("instance_type_extra_specs", [row("instance_type_extra_specs", instance_type_id=1, key="k", value="v")]),
            ("iscsi_targets", [row("iscsi_targets", volume_id="v1") for _ in range(2)]),
        )
        for table in (*of_instance, "security_group_rules", "security_group_instance_association"):
            tx.update(table, Eq("id", dice.randrange(1, 7)), {"deleted": Col("id")})
        tx.update("security_groups", Eq("id", 2), {"deleted": Col("id")})
        tx.update("instances", Eq("uuid", "u1"), {"deleted": Col("id")})


@pytest.mark.parametrize("seed", range(4))
def test_every_relation_of_every_row(engine: SQLEngine, seed: int) -> None:
    family(engine, random.Random(seed))
    compared, wrong = 0, []
    for table, relation in RELATIONS:
        key = TABLES[table].primary_key
        target = TABLES[table].relations[relation].table
        load = (relation, *(f"{relation}.{name}" for name in TABLES[target].relations))
        for plain in select(engine, table):
            with reading(engine) as tx:
                (whole,) = tx.select(Query(table, Eq(key, plain[key]), load=load))
                attach(tx, table, [plain], load)
            compared += 1
            if whole != plain:
                wrong.append((table, relation, whole, plain))
    assert wrong == []
    assert compared > 100


def test_types_come_back_exactly(engine: SQLEngine) -> None:
    insert(engine, "instances", {"uuid": "u"})
    insert(engine, "block_device_mapping", {"instance_uuid": "u", "device_name": "vda", "no_device": True})
    (record,) = select(engine, "instances", Eq("uuid", "u"), load=("block_device_mapping",))
    (mapping,) = record["block_device_mapping"]
    assert mapping["no_device"] is True
    assert mapping["delete_on_termination"] is False
    assert type(mapping["created_at"]) is dt.datetime
    assert type(mapping["id"]) is int


def test_floats_are_exact_in_related_rows(engine: SQLEngine, subtests: pytest.Subtests) -> None:
    values = (0.1, 1 / 3, 1.0, 123456789.123456789)
    for number, factor in enumerate(values, 1):
        with subtests.test(number=number, factor=factor):
            insert(engine, "instance_types", {"rxtx_factor": factor, "memory_mb": 1, "vcpus": 1, "swap": 0})
            insert(engine, "instance_type_extra_specs", {"instance_type_id": number, "key": "k", "value": "v"})
            (spec,) = select(engine, "instance_type_extra_specs", Eq("id", number), load=("instance_type",))
            assert spec["instance_type"]["rxtx_factor"] == factor
            assert type(spec["instance_type"]["rxtx_factor"]) is float


def test_records_are_private_copies(engine: SQLEngine) -> None:
    insert(engine, "instances", {"uuid": "u"}, {"uuid": "w"})
    insert(engine, "instance_metadata", *({"instance_uuid": u, "key": "k", "value": "v"} for u in "uw"))
    (record,) = select(engine, "instances", Eq("uuid", "u"), load=("metadata",))
    record["metadata"][0]["key"] = "changed"
    (again,) = select(engine, "instances", Eq("uuid", "u"), load=("metadata",))
    assert again["metadata"][0]["key"] == "k"


def test_the_row_as_it_is_after_an_update_decides_what_is_live(engine: SQLEngine) -> None:
    insert(engine, "instances", {"uuid": "u"})
    insert(engine, "security_groups", {"name": "g"})
    insert(engine, "security_group_instance_association", {"instance_uuid": "u", "security_group_id": 1})
    query = Query("instances", Eq("uuid", "u"), load=("security_groups",))
    with writing(engine) as tx:
        (record,) = tx.update_returning(query, {"deleted": Col("id")})
        assert record["security_groups"] == []
        (record,) = tx.update_returning(query, {"deleted": 0})
        assert [group["name"] for group in record["security_groups"]] == ["g"]


def test_an_update_shows_its_own_writes_below_its_relations(engine: SQLEngine) -> None:
    insert(engine, "instances", {"uuid": "u", "host": "old"})
    insert(engine, "security_groups", {"name": "g"})
    insert(engine, "security_group_instance_association", {"instance_uuid": "u", "security_group_id": 1})
    query = Query("instances", Eq("uuid", "u"), load=("security_groups.instances",))
    with writing(engine) as tx:
        (record,) = tx.update_returning(query, {"host": "new"})
    assert [instance["host"] for instance in record["security_groups"][0]["instances"]] == ["new"]


def test_a_condition_on_a_unique_column_among_others_makes_one_statement(
    engine: SQLEngine, subtests: pytest.Subtests
) -> None:
    insert(engine, "instances", {"uuid": "u"})
    for where in (Eq("uuid", "u"), all_of(Eq("host", None), Eq("uuid", "u")), Eq("id", 1)):
        with subtests.test(where=where):
            with statements(engine) as sent:
                assert len(select(engine, "instances", where, load=("metadata", "info_cache"))) == 1
            assert len(sent) == 1


def test_what_does_not_fit_a_document() -> None:
    floats = frozenset({Kind.FLOAT})
    assert not fits_document("instance_type_extra_specs", ("instance_type",), floats)
    assert fits_document("instance_type_extra_specs", ("instance_type",), frozenset())
    assert fits_document("instances", ("security_groups.rules", "metadata"), floats)
