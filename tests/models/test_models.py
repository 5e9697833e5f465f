"""The classes: which there are, what they offer, and what type checkers are told of them."""

from __future__ import annotations

import pickle

import pytest
import sqlalchemy as sa

from nova_db.exceptions import UnknownColumn
from nova_db.schema import TABLES, Table
from nova_db_conformance import decision
from nova_db_sqlalchemy import models
from nova_db_sqlalchemy.models import stub
from nova_db_sqlalchemy.tables.metadata import SQL_METADATA
from tests.schema.facts import models as expected_models

EXPECTED = expected_models()


@decision(12)
def test_there_are_49_classes() -> None:
    found = {name for name, value in vars(models).items() if isinstance(value, type)}
    assert found == set(EXPECTED)
    assert len(found) == 49


@decision(12)
def test_they_offer_585_attributes() -> None:
    missing = {
        name: [attribute for attribute in attributes if not hasattr(getattr(models, name), attribute)]
        for name, attributes in EXPECTED.items()
    }
    assert not any(missing.values())
    assert sum(len(attributes) for attributes in EXPECTED.values()) == 585


@pytest.mark.parametrize("table", TABLES.values(), ids=str)
def test_a_class_maps_its_table_and_all_its_relations(table: Table) -> None:
    mapper = sa.inspect(getattr(models, table.model))
    assert mapper.local_table is SQL_METADATA.tables[table.name]
    assert [attribute.key for attribute in mapper.column_attrs] == list(table.names)
    assert set(mapper.relationships.keys()) == set(table.relations)
    assert all(hasattr(mapper.class_, name) for name in (*table.computed, *table.constants))


def test_classes_say_what_they_map() -> None:
    assert models.Instance.__doc__ == "A virtual machine.  Mapped to the table ``instances``."
    assert models.Instance.__module__ == "nova_db_sqlalchemy.models"
    assert issubclass(models.Instance, models.NovaBase)


def test_class_attributes(subtests: pytest.Subtests) -> None:
    first, second = models.Instance(), models.Instance()
    assert models.Instance.injected_files == []
    first.injected_files = [("/etc/motd", "hello")]
    assert second.injected_files == []
    for model in (models.InstanceSystemMetadata, models.ComputeNodeStat):
        with subtests.test(model=model):
            assert "deleted == 0" in model.primary_join


def test_a_name_that_is_none() -> None:
    with pytest.raises(UnknownColumn, match=r"instances has no column 'hots'; did you mean 'host'\?"):
        models.Instance(hots="h")
    with pytest.raises(UnknownColumn):
        models.Instance(__class__=int)


def test_a_repr_shows_the_key_alone() -> None:
    assert repr(models.Cell(id=3, password="secret")) == "<Cell id=3>"
    assert repr(models.DNSDomain(domain="example.org")) == "<DNSDomain domain='example.org'>"


def test_objects_can_be_pickled() -> None:
    copy = pickle.loads(pickle.dumps(models.Service(id=1, host="h")))  # noqa: S301 - our own
    assert (type(copy), copy.id, copy.host) == (models.Service, 1, "h")


def test_the_stub_is_up_to_date() -> None:
    assert stub.PATH.read_text(encoding="utf-8") == stub.stub(), "run python -m nova_db_sqlalchemy.models.stub"
