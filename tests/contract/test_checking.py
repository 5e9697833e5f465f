"""Comparing drivers with the contract."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from nova_db.driver import EXTENSIONS, FUNCTIONS, Driver, check_driver
from nova_db.exceptions import IncompleteDriver

from .samples import complete_driver


def refusal(driver: object) -> IncompleteDriver:
    with pytest.raises(IncompleteDriver) as caught:
        check_driver(driver)
    return caught.value


def mismatches(**overrides: Any) -> list[str]:
    driver = complete_driver(**overrides)
    of_class, of_instance = refusal(driver), refusal(driver())
    assert of_class.kwargs["missing"] == of_instance.kwargs["missing"] == []
    assert of_class.kwargs["mismatched"] == of_instance.kwargs["mismatched"]
    return list(of_class.kwargs["mismatched"])


def accepts(**overrides: Any) -> None:
    driver = complete_driver(**overrides)
    check_driver(driver)
    check_driver(driver())


def test_a_complete_driver_passes() -> None:
    accepts()


def test_the_contract_itself_lacks_every_function() -> None:
    error = refusal(Driver)

    assert error.kwargs["missing"] == sorted(FUNCTIONS)
    assert error.kwargs["mismatched"] == []
    assert error.kwargs["driver"] == "nova_db.driver.Driver"


def test_what_is_left_abstract_is_missing() -> None:
    class Partial(complete_driver()):  # type: ignore[misc]
        instance_get = Driver.instance_get
        cell_get = Driver.cell_get

    error = refusal(Partial)

    assert error.kwargs["missing"] == ["cell_get", "instance_get"]
    assert "cell_get, instance_get" in str(error)
    assert f"{__name__}." in str(error)


def test_what_is_set_to_none_is_missing() -> None:
    assert refusal(complete_driver(cell_get=None)).kwargs["missing"] == ["cell_get"]


def test_an_object_that_is_no_driver_lacks_everything() -> None:
    assert refusal(object()).kwargs["missing"] == sorted([*FUNCTIONS, *EXTENSIONS])


def test_another_name_of_an_argument_does_not_fit() -> None:
    def instance_get(self: object, context: Any, uuid: Any) -> None: ...

    problems = mismatches(instance_get=instance_get)

    assert problems == ["instance_get(context, uuid): expected instance_get(context, instance_id)"]


def test_both_signatures_are_in_the_text() -> None:
    def instance_get(self: object, context: Any, uuid: str) -> None: ...

    error = refusal(complete_driver(instance_get=instance_get))

    assert "instance_get(context, uuid): expected instance_get(context, instance_id)" in str(error)


def test_another_order_does_not_fit() -> None:
    def bw_usage_get(self: object, context: Any, uuid: Any, mac: Any, start_period: Any) -> None: ...

    assert len(mismatches(bw_usage_get=bw_usage_get)) == 1


def test_a_missing_argument_does_not_fit() -> None:
    def agent_build_get_all(self: object, context: Any) -> None: ...

    assert len(mismatches(agent_build_get_all=agent_build_get_all)) == 1


@pytest.mark.parametrize("default", [0, None, "allow_none"])
def test_another_default_does_not_fit(default: object) -> None:
    def fixed_ip_get(self: object, context: Any, id: Any, get_network: Any = default) -> None: ...

    assert len(mismatches(fixed_ip_get=fixed_ip_get)) == 1


def test_a_default_that_is_lacking_or_too_much_does_not_fit() -> None:
    def fixed_ip_get(self: object, context: Any, id: Any, get_network: Any) -> None: ...

    def cell_get(self: object, context: Any, cell_name: Any = None) -> None: ...

    problems = mismatches(fixed_ip_get=fixed_ip_get, cell_get=cell_get)

    assert problems == [
        "cell_get(context, cell_name=None): expected cell_get(context, cell_name)",
        "fixed_ip_get(context, id, get_network): expected fixed_ip_get(context, id, get_network=False)",
    ]


def test_an_argument_that_callers_would_have_to_name_does_not_fit() -> None:
    def cell_get(self: object, context: Any, *, cell_name: Any) -> None: ...

    assert len(mismatches(cell_get=cell_get)) == 1


def test_an_argument_that_callers_could_not_name_does_not_fit() -> None:
    def cell_get(self: object, context: Any, cell_name: Any, /) -> None: ...

    assert len(mismatches(cell_get=cell_get)) == 1


def test_a_further_required_argument_does_not_fit() -> None:
    def cell_get(self: object, context: Any, cell_name: Any, more: Any) -> None: ...

    assert len(mismatches(cell_get=cell_get)) == 1


def test_keywords_that_the_contract_takes_must_be_taken() -> None:
    def quota_usage_update(
        self: object, context: Any, project_id: Any, resource: Any, in_use: Any = None, reserved: Any = None
    ) -> None: ...

    (problem,) = mismatches(quota_usage_update=quota_usage_update)

    assert problem.endswith(": expected quota_usage_update(context, project_id, resource, **kwargs)")


def test_what_cannot_be_called_does_not_fit() -> None:
    assert mismatches(cell_get="a cell") == ["cell_get: is not callable, expected cell_get(context, cell_name)"]


def test_extension_points_are_compared_too() -> None:
    def transaction(self: object) -> None: ...

    assert mismatches(transaction=transaction) == ["transaction(): expected transaction(context, *, isolation=None)"]


def test_further_optional_arguments_at_the_end_fit() -> None:
    def cell_get(self: object, context: Any, cell_name: Any, more: Any = None, *, named: int = 1) -> None: ...

    def cell_get_all(self: object, context: Any, *args: Any, **kwargs: Any) -> None: ...

    def quota_usage_update(
        self: object, context: Any, project_id: Any, resource: Any, more: Any = None, **numbers: Any
    ) -> None: ...

    accepts(cell_get=cell_get, cell_get_all=cell_get_all, quota_usage_update=quota_usage_update)


def test_a_forwarder_fits() -> None:
    def forward(self: object, *args: Any, **kwargs: Any) -> None: ...

    accepts(cell_get=forward, quota_usage_update=forward)


def test_static_and_class_methods_and_wrapped_functions_fit() -> None:
    def cell_get(context: Any, cell_name: Any) -> None: ...

    def cell_delete(cls: object, context: Any, cell_name: Any) -> None: ...

    def cell_update(self: object, context: Any, cell_name: Any, values: Any) -> None: ...

    @functools.wraps(cell_update)
    def wrapped(*args: Any, **kwargs: Any) -> None: ...

    accepts(cell_get=staticmethod(cell_get), cell_delete=classmethod(cell_delete), cell_update=wrapped)


def test_a_proxy_is_judged_by_what_it_gives() -> None:
    class Proxy:
        def __init__(self, target: object) -> None:
            self.target = target

        def __getattr__(self, name: str) -> Any:
            return getattr(self.target, name)

    def cell_get(self: object, context: Any, name: Any) -> None: ...

    check_driver(Proxy(complete_driver()()))
    assert len(refusal(Proxy(complete_driver(cell_get=cell_get)())).kwargs["mismatched"]) == 1
