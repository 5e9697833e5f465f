"""The classes that the tests of the suite derive from.

::

    class TestKeyPairs(ConformanceTestCase):
        def test_a_created_key_pair_can_be_read(self):
            created = self.make.key_pair(name="laptop")
            self.assertEqual(created, self.db.key_pair_get(self.user, "u1", "laptop"))

        def test_an_unknown_key_pair_is_not_found(self):
            with self.raises(exceptions.KeypairNotFound, user_id="u1", name="none"):
                self.db.key_pair_get(self.user, "u1", "none")

Each test runs once for every backend, on an empty database. ``self.db`` is the ``nova_db`` namespace; every call made
on it while the test runs, in whatever thread, is checked: its arguments and its context must stay unchanged, its result
must be plain and share nothing with the arguments. Calls are counted, too, for the report of what no test called.

What holds for several values is asserted of each in a ``self.subTest(value=value)``: those that fail are all told at
the end of the test, see :mod:`nova_db_conformance.harness.subtests`.

Beside these classes: races are run by :func:`nova_db_conformance.harness.races.race`, values to test with are made by
:mod:`nova_db_conformance.harness.values`, records of them by :mod:`nova_db_conformance.harness.factories`, and failures
are planted by :mod:`nova_db_conformance.harness.failures`.
"""

from __future__ import annotations

import contextlib
import copy
import datetime as dt
import functools
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar, cast
from unittest import mock

import testtools
from testscenarios import WithScenarios, load_tests_apply_scenarios
from testtools.content import Content
from testtools.content_type import JSON

import nova_db
from nova_db import offers
from nova_db.api import bind, load_backend
from nova_db.context import RequestContext
from nova_db.engine import guards, watching
from nova_db.fixtures import DatabaseFixture
from nova_db_conformance.harness import about, documents, interruptions, reference, unittests
from nova_db_conformance.harness.assertions import RecordAssertions
from nova_db_conformance.harness.checking import checked, difference
from nova_db_conformance.harness.coverage import CALLS, CALLS_DETAIL
from nova_db_conformance.harness.factories import Records
from nova_db_conformance.harness.failures import MOST_CALLS, PlantedFailure, dump, failing_at
from nova_db_conformance.harness.hangs import FAILS_SECONDS, SHOWS_SECONDS, beat, watched_over
from nova_db_conformance.harness.scenarios import Backend, ScenariosInUse, required_capabilities
from nova_db_conformance.harness.subtests import CasesTestCase
from nova_db_conformance.harness.texts import annotate

if TYPE_CHECKING:
    from nova_db.driver import Driver
    from nova_db.engine import Engine, Row, Transaction

_T = TypeVar("_T")
_TRANSACTION_WORDS = ("BEGIN", "START", "SET", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "END")


class BackendTestCase(RecordAssertions, WithScenarios, CasesTestCase):
    """A test that runs once for every backend; it has a fresh driver on an empty database."""

    scenarios = ScenariosInUse()
    backend: Backend
    """The backend that this test runs on."""
    driver: Driver
    """Its driver, unchecked."""
    connection: str | None
    """Where its database is: what another driver on the same database is made with."""
    empty: Callable[[], None]
    """Empties the database in the middle of a test."""
    shows_after = SHOWS_SECONDS
    fails_after = FAILS_SECONDS
    """After how many seconds without a sign of life a test's stacks are shown, and after how many it fails."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # As exceptions, not as the text that testtools makes of them: runners show where they were raised.
        handlers = {self.failureException: _report_failure, Exception: _report_error}
        self.exception_handlers = [(kind, handlers.get(kind, handler)) for kind, handler in self.exception_handlers]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # What makes each test and backend an item of its own for the loaders of unittest and stestr.
        vars(sys.modules[cls.__module__]).setdefault("load_tests", load_tests_apply_scenarios)

    def setUp(self) -> None:
        """Take an empty database, and watch what is done with readers."""
        super().setUp()
        CALLS.last = None
        self.enterContext(watched_over(self.id(), self.shows_after, self.fails_after))
        self.enterContext(guards.enforced())
        # What the contract says of unknown filters is what production has: they are ignored.
        mine = DatabaseFixture(self.backend.name, self.backend.connection, strict_filters=False)
        database = self.useFixture(mine)
        self.driver = database.driver
        self.connection = database.connection
        self.empty = database.reset
        if self.backend.label not in CALLS.facts:
            CALLS.facts[self.backend.label] = about.of_driver(self.driver)
        # Read by runners only whose processes tell by their streams what they have to tell.
        self.addDetail(CALLS_DETAIL, Content(JSON, lambda: [json.dumps(CALLS.taken()).encode()]))

    def run(self, result: Any = None) -> Any:
        """Run the test, and keep what came of it for the verdict."""
        try:
            with interruptions.respected():
                done = super().run(result)
        except KeyboardInterrupt:
            unittests.note_interruption()
            raise
        if not self.scenarios:  # with them it has run once for each, as tests of their own
            unittests.note(self, result)
            if documents.reports_itself():
                reference.play(type(self), self.backend, self._testMethodName)
        return done

    @property
    def engine(self) -> Engine:
        """The storage engine of the driver. A test that asks for it is skipped where the driver has none."""
        beat()
        engine = offers.engine_of(self.driver)
        if engine is None:
            self.skipTest(f"the driver of {self.backend} is not made of a storage engine")
        assert engine is not None
        return engine

    def another_driver(self) -> Any:
        """A second driver on the same database. The test is skipped where rows do not outlive the engine."""
        from nova_db.engine import Capability

        self.require(Capability.PERSISTENT)
        driver = load_backend(self.backend.name, self.connection)
        self.addCleanup(driver.close)
        return driver

    def require(self, capability: Any) -> None:
        """Skip the test, with the engine's own reason, where the engine lacks a capability; fail where it must not."""
        if capability not in self.engine.capabilities:
            reason = self.engine.missing.get(capability, "no reason given")
            told = f"{self.backend} lacks {capability.name}: {reason}"
            if capability in required_capabilities():
                self.fail(told)
            self.skipTest(told)

    def set_option(self, name: str, value: Any, group: str | None = None) -> None:
        """Give an option a value for the rest of the test."""
        from nova_db.conf import get_conf

        conf = get_conf()
        conf.set_override(name, value, group)
        self.addCleanup(conf.clear_override, name, group)

    def dump(self) -> dict[str, list[Row]]:
        """All rows of all tables that have any, by table and primary key. Needs an engine."""
        return dump(self.engine)

    def insert(self, table: str, *rows: dict[str, Any]) -> list[Row]:
        """Put rows into a table, past the API; columns that are not given get their defaults. Needs an engine."""
        from nova_db.schema import TABLES

        with self.writer() as tx:
            return tx.insert((table, [TABLES[table].insert_values(row) for row in rows]))[0]

    def live(self, table: str, **columns: Any) -> list[dict[str, Any]]:
        """The live rows of a table that have these values. Needs an engine."""
        from nova_db.engine import Eq, Query, all_of
        from nova_db.schema import TABLES

        with self.reader() as tx:
            wanted = [Eq(*pair) for pair in columns.items()]
            return tx.select(Query(table, all_of(*wanted, Eq("deleted", TABLES[table].live_value))))

    @contextlib.contextmanager
    def writer(self) -> Iterator[Transaction]:
        """A writer of the engine, committed at the end of the block, rolled back by an exception."""
        tx = self.engine.write()
        try:
            yield tx
        except BaseException:
            tx.rollback()
            raise
        tx.commit()

    @contextlib.contextmanager
    def reader(self, *, snapshot: bool = True) -> Iterator[Transaction]:
        """A reader of the engine that sees one snapshot, or serves for one call."""
        tx = self.engine.read(snapshot=snapshot)
        try:
            yield tx
        finally:
            tx.rollback()

    @contextlib.contextmanager
    def statements(self) -> Iterator[list[str]]:
        """The statements sent in the block, those that begin and end transactions left out.

        Of an engine that sends none they are the calls made of its transactions, each of which would be a statement at
        least: what is read and written is told by them alike.
        """
        sent: list[str] = []

        def note(statement: object) -> None:
            text = str(statement)
            # Several may travel together, of which some begin and end a transaction around the others.
            first, *others = [part.lstrip().upper() for part in text.split(";")]
            is_control = all(part.startswith((*_TRANSACTION_WORDS, "LOCK")) for part in others)
            if not (is_control and first.startswith(_TRANSACTION_WORDS)):
                sent.append(text)

        sending = offers.STATEMENTS.of(self.engine)
        with watching.watched(self.driver, note) if sending is None else sending.observe(note):
            yield sent


class EngineTestCase(BackendTestCase):
    """A test of a storage engine's primitives; ``self.engine`` is one with an empty database."""


class ConformanceTestCase(BackendTestCase):
    """A test of the API's functions, through the ``nova_db`` namespace."""

    db: Any = nova_db
    """The API. Not typed, as tests pass on purpose what the signatures forbid."""
    api = cast("Driver", nova_db)
    """The same with the contract's types, as of a driver: for results that a helper hands on."""
    _now: dt.datetime | None = None

    def setUp(self) -> None:
        """Bind the namespace to the driver, checked."""
        super().setUp()
        is_timed = reference.is_timed(type(self))
        self.addCleanup(bind(checked(self.driver, self.backend.label, CALLS, is_timed=is_timed)).release)

    def context(self, **overrides: Any) -> RequestContext:
        """A context: of user ``u1`` in project ``p1``, no administrator, unless said otherwise."""
        arguments = {"user_id": "u1", "project_id": "p1", "is_admin": False, "overwrite": False, **overrides}
        return RequestContext(**arguments)

    @functools.cached_property
    def admin(self) -> RequestContext:
        """An administrator."""
        return self.context(user_id="adm", project_id="padm", is_admin=True)

    @functools.cached_property
    def user(self) -> RequestContext:
        """User ``u1`` of project ``p1``, to whom the records of ``self.make`` belong."""
        return self.context()

    @functools.cached_property
    def other(self) -> RequestContext:
        """User ``u2`` of project ``p2``."""
        return self.context(user_id="u2", project_id="p2")

    @functools.cached_property
    def nobody(self) -> RequestContext:
        """Neither an administrator nor a user."""
        return self.context(user_id=None, project_id=None)

    @functools.cached_property
    def make(self) -> Records:
        """Makes records to test with."""
        return Records(self.admin)

    def seeing(self, read_deleted: str, context: RequestContext | None = None) -> RequestContext:
        """A copy of a context, the administrator's unless given, that sees ``"no"``, ``"yes"`` or ``"only"``."""
        seeing = copy.copy(context or self.admin)
        seeing.read_deleted = read_deleted
        return seeing

    def set_time(self, moment: dt.datetime) -> None:
        """Stop the clock at a moment (naive UTC), for the rest of the test; :meth:`advance` moves it on."""
        if self._now is None:

            def utcnow(with_timezone: bool = False) -> dt.datetime | None:
                return self._now

            stopped = mock.patch("oslo_utils.timeutils.utcnow", utcnow)
            stopped.start()
            self.addCleanup(stopped.stop)
        self._now = moment

    def advance(self, seconds: float) -> dt.datetime:
        """Move the stopped clock on, and return the time."""
        if self._now is None:
            raise RuntimeError("the clock runs: stop it with set_time() first")
        self._now += dt.timedelta(seconds=seconds)
        return self._now

    def assertNotAuthorized(self, contexts: Iterable[RequestContext], call: Callable[[RequestContext], object]) -> None:
        """Check that a call is refused, with exactly ``NotAuthorized``, in each of the contexts."""
        from nova_db.exceptions import NotAuthorized

        for context in contexts:
            with self.subTest(context=context), self.raises(NotAuthorized):
                call(context)

    def assertAdminOnly(self, call: Callable[[RequestContext], object]) -> None:
        """Check that a call is refused, with ``AdminRequired``, for users and for nobody."""
        from nova_db.exceptions import AdminRequired

        for context in (self.user, self.nobody):
            with self.subTest(context=context), self.raises(AdminRequired):
                call(context)

    def assertUnchanged(self, call: Callable[[], object], error: type[Exception]) -> None:
        """Check that a call raises, and leaves every row of the database as it was. Needs an engine."""
        before = self.dump()
        with self.raises(error):
            call()
        self.assertSameRows(before, f"although it raised {error.__name__}")

    def assertAtomic(self, call: Callable[[], _T]) -> _T:
        """Check that a call leaves nothing behind, wherever in it the database fails; return its result at last.

        The call is made again and again; in each the next of its steps fails, until it gets through. Needs an engine.
        """
        before = self.dump()
        for number in range(1, MOST_CALLS):
            with failing_at(self.driver, number) as plan:
                try:
                    result = call()
                except PlantedFailure:
                    self.assertSameRows(before, f"after a failure in step {number}")
                    continue
            self.assertFalse(plan.happened, f"the failure in step {number} was swallowed")
            self.assertGreater(number, 1, "the call writes nothing: there is nothing to be atomic about")
            return result
        raise self.failureException(f"the call makes more than {MOST_CALLS} steps")

    def assertSameRows(self, before: dict[str, list[Row]], circumstances: str) -> None:
        """Check that the database holds what a dump held."""
        found = difference(before, self.dump(), "the database")
        if found:
            self.fail(f"{found}, {circumstances}")


def _report_failure(case: testtools.TestCase, result: Any, error: BaseException) -> None:
    result.addFailure(case, _with_earlier_ones(case, error))


def _report_error(case: testtools.TestCase, result: Any, error: BaseException) -> None:
    result.addError(case, _with_earlier_ones(case, error))


def _with_earlier_ones(case: testtools.TestCase, error: BaseException) -> tuple[Any, Any, Any]:
    """What ended a test last, with what had gone wrong before it (a clean-up may fail, too) as notes."""
    tracebacks = [detail.as_text() for name, detail in case.getDetails().items() if name.startswith("traceback")]
    for text in tracebacks[:-1]:
        error.add_note(f"Before that:\n{text}")
    annotate(type(case), error)
    return type(error), error, error.__traceback__
