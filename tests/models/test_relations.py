"""Relations: each shows the rows that it should, live or not, however it is loaded."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import orm

from nova_db.schema import TABLES, Relation, Table
from nova_db_sqlalchemy import models
from nova_db_sqlalchemy.models.mapping import holds_key
from tests.models.rows import insert, load, soft_delete

RELATIONS = [(table, relation) for table in TABLES.values() for relation in table.relations.values()]
ROLES = [
    (table, relation, role)
    for table, relation in RELATIONS
    for role in ("source", "target", *(["via"] if relation.via is not None else []))
]
each_relation = pytest.mark.parametrize(
    "table, relation", RELATIONS, ids=[f"{table.model}.{relation.name}" for table, relation in RELATIONS]
)


def _related(session: orm.Session, table: Table, relation: Relation) -> tuple[Any, Any]:
    """The keys of a row and of the one that is related to it, after storing both and one that is not related."""
    target = TABLES[relation.table]
    if relation.via is not None:
        row, other = insert(session, table.name), insert(session, target.name)
        links = {relation.via.local: row[relation.local], relation.via.remote: other[relation.remote]}
        insert(session, relation.via.table, **links)
        insert(session, relation.via.table, **links)
    elif holds_key(table, relation):
        other = insert(session, target.name)
        row = insert(session, table.name, **{relation.local: other[relation.remote]})
    else:
        row = insert(session, table.name)
        other = insert(session, target.name, **{relation.remote: row[relation.local]})
    insert(session, target.name)
    return row[table.primary_key], other[target.primary_key]


def _shown(session: orm.Session, table: Table, relation: Relation, key: Any, how: str = "lazy") -> list[Any]:
    session.expunge_all()
    value = getattr(load(session, getattr(models, table.model), key, relation.name, how=how), relation.name)
    found = value if relation.many else [value] if value is not None else []
    return [getattr(target, TABLES[relation.table].primary_key) for target in found]


@each_relation
@pytest.mark.parametrize("how", ["lazy", "joined", "selectin"])
def test_it_shows_related_rows_once(session: orm.Session, table: Table, relation: Relation, how: str) -> None:
    key, other = _related(session, table, relation)
    assert _shown(session, table, relation, key, how) == [other]


@pytest.mark.parametrize(
    "table, relation, role", ROLES, ids=[f"{table.model}.{relation.name}-{role}" for table, relation, role in ROLES]
)
def test_it_shows_deleted_rows_only_where_its_rule_allows(
    session: orm.Session,
    table: Table,
    relation: Relation,
    role: str,
    subtests: pytest.Subtests,
) -> None:
    key, other = _related(session, table, relation)
    roles = {"source": table.name, "target": relation.table, "via": relation.via.table if relation.via else ""}
    soft_delete(session, roles[role])
    expected = [] if role in relation.live else [other]
    for how in ("lazy", "joined", "selectin"):
        with subtests.test(how=how):
            assert _shown(session, table, relation, key, how) == expected


def test_lists_are_in_order_of_their_ids(session: orm.Session) -> None:
    insert(session, "instances", uuid="u")
    for number in (3, 1, 2):
        insert(session, "instance_metadata", id=number, instance_uuid="u", key=str(number))
    instance = session.scalars(sa.select(models.Instance)).one()
    assert [item.id for item in instance.metadata] == [1, 2, 3]


def test_queries_join_along_relations(session: orm.Session) -> None:
    insert(session, "instances", uuid="u")
    insert(session, "instances", uuid="v")
    insert(session, "instance_metadata", instance_uuid="u", key="role", value="db")
    insert(session, "instance_metadata", instance_uuid="v", key="role", value="db", deleted=7)
    query = sa.select(models.Instance.uuid).join(models.Instance.metadata).where(models.InstanceMetadata.value == "db")
    assert session.scalars(query).all() == ["u"]


def test_the_side_with_the_key_can_be_set(session: orm.Session) -> None:
    instance = models.Instance(uuid="u")
    item = models.InstanceMetadata(key="k", value="v", instance=instance)
    session.add(item)
    session.commit()
    assert item.instance_uuid == "u"
    assert instance.metadata == [item]


@pytest.mark.parametrize(
    "change",
    [
        lambda instance: setattr(instance, "metadata", []),
        lambda instance: instance.metadata.append(models.InstanceMetadata()),
        lambda instance: instance.metadata.clear(),
        lambda instance: setattr(instance, "info_cache", None),
        lambda instance: instance.security_groups.pop(),
    ],
    ids=["set", "append", "clear", "set one", "pop"],
)
def test_the_other_side_refuses_changes(session: orm.Session, change: Any) -> None:
    group = insert(session, "security_groups")["id"]
    insert(session, "instances", uuid="u")
    insert(session, "instance_metadata", instance_uuid="u", key="k")
    insert(session, "instance_info_caches", instance_uuid="u")
    insert(session, "security_group_instance_association", instance_uuid="u", security_group_id=group)
    instance = session.scalars(sa.select(models.Instance)).one()
    with pytest.raises(TypeError, match=r"Instance\.\w+ shows rows of another table and cannot be changed"):
        change(instance)


def test_merging_leaves_the_other_side_alone(session: orm.Session) -> None:
    number = insert(session, "instances", uuid="u")["id"]
    insert(session, "instance_metadata", instance_uuid="u", key="k")
    merged = session.merge(models.Instance(id=number, host="h"))
    session.commit()
    assert (merged.host, merged.uuid, [item.key for item in merged.metadata]) == ("h", "u", ["k"])
