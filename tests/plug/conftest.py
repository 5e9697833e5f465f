"""A configuration of their own for these tests, and entry points that are there for one test only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from typing import TypeAlias

import pytest
from oslo_config import cfg
from stevedore import ExtensionManager

from nova_db import api, cells, conf

Install: TypeAlias = Callable[..., None]


@pytest.fixture(autouse=True)
def options() -> Iterator[cfg.ConfigOpts]:
    """The configuration in use: fresh, and never told to parse anything."""
    api.reset()
    cells.reset()
    yield conf.set_conf(cfg.ConfigOpts())
    api.reset()
    cells.reset()
    conf.set_conf(None)


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    """``install(group, name="module:attribute", ...)`` makes these the group's only entry points."""

    def install(group: str, /, **targets: str | list[str]) -> None:
        found = [
            EntryPoint(name, value, group)
            for name, values in targets.items()
            for value in ([values] if isinstance(values, str) else values)
        ]
        monkeypatch.setitem(ExtensionManager.ENTRY_POINT_CACHE, group, found)

    return install


@pytest.fixture
def backends(install: Install) -> None:
    """Some backends, good and bad, instead of the installed ones."""
    here = "tests.plug.sample_backends"
    install(
        "nova_db.backends",
        good=f"{here}:GoodDriver",
        made=f"{here}:make_good_driver",
        blank=f"{here}:BlankDriver",
        missigned=f"{here}:MissignedDriver",
        made_missigned=f"{here}:make_missigned",
        slow=f"{here}:make_slowly",
        none=f"{here}:make_nothing",
        needy=f"{here}:make_without_driver_library",
        broken="tests.plug.broken_backend:Driver",
        gone="tests.plug.there_is_no_such_module:Driver",
        absent=f"{here}:there_is_no_such_attribute",
        refusing=f"{here}:refuse_url",
        unreachable=f"{here}:fail_to_connect",
        leaking=f"{here}:fail_with_secrets",
        abstract=f"{here}:make_abstract",
        twice=[f"{here}:GoodDriver", f"{here}:make_good_driver"],
        recursive=f"{here}:call_the_api",
    )
