"""Whose each row is: every column that may name a row of another table is decided."""

from __future__ import annotations

import re
from typing import Final

import pytest

from nova_db.schema import TABLES, Kind, Table
from nova_db.upkeep.families import DEPENDENTS, LOOSE
from nova_db_conformance import decision

NAMING: Final = re.compile(r"^(uuid|mac|host|node)$|_(id|uuid|host|node|compute|on|name|ref)$|^key_")
NAMING_NOTHING: Final = {
    # people and what is kept elsewhere
    *(f"*.{column}" for column in ("user_id", "project_id", "image_ref", "kernel_id", "ramdisk_id", "request_id")),
    # names of the row itself
    *(f"{table}.uuid" for table in ("instances", "networks", "virtual_interfaces", "reservations", "s3_images")),
    "services.host",
    "certificates.file_name",
    "instances.display_name",
    "snapshots.display_name",
    "volumes.display_name",
    "quota_classes.class_name",
    "task_log.task_name",
    # of something that has no table
    "block_device_mapping.device_name",
    "block_device_mapping.virtual_name",
    "consoles.instance_name",
    "instances.key_data",
    "instances.reservation_id",
    "instances.root_device_name",
    "cells.rpc_host",
    "cells.rpc_virtual_host",
    "migrations.dest_host",
    "networks.multi_host",
    "volumes.ec2_id",
    "volumes.volume_type_id",
}
"""Columns that look as if they named a row of another table, and do not."""

every_table = pytest.mark.parametrize("name", sorted(TABLES))


@every_table
@decision(36)
def test_every_column_that_may_name_a_row_is_decided(name: str) -> None:
    decided = {each.column for each in TABLES[name].owners} | {each.column for each in TABLES[name].mentions}
    looking = {column for column in TABLES[name].names if NAMING.search(column)} - {"deleted"}
    nothing = {column for column in TABLES[name].names if {f"*.{column}", f"{name}.{column}"} & NAMING_NOTHING}
    assert looking - nothing <= decided
    assert not nothing & decided


@every_table
def test_foreign_keys_belong_or_hold(name: str) -> None:
    table = TABLES[name]
    enforced = {(each.column, each.table, each.remote) for each in table.owners if each.enforced}
    held = {(each.column, each.table, each.remote) for each in table.mentions if each.holds}
    assert enforced | held == {(key.column, key.table, key.remote) for key in table.foreign_keys}
    assert not enforced & held


@every_table
def test_what_belongs_can_be_soft_deleted(name: str) -> None:
    # The id of a mapping may be 0, and it is moved as it is.
    assert TABLES[name].soft_deleted or not TABLES[name].owners or name.endswith("_id_mappings")


@every_table
def test_what_is_named_is_there_and_of_the_same_kind(name: str, subtests: pytest.Subtests) -> None:
    table = TABLES[name]
    for each in table.owners:
        with subtests.test(each=each):
            assert kind(table, each.column) == kind(TABLES[each.table], each.remote)
            others = {other.column for other in table.owners} | {other.column for other in table.mentions}
            assert each.unless in {"", *others}
    for mention in table.mentions:
        with subtests.test(mention=mention):
            assert mention.remote in TABLES[mention.table].names
            assert mention.why


@every_table
@decision(20)
def test_archiving_looks_up_by_indexes(name: str, subtests: pytest.Subtests) -> None:
    for each in DEPENDENTS[name]:
        with subtests.test(each=each):
            table = TABLES[each.table]
            leading = {index.columns[0] for index in table.indexes} | {rule.columns[0] for rule in table.uniques}
            assert each.column in leading
            if each in LOOSE:
                shadow = TABLES[name].shadow
                assert shadow is not None
                assert each.remote in {shadow.primary_key, *(index.columns[0] for index in shadow.indexes)}
                assert table.column[table.primary_key].kind is Kind.INTEGER  # it is walked in windows


def test_nothing_belongs_to_itself_by_a_way_round() -> None:
    def depth(name: str, path: tuple[str, ...] = ()) -> int:
        assert name not in path
        return 1 + max((depth(each.table, (*path, name)) for each in DEPENDENTS[name]), default=0)

    # A transaction takes a row, its dependents and theirs.
    assert max(depth(name) for name in TABLES) == 3


def kind(table: Table, column: str) -> tuple[Kind, int | None]:
    return table.column[column].kind, table.column[column].length
