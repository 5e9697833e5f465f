"""Results that are not what callers are told of them are caught, and no others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

import nova_db
from nova_db.api import binding
from nova_db.context import RequestContext, get_admin_context
from nova_db_conformance.harness.checking import ContractViolation, checked
from nova_db_conformance.harness.coverage import CallLog
from nova_db_conformance.harness.result_types import misfit
from nova_db_memory import MemoryDriver

ADMIN = get_admin_context()


class InexactDriver(MemoryDriver):
    """Leaves one key out of cells."""

    def cell_get_all(self, context: Any) -> list[dict[str, Any]]:
        cells = super().cell_get_all(context)
        for cell in cells:
            del cell["weight_scale"]
        return cells


@pytest.fixture
def instance() -> Iterator[Any]:
    """An instance with a group that has a rule, as ``instance_get`` gives it."""
    with binding(MemoryDriver()):
        user = RequestContext("u1", "p1", is_admin=True, overwrite=False)
        group = nova_db.security_group_create(user, {"name": "web", "project_id": "p1"})
        nova_db.security_group_rule_create(user, {"parent_group_id": group["id"], "protocol": "tcp"})
        yield nova_db.instance_create(user, {"security_groups": ["web"], "metadata": {"a": "b"}})


def of_instance(instance: Any) -> str | None:
    return misfit("instance_get", (ADMIN, 1), {}, instance)


def test_a_call_whose_result_is_another_fails() -> None:
    with binding(checked(InexactDriver(), "inexact", CallLog())):
        assert nova_db.cell_get_all(ADMIN) == []
        nova_db.cell_create(ADMIN, {"name": "a"})
        with pytest.raises(ContractViolation, match=r"\[0\] should be Cell, and lacks \[.weight_scale.\]"):
            nova_db.cell_get_all(ADMIN)


def test_what_a_driver_returns_passes(instance: Any) -> None:
    assert of_instance(instance) is None


def test_a_key_too_few_and_a_key_too_many(instance: Any) -> None:
    instance["vm_stat"] = instance.pop("vm_state")

    assert of_instance(instance) == (
        "instance_get() should be InstanceWithRules, and lacks ['vm_state'] and has ['vm_stat'] beside"
    )


def test_nested_records_are_looked_into(instance: Any) -> None:
    instance["security_groups"][0]["rules"][0]["grantee_group"] = None

    assert of_instance(instance) == (
        "instance_get()['security_groups'][0]['rules'][0] should be SecurityGroupRule, "
        "and lacks [] and has ['grantee_group'] beside"
    )


@pytest.mark.parametrize(
    "key, value",
    [
        ("id", None),
        ("id", True),
        ("host", b"host"),
        ("vcpus", 1.0),
        ("created_at", "2013-04-04"),
        ("locked", 0),
        ("metadata", {}),
        ("info_cache", []),
        ("name", None),
    ],
)
def test_values_of_other_types(instance: Any, key: str, value: Any) -> None:
    found = of_instance({**instance, key: value})

    assert found is not None
    assert found.startswith(f"instance_get()['{key}'] is {value!r}, and should be ")


def test_null_is_no_misfit_where_only_callers_can_have_written_it(instance: Any) -> None:
    assert of_instance({**instance, "uuid": None}) is None
    assert misfit("fixed_ip_associate_pool", (ADMIN, 1), {}, None) is None


def test_a_result_depends_on_the_arguments(instance: Any) -> None:
    less = {key: value for key, value in instance.items() if key != "info_cache"}
    for group in less["security_groups"]:
        del group["rules"]

    assert misfit("instance_get_all", (ADMIN, ["security_groups"]), {}, [less]) is None
    assert misfit("instance_get_all", (ADMIN,), {"columns_to_join": ["security_groups"]}, [less]) is None
    assert "lacks ['info_cache']" in str(misfit("instance_get_all", (ADMIN,), {}, [less]))
    assert "lacks ['info_cache']" in str(misfit("instance_get_all_by_filters", (ADMIN, {}), {}, [less]))


@pytest.mark.parametrize(
    "function, right, wrong",
    [
        ("cell_delete", 1, None),
        ("bw_usage_get", None, {}),
        ("instance_data_get_for_project", (1, 2, 3), (1, 2)),
        ("instance_fault_get_by_instance_uuids", {"uuid": []}, {"uuid": ()}),
        ("aggregate_host_get_by_metadata_key", {"host": {"a"}}, {"host": {1}}),
        ("quota_get_all_by_project", {"project_id": "p", "cores": 1}, {1: 2}),
        ("network_in_use_on_host", True, 1),
        ("agent_build_destroy", None, 1),
        ("instance_metadata_get", {"a": None}, {"a": dt.datetime(2013, 4, 4)}),
    ],
)
def test_containers_and_plain_values(function: str, right: Any, wrong: Any) -> None:
    assert misfit(function, (ADMIN,), {}, right) is None
    assert misfit(function, (ADMIN,), {}, wrong) is not None
