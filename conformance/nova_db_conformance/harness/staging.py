"""A run in stages: their order, the stop at a broken one, and which tests a level or a family has."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from nova_db_conformance.harness import seeds
from nova_db_conformance.harness.stages import STAGES, Stage, family_of, is_at_level, stage_of
from nova_db_conformance.harness.verdicts import STAGE_PROPERTY, class_of

if TYPE_CHECKING:
    from nova_db.engine import Capability

_PLACES = {stage.key: place for place, stage in enumerate(STAGES)}


def add_options(group: pytest.OptionGroup) -> None:
    """Declare the options of staged runs, and of what they make at random."""
    seeds.add_option(group)
    group.addoption(
        "--nova-db-staged",
        action="store_true",
        dest="nova_db_staged",
        help="run the suite stage by stage, and stop at the end of the first one that is broken; not with pytest-xdist",
    )
    group.addoption("--nova-db-all", action="store_true", dest="nova_db_all", help="go on after a stage that is broken")
    group.addoption(
        "--nova-db-level",
        choices=("core", "full"),
        default="full",
        dest="nova_db_level",
        help="core: the engine, and the functions once, without long races and recordings (default: full)",
    )
    group.addoption(
        "--nova-db-family",
        action="append",
        default=[],
        dest="nova_db_families",
        metavar="FAMILY",
        help="run the tests of the functions of one family only, such as quotas; may be repeated",
    )
    group.addoption(
        "--nova-db-capability",
        action="append",
        default=[],
        dest="nova_db_capabilities",
        metavar="CAPABILITY",
        help="fail instead of skipping what an engine without this capability cannot do; may be repeated",
    )


def check_options(options: Any) -> None:
    """Refuse families and capabilities that there are not, by those that there are; apply the latter, and the seed."""
    if options.nova_db_seed is not None:
        seeds.use_seed(options.nova_db_seed)
    try:
        if options.nova_db_capabilities:
            from nova_db_conformance.harness.scenarios import require_capabilities

            require_capabilities(capabilities_named(options.nova_db_capabilities))
        check_families(options.nova_db_families)
    except ValueError as error:
        raise pytest.UsageError(str(error)) from None


def capabilities_named(names: Sequence[str]) -> list[Capability]:
    """The capabilities of these names, in whatever case.

    :raises ValueError: there is none of a name.
    """
    from nova_db.engine import Capability

    known = Capability.__members__
    for name in names:
        if name.upper() not in known:
            raise ValueError(f"there is no capability {name!r}: choose of {', '.join(known)}")
    return [known[name.upper()] for name in names]


def check_families(names: Sequence[str]) -> None:
    """Refuse names that are of no family.

    :raises ValueError: there is none of a name.
    """
    if names:
        from nova_db.driver import FAMILIES

        for name in names:
            if name not in FAMILIES:
                raise ValueError(f"there is no family {name!r}: choose of {', '.join(FAMILIES)}")


class Staging:
    """Orders the tests of the suite, and ends the run with a stage that is broken."""

    def __init__(self, config: pytest.Config) -> None:
        self._options = config.option
        # A worker of pytest-xdist has a share of all stages, in the order in which they are handed out.
        self._is_staged = config.option.nova_db_staged and not hasattr(config, "workerinput")
        self._broken: set[str] = set()

    @pytest.hookimpl(trylast=True)  # after what shuffles, and after -k and -m
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Leave out what was not asked for, and bring the stages into order."""
        families = set(self._options.nova_db_families)
        if families:
            _keep(config, items, lambda test_class: family_of(test_class) in families)
        if self._options.nova_db_level != "full":
            level = self._options.nova_db_level
            # Not told as deselected: a level is not a part of a run but its size.
            items[:] = [item for item in items if (found := class_of(item)) is None or is_at_level(found, level)]
        if self._is_staged:
            items.sort(key=lambda item: _place(_stage_of(item)))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note which stage is broken."""
        if report.failed:
            self._broken.add(str(dict(report.user_properties).get(STAGE_PROPERTY, "")))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """Stop between two stages if the first is broken."""
        done = yield
        stage, coming = _stage_of(item), _stage_of(nextitem) if nextitem is not None else None
        stops = self._is_staged and not self._options.nova_db_all
        if stops and stage is not None and stage is not coming and stage.key in self._broken:
            item.session.shouldfail = f"the stage {stage.title!r} is broken; --nova-db-all goes on"
        return done


def _keep(config: pytest.Config, items: list[pytest.Item], is_wanted: Callable[[type], bool]) -> None:
    kept = [item for item in items if (found := class_of(item)) is not None and is_wanted(found)]
    left_out = [item for item in items if item not in kept]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


def _stage_of(item: pytest.Item) -> Stage | None:
    test_class = class_of(item)
    return None if test_class is None else stage_of(test_class, item.name)


def _place(stage: Stage | None) -> int:
    return len(_PLACES) if stage is None else _PLACES[stage.key]
