"""What hot calls read: none goes through a table, or sorts what an index has in order, in a cloud of any size."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from nova_db.context import get_admin_context
from nova_db_sqlalchemy import SQLAlchemyDriver
from nova_db_sqlalchemy.connections import connection as connections
from nova_db_sqlalchemy.tables.catalog import CATALOG
from tests.sqlalchemy import cloud
from tests.sqlalchemy.explaining import Plan, Recorder, Sent, analyze, explainer, mislead, run, settle
from tests.sqlalchemy.hot_calls import CALLS, Call

FEW: Final = (9900, 9901, 9902, 9903, 9905, 9906)
"""Instances that calls are about while there are few: often enough that all statements are prepared."""
INSTANCES: Final = 10_000
GROWN: Final = 9_900
"""Instances that come later; their ids are smaller, for those that servers hand out go on from the greatest."""
ABOUT: Final = 5_000
SMALL: Final = frozenset(
    {"instance_types", "instance_type_extra_specs", "networks", "quotas", "quota_usages", "security_groups"}
)
"""Tables of few rows, whatever the number of instances."""


class Cloud:
    """A database that has grown, and what calls sent to it then."""

    def __init__(self, url: str, recorder: Recorder) -> None:
        self.driver = SQLAlchemyDriver(url)
        self.new = SQLAlchemyDriver(url)
        self._recorder = recorder
        self._admin = get_admin_context()
        engine = self.driver.engine
        engine.clear()  # tests of other modules may have left rows
        if engine.server.name == "postgresql":
            run(engine, *(f"ALTER TABLE {table} SET (autovacuum_enabled = false)" for table in CATALOG))
        cloud.add(engine, range(GROWN, INSTANCES), cloud.first_rows())
        for number in FEW:
            for call in CALLS:
                self.call(call, number)
        with contextlib.closing(SQLAlchemyDriver(url)) as other:
            cloud.add(other.engine, range(GROWN))
        settle(engine)
        self.sent = [(call, each) for call in CALLS for each in self.call(call, ABOUT)]

    def call(self, call: Call, number: int) -> list[Sent]:
        """Make a call about an instance; what it sent."""
        self._recorder.take()
        with self.driver.engine.observe(lambda _: None):
            getattr(self.driver, call.name)(self._admin, *call.arguments(number), **call.options(number))
        return self._recorder.take()

    def close(self) -> None:
        self.driver.close()
        self.new.close()


@pytest.fixture(scope="module")
def grown(server: str) -> Iterator[Cloud]:
    """A cloud that began with an empty database, and whose tables nobody but the library has analysed since."""
    recorder = Recorder()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connections, "_ObservedCursor", recorder.cursor_class())
        found = Cloud(server, recorder)
        yield found
        found.close()


def _faults(grown: Cloud, explain: Callable[[Sent], Plan]) -> Iterator[str]:
    is_sqlite = grown.driver.engine.server.name == "sqlite"
    for call, sent in grown.sent:
        plan = explain(sent)
        whole = plan.whole - call.whole - SMALL - (set() if is_sqlite else call.by_key)
        # Related rows, which a statement of their own may read, are sorted as they come.
        if whole or (call.in_order and plan.sorts and "FROM instances" in sent.text):
            yield f"{call}\n  {sent.text[-600:]}\n  {plan.told}"


def test_nothing_is_gone_through_as_a_whole(grown: Cloud) -> None:
    """In the connection that lived through the growth, in a new one, and both again after an ANALYZE; and misled."""
    old, new = explainer(grown.driver.engine), explainer(grown.new.engine)
    faults = {"old, before": list(_faults(grown, old)), "new, before": list(_faults(grown, new))}
    analyze(grown.new.engine)
    faults |= {"old, after": list(_faults(grown, old)), "new, after": list(_faults(grown, new))}
    if mislead(grown.new.engine):
        faults["misled"] = list(_faults(grown, new))
    found = [f"{when}: {fault}" for when, some in faults.items() for fault in some]
    assert not found, "\n".join(found)


def test_an_index_that_is_missing_is_told(grown: Cloud) -> None:
    engine = grown.new.engine
    place = " ON instances" if engine.server.name == "mariadb" else ""
    run(engine, *(f"DROP INDEX instances_{columns}_idx{place}" for columns in ("host_deleted", "host_node_deleted")))
    told = " ".join(_faults(grown, explainer(engine)))
    assert "instance_get_all_by_host(" in told
    assert "instance_get_by_uuid(" not in told
