"""What holds for every table, and what follows from the declarations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import pytest

from nova_db.schema import PARENTS_FIRST, TABLES, Column, Index, Kind, Table, Unique, declare
from nova_db_conformance import decision

MYSQL_KEY_BYTES = 3072
BYTES_OF_A_CHARACTER = 4
POSTGRESQL_ENTRY_BYTES = 2704
POSTGRESQL_HEADER = 16
"""Bytes of an entry beside its columns, with the map of nulls."""
POSTGRESQL_LENGTH = 8
"""Bytes that a text takes beside its own, filled up to where the next column may begin."""

every_table = pytest.mark.parametrize("name", sorted(TABLES))


@every_table
def test_base_columns_come_last(name: str) -> None:
    assert TABLES[name].names[-4:] == ("created_at", "updated_at", "deleted_at", "deleted")
    assert TABLES[name].column["deleted"].nullable


@every_table
def test_one_primary_key_that_is_generated_where_it_is_a_number(name: str) -> None:
    keys = [column for column in TABLES[name].columns if column.primary_key]
    assert [column.name for column in keys] == [TABLES[name].primary_key]
    assert not keys[0].nullable
    assert TABLES[name].autoincrement == keys[0].autoincrement == (keys[0].kind is Kind.INTEGER)


@every_table
def test_derived_names_agree_with_the_columns(name: str) -> None:
    columns = TABLES[name].columns
    assert TABLES[name].names == tuple(column.name for column in columns) == tuple(TABLES[name].column)
    assert all(TABLES[name].column[column.name] is column for column in columns)


@every_table
def test_rules_and_indexes_name_columns_of_the_table(name: str, subtests: pytest.Subtests) -> None:
    for rule in rules(TABLES[name]):
        with subtests.test(rule=rule):
            assert rule.columns
            assert set(rule.columns) <= set(TABLES[name].names)
            assert len(set(rule.columns)) == len(rule.columns)


@every_table
def test_no_two_indexes_over_the_same_columns(name: str) -> None:
    indexed = [rule.columns for rule in rules(TABLES[name])]
    assert len(set(indexed)) == len(indexed)


@every_table
@decision(20)
def test_every_foreign_key_column_leads_an_index(name: str) -> None:
    leading = {rule.columns[0] for rule in rules(TABLES[name])}
    assert {key.column for key in TABLES[name].foreign_keys} <= leading


@every_table
def test_every_relation_can_be_followed_by_an_index(name: str, subtests: pytest.Subtests) -> None:
    for relation in TABLES[name].relations.values():
        with subtests.test(relation=relation):
            if relation.via is None:
                assert leads_an_index(TABLES[relation.table], relation.remote)
            else:
                assert leads_an_index(TABLES[relation.via.table], relation.via.local)
                assert leads_an_index(TABLES[relation.table], relation.remote)


@decision(6)
def test_there_are_19_foreign_keys_each_to_a_key_of_the_other_table(subtests: pytest.Subtests) -> None:
    keys = [(table, key) for table in TABLES.values() for key in table.foreign_keys]
    assert len(keys) == 19
    for table, key in keys:
        with subtests.test(table=table, key=key):
            parent = TABLES[key.table]
            assert key.remote == parent.primary_key or (key.remote,) in {rule.columns for rule in parent.uniques}
            assert (table.column[key.column].kind, table.column[key.column].length) == (
                parent.column[key.remote].kind,
                parent.column[key.remote].length,
            )
            assert table.column[key.column].references == (key.table, key.remote)


def test_relations_join_columns_of_one_kind(subtests: pytest.Subtests) -> None:
    for source in TABLES.values():
        for relation in source.relations.values():
            with subtests.test(source=source, relation=relation):
                joined = [source.column[relation.local], TABLES[relation.table].column[relation.remote]]
                if relation.via is not None:
                    via = TABLES[relation.via.table]
                    assert kind(via.column[relation.via.local]) == kind(joined[0])
                    assert kind(via.column[relation.via.remote]) == kind(joined[1])
                else:
                    assert kind(joined[0]) == kind(joined[1])


def test_children_come_before_their_parents(subtests: pytest.Subtests) -> None:
    places = {name: place for place, name in enumerate(TABLES)}
    for child in TABLES.values():
        for key in child.foreign_keys:
            with subtests.test(child=child, key=key):
                assert places[child.name] < places[key.table]
    assert [parent.name for parent in PARENTS_FIRST] == list(reversed(list(TABLES)))


def test_names_are_unique_in_the_whole_database() -> None:
    counts = Counter(names_in_the_database())
    assert [name for name, count in counts.items() if count > 1] == []
    assert [name for name in counts if len(name) > 63] == []


def test_unique_rules_have_the_names_they_have_always_had() -> None:
    assert {rule.name for table in TABLES.values() for rule in table.uniques} == {
        "instance_info_caches_instance_uuid_key",
        "instances_uuid_key",
        "uniq_task_name_x_host_x_period_beginning_x_period_ending",
        "uniq_vlan_x_deleted",
        "virtual_interfaces_address_key",
    }


@every_table
def test_index_entries_fit_a_key_of_mysql(name: str, subtests: pytest.Subtests) -> None:
    for table, rule in keys(name):
        with subtests.test(table=table, rule=rule):
            assert key_bytes(table, rule) <= MYSQL_KEY_BYTES


@every_table
@decision(6)
def test_index_entries_fit_a_page_of_postgresql_and_none_is_narrow_without_need(
    name: str, subtests: pytest.Subtests
) -> None:
    for table, rule in keys(name):
        with subtests.test(table=table, rule=rule):
            narrow = rule.narrow if isinstance(rule, Index) else ()
            assert entry_bytes(table, narrow or rule.columns) <= POSTGRESQL_ENTRY_BYTES
            assert set(narrow) <= set(rule.columns)
            assert narrow[:1] in ((), rule.columns[:1])
            assert bool(narrow) == (entry_bytes(table, rule.columns) > POSTGRESQL_ENTRY_BYTES)


@pytest.mark.parametrize("name", sorted(name for name, table in TABLES.items() if table.archived))
@decision(12)
def test_a_shadow_table_has_the_same_columns_and_no_rule(name: str) -> None:
    original, shadow = TABLES[name], TABLES[name].shadow
    assert shadow is not None
    assert shadow is original.shadow
    assert shadow.name == f"shadow_{name}"
    assert shadow.primary_key == original.primary_key
    assert not shadow.autoincrement
    assert (shadow.foreign_keys, shadow.uniques, shadow.indexes) == ((), (), original.shadow_indexes)
    assert not shadow.relations
    assert shadow.shadow is None
    expected = [column._replace(autoincrement=False, references=None) for column in original.columns]
    assert list(shadow.columns) == expected


def test_there_is_no_shadow_of_default_security_group_rules() -> None:
    assert [name for name, table in TABLES.items() if not table.archived] == ["security_group_default_rules"]


@pytest.mark.parametrize(
    "name, columns",
    [
        ("agent_builds", "hypervisor os architecture"),
        ("aggregate_hosts", "host"),
        ("aggregate_metadata", "key"),
        ("aggregates", "name"),
        ("bw_usage_cache", "uuid start_period"),
        ("cells", "name"),
        ("compute_nodes", "service_id"),
        ("console_pools", "host console_type compute_host"),
        ("fixed_ips", "address"),
        ("fixed_ips", "network_id instance_uuid"),
        ("fixed_ips", "virtual_interface_id"),
        ("floating_ips", "address"),
        ("instance_types", "flavorid"),
        ("instance_types", "name"),
        ("instances", "deleted created_at"),
        ("instances", "updated_at"),
        ("key_pairs", "user_id name"),
        ("migrations", "dest_compute status"),
        ("migrations", "instance_uuid status"),
        ("networks", "cidr"),
        ("quota_classes", "class_name"),
        ("quotas", "project_id resource"),
        ("reservations", "deleted expire"),
        ("reservations", "uuid"),
        ("s3_images", "uuid"),
        ("security_groups", "project_id deleted"),
        ("services", "host"),
        ("services", "topic"),
        ("snapshot_id_mappings", "uuid"),
        ("virtual_interfaces", "uuid"),
        ("volume_id_mappings", "uuid"),
        ("volume_usage_cache", "volume_id"),
    ],
)
@decision(20)
def test_what_the_api_looks_rows_up_by_is_indexed(name: str, columns: str) -> None:
    assert tuple(columns.split()) in {rule.columns for rule in TABLES[name].indexes}


def test_declaring_a_table_names_its_rules() -> None:
    things = declare.table(
        "things",
        "Thing",
        "Declared for this test.",
        declare.serial("id"),
        declare.string("host"),
        declare.integer("parent_id", references="things.id"),
        declare.unique("host"),
        declare.index("host", "deleted", host=20),
        declare.index("parent_id", name="by_parent"),
    )
    assert [rule.name for rule in things.uniques] == ["things_host_key"]
    assert [(rule.name, dict(rule.prefixes)) for rule in things.indexes] == [
        ("things_host_deleted_idx", {"host": 20}),
        ("by_parent", {}),
    ]
    assert [key.name for key in things.foreign_keys] == ["things_parent_id_fkey"]
    assert repr(things) == "<Table things>"


def test_a_derived_name_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="64 characters"):
        declare.table("t" * 55, "Long", "Declared for this test.", declare.serial("id"), declare.index("host"))


def rules(table: Table) -> list[Index | Unique]:
    return [*table.indexes, *table.uniques]


def keys(name: str) -> Iterator[tuple[Table, Index | Unique]]:
    """All that servers keep entries of: of a table and its shadow, the primary key too."""
    for table in filter(None, (TABLES[name], TABLES[name].shadow)):
        for rule in (Unique("primary key", (table.primary_key,)), *rules(table)):
            yield table, rule


def leads_an_index(searched: Table, column: str) -> bool:
    return column == searched.primary_key or column in {rule.columns[0] for rule in rules(searched)}


def kind(column: Column) -> tuple[Kind, int | None]:
    return column.kind, column.length


def names_in_the_database() -> Iterator[str]:
    for declared in TABLES.values():
        for relation in filter(None, (declared, declared.shadow)):
            yield from (relation.name, f"{relation.name}_pkey")
            if relation.autoincrement:
                yield f"{relation.name}_{relation.primary_key}_seq"
            yield from (rule.name for rule in rules(relation))
            yield from (key.name for key in relation.foreign_keys)


def key_bytes(indexed: Table, rule: Index | Unique) -> int:
    prefixes = rule.prefixes if isinstance(rule, Index) else {}
    return sum(column_bytes(indexed.column[name], prefixes.get(name)) for name in rule.columns)


def entry_bytes(indexed: Table, columns: Iterable[str]) -> int:
    """How large an entry of PostgreSQL may be."""
    lengths = [indexed.column[name].length for name in columns]
    return POSTGRESQL_HEADER + sum(
        8 if length is None else POSTGRESQL_LENGTH + BYTES_OF_A_CHARACTER * length for length in lengths
    )


def column_bytes(column: Column, prefix: int | None) -> int:
    if column.kind in (Kind.TEXT, Kind.MEDIUMTEXT):
        return MYSQL_KEY_BYTES + 1
    return 8 if column.length is None else BYTES_OF_A_CHARACTER * (prefix or column.length)
