"""What a driver has beside the functions: transactions over several calls, and closing."""

from __future__ import annotations

import pytest

from nova_db.context import get_admin_context
from nova_db.exceptions import NotSupported

from .samples import complete_driver


class BareDriver(complete_driver()):  # type: ignore[misc]
    """Has the functions and nothing else."""


def test_a_bare_driver_has_no_transactions() -> None:
    with pytest.raises(NotSupported) as caught:
        BareDriver().transaction(get_admin_context())

    assert "transactions over several calls" in str(caught.value)
    assert "BareDriver does not override Driver.transaction()" in str(caught.value)


def test_a_bare_driver_does_not_call_what_it_cannot_run() -> None:
    calls: list[object] = []

    with pytest.raises(NotSupported) as caught:
        BareDriver().run(get_admin_context(), calls.append)

    assert "BareDriver does not override Driver.run()" in str(caught.value)
    assert calls == []


def test_closing_a_bare_driver_is_harmless() -> None:
    driver = BareDriver()

    driver.close()
    driver.close()
