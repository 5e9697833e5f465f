"""How many statements the primitives send, whatever the number of rows."""

from __future__ import annotations

import re

import pytest

from nova_db.engine import Add, Eq, In, Order, Query
from nova_db_sqlalchemy import SQLEngine
from tests.sqlalchemy.cases import RELATIONS, make_instances
from tests.sqlalchemy.helpers import insert, reading, row, select, statements, writing


def test_a_record_with_relations_is_one_statement_without_a_transaction(engine: SQLEngine) -> None:
    make_instances(engine, 2)
    with statements(engine, control=True) as sent, reading(engine, snapshot=False) as tx:
        assert len(tx.select(Query("instances", Eq("uuid", "uuid-1"), load=RELATIONS))) == 1
    assert len(sent) == 1


@pytest.mark.parametrize("count", [2, 30])
def test_a_list_sees_one_state_whatever_its_length(engine: SQLEngine, count: int) -> None:
    make_instances(engine, count)
    with statements(engine, control=True) as sent, reading(engine, snapshot=False) as tx:
        assert len(tx.select(Query("instances", Eq("host", "h"), load=RELATIONS))) == count
    if engine.server.name == "postgresql":
        assert len(sent) == 3  # in two round trips: what begins the transaction travels with the list
        assert sent[0] == "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        assert sent[2].count(";SELECT") == 6
        assert sent[2].endswith(";COMMIT")
    elif engine.server.name == "mariadb":
        assert len(sent) == 3
        assert re.match("SET TRANSACTION .*SNAPSHOT", sent[0])
        assert sent[2].count(";SELECT") == 6 - 1
        assert sent[2].endswith(";COMMIT")
    elif engine.database.statements.grammar.documents_in_lists:
        assert len(sent) == 1
    else:
        assert len(sent) == 1 + 6 + 2
        assert sent[0] == "BEGIN"
        assert sent[-1] == "COMMIT"


@pytest.mark.parametrize("items", [1, 25])
def test_a_new_instance(engine: SQLEngine, items: int) -> None:
    insert(engine, "security_groups", *({"name": f"g{number}"} for number in range(items)))
    items_of = [row("instance_metadata", instance_uuid="u", key=f"k{n}", value="v") for n in range(items)]
    system = [row("instance_system_metadata", instance_uuid="u", key=f"k{n}", value="v") for n in range(items)]
    links = [
        row("security_group_instance_association", instance_uuid="u", security_group_id=1 + n) for n in range(items)
    ]
    with statements(engine) as sent, writing(engine) as tx:
        tx.insert(
            ("instances", [row("instances", uuid="u")]),
            ("instance_info_caches", [row("instance_info_caches", instance_uuid="u")]),
            ("instance_metadata", items_of),
            ("instance_system_metadata", system),
            ("instance_id_mappings", [row("instance_id_mappings", uuid="u")]),
            ("security_group_instance_association", links),
        )
    assert len(sent) == (6 if engine.server.name == "sqlite" else 1)


def test_an_update_with_the_relations_of_its_row(engine: SQLEngine) -> None:
    make_instances(engine, 2)
    with statements(engine) as sent, writing(engine) as tx:
        (found,) = tx.update_returning(Query("instances", Eq("uuid", "uuid-0"), load=RELATIONS), {"host": "new"})
    assert len(sent) == {"mariadb": 3, "sqlite": 2, "postgresql": 1}[engine.server.name]
    assert [found] == select(engine, "instances", Eq("uuid", "uuid-0"), load=RELATIONS)


def test_changes_by_key(engine: SQLEngine) -> None:
    made = insert(engine, "services", *({"host": f"h{number}"} for number in range(50)))
    with statements(engine) as sent, writing(engine) as tx:
        assert tx.update_each("services", [(each["id"], {"report_count": Add(each["id"])}) for each in made]) == 50
    assert len(sent) == 1
    assert [each["report_count"] for each in select(engine, "services")] == list(range(1, 51))


def test_a_claim(engine: SQLEngine) -> None:
    insert(engine, "services", {"host": "a"})
    with statements(engine) as sent, writing(engine) as tx:
        assert tx.claim("services", Eq("topic", None), {"topic": "taken"}, order=(Order("host"),))
    assert len(sent) == (2 if engine.server.name == "mariadb" else 1)


def test_rows_that_move(engine: SQLEngine) -> None:
    insert(engine, "services", *({"host": f"h{number}"} for number in range(50)))
    with statements(engine) as sent, writing(engine) as tx:
        assert tx.move("services", "shadow_services", In("id", range(40)), limit=30) == 30
    assert len(sent) == {"sqlite": 2, "postgresql": 1, "mariadb": 3}[engine.server.name]


def test_names_are_serialized_at_once(engine: SQLEngine) -> None:
    with statements(engine) as sent, writing(engine) as tx:
        tx.serialize("b", "a", "c")
    assert len(sent) == (0 if engine.server.name == "sqlite" else 1)
