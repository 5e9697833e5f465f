"""The declared tables, against the facts of the deployed schema."""

from __future__ import annotations

from typing import Any

import pytest

from nova_db.schema import NOW, TABLES, Column, Kind, Relation, Table
from nova_db_conformance import decision
from tests.schema import facts

BYTES = {Kind.TEXT: 65_535, Kind.MEDIUMTEXT: 16_777_215}
CHARACTERS = {Kind.IP: 39, Kind.CIDR: 43}

every_table = pytest.mark.parametrize("name", sorted(facts.TABLES))


@decision(12)
def test_the_tables_are_these_48() -> None:
    assert sorted(TABLES) == sorted(facts.TABLES)
    assert len(TABLES) == 48
    assert all(table.name == name for name, table in TABLES.items())


@every_table
def test_columns(name: str) -> None:
    deployed = [column for column in TABLES[name].columns if not column.since]
    assert [(column.name, column_facts(column)) for column in deployed] == list(facts.TABLES[name]["columns"].items())


@every_table
def test_model_and_what_marks_a_live_row(name: str) -> None:
    table, expected = TABLES[name], facts.TABLES[name]
    assert table.model == expected["model"]
    assert (type(table.live_value), table.live_value) == (type(expected["live_value"]), expected["live_value"])
    assert table.archived == expected["shadow"]
    assert (table.shadow is not None) == expected["shadow"]


@every_table
def test_unique_rules(name: str) -> None:
    assert sorted(list(rule.columns) for rule in TABLES[name].uniques) == sorted(facts.TABLES[name]["uniques"])


@every_table
def test_indexes_of_the_deployed_schema_are_there(name: str) -> None:
    # A unique rule over the same columns is an index over them.
    declared = {index.columns for index in TABLES[name].indexes} | {rule.columns for rule in TABLES[name].uniques}
    assert {tuple(columns) for columns in facts.TABLES[name]["indexes"]} <= declared


@every_table
def test_relations(name: str, subtests: pytest.Subtests) -> None:
    expected = facts.TABLES[name]["relations"]
    extra = {relation.name for relation in TABLES[name].relations.values()} - set(expected)
    assert all(TABLES[name].relations[added].hidden for added in extra)
    for relation_name, relation_facts in expected.items():
        with subtests.test(relation_name=relation_name, relation_facts=relation_facts):
            relation = TABLES[name].relations[relation_name]
            assert relation.name == relation_name
            assert relation.table == relation_facts["table"]
            assert relation.many == relation_facts["kind"].endswith("to-many")
            assert relation.hidden == relation_facts["hidden"]
            assert conditions_of(TABLES[name], relation) == facts.join_conditions(relation_facts["join"])


@every_table
def test_computed_values_and_constants(name: str) -> None:
    assert sorted(TABLES[name].computed) == sorted(facts.TABLES[name]["computed"])
    assert {constant.name: constant.value for constant in TABLES[name].constants.values()} == facts.TABLES[name][
        "constants"
    ]


def test_computed_values_that_are_keys_of_records() -> None:
    in_records = {(t.name, value.name) for t in TABLES.values() for value in t.computed.values() if value.in_record}
    assert in_records == {
        ("aggregates", "availability_zone"),
        ("aggregates", "hosts"),
        ("aggregates", "metadetails"),
        ("instances", "name"),
        ("quota_usages", "total"),
    }


def test_models_can_offer_all_their_attributes(subtests: pytest.Subtests) -> None:
    expected = facts.models()
    assert (len(expected), sum(map(len, expected.values()))) == (49, 585)
    tables = {table.model: table for table in TABLES.values()}
    assert set(expected) - set(tables) == {"NovaBase"}  # what the others have in common; nothing of its own
    for model, table in tables.items():
        with subtests.test(model=model, table=table):
            offered = set(attributes(table))
            assert expected[model] <= offered
            # The other ends of relations, which the list of attributes leaves out, are relations too.
            added = {column.name for column in table.columns if column.since}
            assert offered - expected[model] - added <= set(table.relations)


def column_facts(column: Column) -> dict[str, Any]:
    found: dict[str, Any] = {"type": column.kind.value}
    if column.kind is Kind.STRING:
        found["type"] = f"string({column.length})"
    else:
        assert column.length == {**BYTES, **CHARACTERS}.get(column.kind)
    if not column.nullable:
        found["nullable"] = False
    if column.default is not None:
        found["default"] = "utcnow()" if column.default is NOW else column.default
    if column.primary_key:
        found["primary_key"] = True
    if column.autoincrement:
        found["autoincrement"] = True
    if column.references:
        found["foreign_key"] = ".".join(column.references)
    return found


def conditions_of(source: Table, relation: Relation) -> set[frozenset[str]]:
    """A relation as the equations that it stands for."""
    target = TABLES[relation.table]
    local, remote = f"{source.name}.{relation.local}", f"{target.name}.{relation.remote}"
    roles = {"source": source, "target": target}
    if relation.via is None:
        equations = {frozenset({local, remote})}
    else:
        roles["via"] = TABLES[relation.via.table]
        equations = {
            frozenset({local, f"{relation.via.table}.{relation.via.local}"}),
            frozenset({remote, f"{relation.via.table}.{relation.via.remote}"}),
        }
    return equations | {
        frozenset({f"{roles[role].name}.deleted", str(roles[role].live_value)}) for role in relation.live
    }


def attributes(table: Table) -> list[str]:
    visible = [relation.name for relation in table.relations.values() if not relation.hidden]
    return [*table.names, *visible, *table.computed, *table.constants]
