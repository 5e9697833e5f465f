"""Connections that are ended: in the pool, in the middle of a call, during a commit, and again and again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from nova_db.exceptions import DBCommitUnknown, DBConnectionError, DBError
from nova_db.operations import Session
from nova_db_sqlalchemy import SQLAlchemyDriver
from nova_db_sqlalchemy.connections import retries as attempts
from tests.failures.conftest import Drivers
from tests.failures.helpers import ADMIN, HANG_SECONDS, add, count, hosts, report, started
from tests.failures.operators import Operator
from tests.failures.proxy import Proxy

CALLS: list[Callable[[SQLAlchemyDriver], object]] = [
    hosts,
    lambda driver: add(driver, "b"),
    lambda driver: driver.run(ADMIN, lambda session: add(driver, "b")),
    lambda driver: driver.describe(),
]


class TestConnecting:
    """Connections that are refused."""

    @pytest.mark.parametrize(
        "change",
        [
            lambda url: url.set(database="nova_db_test_nowhere"),
            lambda url: url.set(username="nobody_at_all"),
        ],
    )
    def test_what_will_be_refused_again_is_told_at_once(
        self, drivers: Drivers, remote: sa.URL, change: Callable[[sa.URL], sa.URL], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        driver = drivers(change(remote), max_retries=3, retry_interval=0)
        monkeypatch.setattr(attempts._LOG, "warning", lambda *arguments: pytest.fail("it is tried again"))
        with pytest.raises(DBConnectionError) as caught:
            hosts(driver)
        assert not caught.value.may_pass


class TestBefore:
    """Connections that were ended while nobody used them."""

    @pytest.mark.parametrize("call", CALLS)
    def test_nobody_notices(
        self, driver: SQLAlchemyDriver, operator: Operator, call: Callable[[SQLAlchemyDriver], object]
    ) -> None:
        add(driver, "a")
        operator.await_sessions(1)
        operator.end_all()
        call(driver)
        assert hosts(driver) in (["a"], ["a", "b"])

    def test_not_even_without_retries(self, drivers: Drivers, operator: Operator) -> None:
        driver = drivers(db_max_retries=0)
        add(driver, "a")
        operator.end_all()
        with driver.transaction(ADMIN):
            add(driver, "b")
        assert hosts(driver) == ["a", "b"]


class TestDuring:
    """Connections that are ended while a transaction is open on them."""

    def test_a_call_is_run_again_as_a_whole(self, driver: SQLAlchemyDriver, operator: Operator) -> None:
        attempts = []

        def change(session: Session) -> None:
            attempts.append(add(driver, "a"))
            if len(attempts) == 1:
                operator.end_all()
            add(driver, "b")

        driver.run(ADMIN, change)
        assert len(attempts) == 2
        assert hosts(driver) == ["a", "b"]

    def test_while_a_statement_waits(self, drivers: Drivers, operator: Operator) -> None:
        driver, holder = drivers(), drivers()
        service = add(driver, "a")
        with holder.transaction(ADMIN):
            report(holder, service, 1)
            call = started(lambda: report(driver, service, 2))
            victim = operator.await_waiting()
            operator.end(victim)
            operator.await_waiting(but=[victim])
        call.result(HANG_SECONDS)
        assert count(driver, service) == 2

    def test_a_statement_that_an_operator_cancels(self, drivers: Drivers, operator: Operator, remote: sa.URL) -> None:
        driver, holder = drivers(), drivers()
        service = add(driver, "a")
        with holder.transaction(ADMIN):
            report(holder, service, 1)
            call = started(lambda: report(driver, service, 2))
            victim = operator.await_waiting()
            operator.cancel(victim)
            if remote.get_backend_name() == "postgresql":
                error = call.exception(HANG_SECONDS)
                assert type(error) is DBError
                assert "cancelled" in str(error)
            else:  # the server does not tell this from the end of the connection
                operator.await_waiting(but=[victim])
        if remote.get_backend_name() == "postgresql":
            assert count(driver, service) == 1
            report(driver, service, 2)
        else:
            call.result(HANG_SECONDS)
        assert count(driver, service) == 2

    def test_a_transaction_of_several_calls_is_the_callers_to_repeat(
        self, driver: SQLAlchemyDriver, operator: Operator
    ) -> None:
        def work() -> None:
            with driver.transaction(ADMIN):
                add(driver, "a")
                operator.end_all()
                add(driver, "b")

        with pytest.raises(DBConnectionError):
            work()
        assert hosts(driver) == []
        with driver.transaction(ADMIN):
            add(driver, "c")
        assert hosts(driver) == ["c"]

    def test_a_transaction_that_goes_on_after_the_error_is_not_half_kept(
        self, driver: SQLAlchemyDriver, operator: Operator
    ) -> None:
        def work() -> None:
            with driver.transaction(ADMIN):
                add(driver, "a")
                operator.end_all()
                with contextlib.suppress(DBConnectionError):
                    add(driver, "b")
                add(driver, "c")

        with pytest.raises(DBError):
            work()
        assert hosts(driver) == []

    def test_again_and_again_is_told_in_the_end(self, drivers: Drivers, operator: Operator) -> None:
        driver = drivers(db_max_retries=3)
        attempts = 0

        def change(session: Session) -> None:
            nonlocal attempts
            attempts += 1
            add(driver, "a")
            operator.end_all()
            add(driver, "b")

        with pytest.raises(DBConnectionError):
            driver.run(ADMIN, change)
        assert (attempts, hosts(driver)) == (4, [])


class TestCommits:
    """Connections that are ended when everything has been said but the last word."""

    def test_a_commit_that_did_not_arrive(self, drivers: Drivers, through: sa.URL, proxy: Proxy) -> None:
        driver = drivers(through)
        proxy.cuts_before_commit = True
        with pytest.raises(DBCommitUnknown):
            add(driver, "a")
        assert hosts(driver) == []
        add(driver, "b")
        assert hosts(driver) == ["b"]

    def test_a_commit_whose_answer_did_not_arrive(self, drivers: Drivers, through: sa.URL, proxy: Proxy) -> None:
        driver = drivers(through)
        proxy.cuts_after_commit = True
        with pytest.raises(DBCommitUnknown):
            add(driver, "a")
        assert hosts(driver) == ["a"]  # once: it was not run again
        add(driver, "b")
        assert hosts(driver) == ["a", "b"]

    def test_a_commit_that_is_not_answered_in_time(self, drivers: Drivers, through: sa.URL, proxy: Proxy) -> None:
        driver = drivers(through, read_timeout=1)
        proxy.loses_commit_answers = True
        with pytest.raises(DBCommitUnknown):
            add(driver, "a")
        proxy.loses_commit_answers = False
        assert hosts(driver) == ["a"]

    @pytest.mark.parametrize("cut", ["cuts_before_commit", "cuts_after_commit"])
    def test_several_calls_are_kept_or_lost_together(
        self, drivers: Drivers, through: sa.URL, proxy: Proxy, cut: str
    ) -> None:
        driver = drivers(through)
        attempts = 0

        def change(session: Session) -> None:
            nonlocal attempts
            attempts += 1
            add(driver, "a")
            add(driver, "b")
            setattr(proxy, cut, True)

        with pytest.raises(DBCommitUnknown):
            driver.run(ADMIN, change)
        assert attempts == 1
        assert hosts(driver) == ([] if cut == "cuts_before_commit" else ["a", "b"])

    def test_whoever_only_reads_need_not_care(
        self, drivers: Drivers, through: sa.URL, proxy: Proxy, subtests: pytest.Subtests
    ) -> None:
        driver = drivers(through)
        add(driver, "a")
        for cut in ("cuts_before_commit", "cuts_after_commit"):
            with subtests.test(cut=cut):
                setattr(proxy, cut, True)
                assert driver.instance_get_all(ADMIN) == []
                assert hosts(driver) == ["a"]

    def test_a_killed_connection_is_found_out_by_the_commit(self, driver: SQLAlchemyDriver, operator: Operator) -> None:
        def work() -> None:
            with driver.transaction(ADMIN):
                add(driver, "a")
                operator.end_all()

        with pytest.raises(DBCommitUnknown):
            work()
        assert hosts(driver) == []
