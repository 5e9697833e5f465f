"""Values: what the models compute, and what they store."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from oslo_config import cfg
from oslo_utils import timeutils
from sqlalchemy import orm

from nova_db import conf
from nova_db.exceptions import DBDataError
from nova_db_sqlalchemy import models
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA
from tests.models.rows import insert

NOON = datetime(2013, 5, 9, 12, 0, 0, 123456)
LATER = NOON + timedelta(seconds=1)


@pytest.fixture(autouse=True)
def options() -> Iterator[cfg.ConfigOpts]:
    """The options, with their defaults to begin with."""
    conf.set_conf(cfg.ConfigOpts())
    yield conf.get_conf()
    conf.set_conf(None)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    """The clock stands at noon."""
    with warnings.catch_warnings():
        # Deprecated there, and used by the tests of many projects.
        warnings.simplefilter("ignore", DeprecationWarning)
        timeutils.set_time_override(NOON)
        yield
        timeutils.clear_time_override()


def test_the_name_of_an_instance(session: orm.Session, options: cfg.ConfigOpts, subtests: pytest.Subtests) -> None:
    assert models.Instance().name is None
    insert(session, "instances", id=10, uuid="some-uuid")
    instance = session.scalars(sa.select(models.Instance)).one()
    assert instance.name == "instance-0000000a"
    for template, name in [
        ("vm-%d", "vm-10"),
        ("vm-%(uuid)s", "vm-some-uuid"),
        ("vm-%(nothing)s", "some-uuid"),
        ("%(vcpus)d", "some-uuid"),
    ]:
        with subtests.test(template=template, name=name):
            options.set_override("instance_name_template", template)
            assert instance.name == name


def test_the_names_of_volumes_and_snapshots(options: cfg.ConfigOpts) -> None:
    assert models.Volume(id="v").name == "volume-v"
    snapshot = models.Snapshot(id="s", volume_id="v")
    assert (snapshot.name, snapshot.volume_name) == ("snapshot-s", "volume-v")
    options.set_override("snapshot_name_template", "snap-%s")
    options.set_override("volume_name_template", "vol-%s")
    assert (snapshot.name, snapshot.volume_name) == ("snap-s", "vol-v")


def test_aggregates(session: orm.Session) -> None:
    number = insert(session, "aggregates", name="rack")["id"]
    for host, deleted in [("h2", 0), ("h1", 0), ("gone", 9)]:
        insert(session, "aggregate_hosts", aggregate_id=number, host=host, deleted=deleted)
    aggregate = session.scalars(sa.select(models.Aggregate)).one()
    assert (aggregate.hosts, aggregate.metadetails, aggregate.availability_zone) == (["h2", "h1"], {}, None)
    for key, value, deleted in [("availability_zone", "z", 0), ("ssd", "true", 0), ("old", "x", 9)]:
        insert(session, "aggregate_metadata", aggregate_id=number, key=key, value=value, deleted=deleted)
    session.expire_all()
    assert aggregate.metadetails == {"availability_zone": "z", "ssd": "true"}
    assert aggregate.availability_zone == "z"
    assert {"hosts", "metadetails", "availability_zone"} <= aggregate.to_dict().keys()


def test_the_total_of_a_usage_on_an_object_and_in_a_query(session: orm.Session) -> None:
    insert(session, "quota_usages", in_use=3, reserved=2)
    insert(session, "quota_usages", in_use=1, reserved=0)
    assert [usage.total for usage in session.scalars(sa.select(models.QuotaUsage).order_by(models.QuotaUsage.id))] == [
        5,
        1,
    ]
    assert session.scalars(sa.select(models.QuotaUsage.in_use).where(models.QuotaUsage.total > 4)).all() == [3]


def test_a_dict_has_the_columns_and_the_computed_values_of_a_record(session: orm.Session) -> None:
    row = insert(session, "instances", id=1, uuid="u", launched_at=NOON)
    record = session.scalars(sa.select(models.Instance)).one().to_dict()
    assert [*SQL_METADATA.tables["instances"].c.keys(), "name"] == list(record)
    assert record | row | {"name": "instance-00000001"} == record
    assert record["launched_at"] == NOON


def test_new_rows_get_defaults(session: orm.Session) -> None:
    session.add(models.FixedIp(address="10.0.0.1"))
    session.add(models.Volume(id="v"))
    session.commit()
    row = session.execute(sa.select(SQL_METADATA.tables["fixed_ips"])).one()
    assert (row.created_at, row.updated_at, row.deleted_at, row.deleted) == (NOON, None, None, 0)
    assert (row.allocated, row.leased, row.reserved) == (False, False, False)
    assert session.scalar(sa.select(SQL_METADATA.tables["volumes"].c.deleted)) == ""


def test_values_are_stored_in_normal_form(session: orm.Session) -> None:
    instance = models.Instance(access_ip_v6="2001:0DB8::0001", memory_mb="512", created_at=LATER)
    session.add(instance)
    session.flush()
    assert (instance.access_ip_v6, instance.memory_mb, instance.created_at) == ("2001:db8::1", 512, LATER)
    instance.access_ip_v6 = "2001:0DB8::0002"
    session.commit()
    assert session.scalar(sa.select(SQL_METADATA.tables["instances"].c.access_ip_v6)) == "2001:db8::2"


@pytest.mark.parametrize("values", [{"host": "h" * 256}, {"memory_mb": 2**31}, {"locked": "maybe"}], ids="".join)
def test_values_that_do_not_fit(session: orm.Session, values: dict[str, object]) -> None:
    session.add(models.Instance(**values))
    with pytest.raises(DBDataError) as caught:
        session.flush()
    assert (caught.value.table, caught.value.columns) == ("instances", list(values))


def test_a_null_where_none_may_be(session: orm.Session) -> None:
    session.add(models.KeyPair(name="k"))
    session.flush()
    session.add(models.AggregateHost(host="h"))
    with pytest.raises(DBDataError) as caught:
        session.flush()
    assert (caught.value.table, caught.value.columns) == ("aggregate_hosts", ["aggregate_id"])


def test_changes_set_the_time_of_the_update(session: orm.Session) -> None:
    instance = models.Instance(host="h")
    session.add(instance)
    session.commit()
    timeutils.set_time_override(LATER)
    instance.host = "h"
    session.commit()
    assert instance.updated_at is None
    instance.host = "i"
    session.commit()
    assert instance.updated_at == LATER
    instance.host = "j"
    instance.updated_at = None
    session.commit()
    assert instance.updated_at is None
