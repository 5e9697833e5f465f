"""What only PostgreSQL can show: connections lost, commits of unknown outcome, rows that others hold, counters."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from nova_db.engine import TRUE, Add, Eq, In, Order, Query, Transaction, all_of
from nova_db.exceptions import BackendLoadError, DBCommitUnknown, DBConnectionError, DBDataError, DBError
from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.postgresql.grammar import LONGEST_LIST
from nova_db_sqlalchemy.settings import Settings
from nova_db_sqlalchemy.transactions.transaction import SQLTransaction
from tests.sqlalchemy.helpers import insert, reading, row, select, statements, writing


@pytest.fixture
def backends(engine: SQLEngine) -> Iterator[Callable[[], int]]:
    """A function that ends all connections to the database but its own, as a restart of the server would."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:

        def end() -> int:
            query = (
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return len(connection.execute(query).fetchall())

        yield end


READS: list[Callable[[SQLEngine], Any]] = [
    lambda engine: select(engine, "services"),
    lambda engine: _single(engine, limit=1),
    lambda engine: _single(engine, load=("compute_node",)),
]


def _single(engine: SQLEngine, **parts: Any) -> Any:
    with reading(engine, snapshot=False) as tx:
        return tx.select(Query("services", **parts))


@pytest.mark.parametrize("read", READS)
def test_a_connection_lost_in_the_pool_is_replaced(
    engine: SQLEngine, backends: Callable[[], int], read: Callable[[SQLEngine], Any]
) -> None:
    insert(engine, "services", {"host": "a"})
    before = read(engine)
    assert backends() == 1
    assert read(engine) == before


def test_a_writer_begins_on_a_new_connection(engine: SQLEngine, backends: Callable[[], int]) -> None:
    insert(engine, "services", {"host": "a"})
    backends()
    with writing(engine) as tx:
        assert tx.update("services", TRUE, {"host": "b"}) == 1
    assert [each["host"] for each in select(engine, "services")] == ["b"]


def test_all_idle_connections_are_replaced_at_once(engine: SQLEngine, backends: Callable[[], int]) -> None:
    open_readers = [engine.read() for _ in range(3)]
    for tx in open_readers:
        tx.select(Query("services"))
    for tx in open_readers:
        tx.commit()
    assert backends() == 3
    for _ in range(4):
        assert select(engine, "services") == []


def test_a_transaction_under_way_is_not_begun_again(engine: SQLEngine, backends: Callable[[], int]) -> None:
    insert(engine, "services", {"host": "a"})
    tx = engine.write()
    tx.update("services", TRUE, {"host": "b"})
    backends()
    with pytest.raises(DBConnectionError):
        tx.update("services", TRUE, {"host": "c"})
    with pytest.raises(DBError, match="earlier call failed"):
        tx.select(Query("services"))
    tx.rollback()
    assert [each["host"] for each in select(engine, "services")] == ["a"]


def test_a_snapshot_under_way_is_not_begun_again(engine: SQLEngine, backends: Callable[[], int]) -> None:
    tx = engine.read()
    tx.select(Query("services"))
    backends()
    with pytest.raises(DBConnectionError):
        tx.select(Query("services"))
    tx.rollback()


def test_a_savepoint_does_not_hide_a_lost_connection(engine: SQLEngine, backends: Callable[[], int]) -> None:
    tx = engine.write()
    tx.select(Query("services"))
    backends()
    with pytest.raises(DBConnectionError), tx.savepoint():
        tx.update("services", TRUE, {"host": "c"})
    with pytest.raises(DBError, match="earlier call failed"):
        tx.select(Query("services"))
    tx.rollback()


def test_a_commit_that_was_not_answered_is_of_unknown_outcome(engine: SQLEngine, backends: Callable[[], int]) -> None:
    tx = engine.write()
    tx.insert(("services", [row("services")]))
    backends()
    with pytest.raises(DBCommitUnknown):
        tx.commit()
    tx.rollback()
    assert select(engine, "services") == []


def test_a_rollback_never_raises(engine: SQLEngine, backends: Callable[[], int]) -> None:
    tx = engine.write()
    tx.insert(("services", [row("services")]))
    backends()
    tx.rollback()
    assert select(engine, "services") == []


def test_a_failed_transaction_does_not_commit(engine: SQLEngine) -> None:
    tx = engine.write()
    tx.insert(("services", [row("services")]))
    with pytest.raises(DBDataError):
        tx.insert(("services", [row("services") | {"report_count": None}]))
    with pytest.raises(DBError, match="rolled back"):
        tx.commit()
    assert select(engine, "services") == []


def test_a_rollback_keeps_what_the_server_has_prepared(engine: SQLEngine) -> None:
    for _ in range(8):
        tx = engine.write()
        tx.select(Query("services", Eq("host", "a")))
        tx.rollback()
    reader = engine.read()
    reader.select(Query("services", Eq("host", "b")))
    assert reader._connection is not None
    names = reader._connection.dbapi.execute("SELECT statement FROM pg_prepared_statements").fetchall()
    reader.commit()
    assert any("services.host = $1" in name for (name,) in names)


def test_what_is_long_is_not_prepared(engine: SQLEngine) -> None:
    tx = engine.write()
    long = all_of(*[Eq("host", "a")] * 1000)
    asked = (In("host", map(str, range(LONGEST_LIST + 1))), long, In("topic", map(str, range(LONGEST_LIST))))
    found = [tx.select(Query("services", where)) for where in asked for _ in range(8)]
    assert found == [[]] * len(found)
    assert isinstance(tx, SQLTransaction)
    assert tx._connection is not None
    names = tx._connection.dbapi.execute("SELECT statement FROM pg_prepared_statements").fetchall()
    tx.commit()
    kept = [name for (name,) in names if "FROM services" in name]
    assert len([name for name in kept if "services.topic = ANY" in name]) == 1
    assert not [name for name in kept if "services.host =" in name]


def test_one_prepared_statement_serves_all_sizes_and_nulls(engine: SQLEngine) -> None:
    insert(engine, "services", {"host": "a"})
    tx = engine.write()
    for number in (1, 40_000, 2**31 - 1, 0, -5, 70_000, 1, 40_000):
        tx.update("services", Eq("id", number), {"report_count": number, "topic": None if number else "t"})
    assert isinstance(tx, SQLTransaction)
    assert tx._connection is not None
    query = "SELECT statement FROM pg_prepared_statements WHERE statement LIKE 'UPDATE%'"
    names = tx._connection.dbapi.execute(query).fetchall()
    tx.commit()
    assert len(names) == 1


def test_numbers_beyond_the_columns_type_match_nothing(engine: SQLEngine) -> None:
    insert(engine, "services", {"host": "a"})
    assert select(engine, "services", Eq("id", 2**40)) == []


def test_the_counter_moves_on_and_never_back(engine: SQLEngine) -> None:
    insert(engine, "services", {"id": 50})
    insert(engine, "services", {"id": 20})
    assert insert(engine, "services", {})[0]["id"] == 51
    with writing(engine) as tx:
        made = tx.insert(("services", [row("services", id=i) if i else row("services") for i in (None, 60, None, 55)]))
    assert [each["id"] for each in made[0]] == [52, 60, 61, 55]
    assert insert(engine, "services", {})[0]["id"] == 62


def test_counters_under_concurrency(engine: SQLEngine) -> None:
    errors: list[BaseException] = []

    def work(first: int) -> None:
        try:
            for number in range(first, first + 20):
                insert(engine, "services", {"id": 1000 + 7 * number} if number % 3 else {})
        except BaseException as error:  # noqa: BLE001 - looked at below
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number * 20,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = [each["id"] for each in select(engine, "services")]
    # An id that was given may have been counted before; otherwise all went well, and no number comes twice.
    assert {type(error).__name__ for error in errors} <= {"DBDuplicateEntry"}
    assert len(set(taken)) == len(taken)
    assert insert(engine, "services", {})[0]["id"] > max(taken)


def test_a_claim_waits_for_a_row_that_may_come_free(engine: SQLEngine) -> None:
    insert(engine, "services", {"host": "a"})
    holder = engine.write()
    assert holder.claim("services", Eq("topic", None), {"topic": "held"})
    found: list[Any] = []

    def claim() -> None:
        with writing(engine) as tx:
            found.extend(tx.claim("services", Eq("topic", None), {"topic": "mine"}))

    thread = threading.Thread(target=claim)
    thread.start()
    thread.join(0.2)
    assert thread.is_alive()
    holder.rollback()
    thread.join(30)
    assert [each["topic"] for each in found] == ["mine"]


def test_several_claimed_at_once_come_in_order_of_what_they_were(engine: SQLEngine) -> None:
    insert(engine, "services", *({"host": host} for host in "dbca"))
    with writing(engine) as tx:
        rows = tx.claim("services", TRUE, {"host": "taken"}, order=(Order("host"),), limit=3)
    assert [each["id"] for each in rows] == [4, 2, 3]


def test_rows_with_text_keys_among_others_in_one_statement(engine: SQLEngine) -> None:
    volumes = [row("volumes", id=key) for key in ("v2", "v1")]
    with statements(engine) as sent, writing(engine) as tx:
        made = tx.insert(
            ("volumes", volumes),
            ("services", [row("services")]),
            ("dns_domains", [row("dns_domains", domain="d")]),
            ("iscsi_targets", [row("iscsi_targets", volume_id="v1")]),
        )
    assert len(sent) == 1
    assert made[0] == volumes
    assert [each["id"] for each in select(engine, "volumes")] == ["v1", "v2"]
    assert len(select(engine, "dns_domains")) == len(select(engine, "iscsi_targets")) == 1


def test_every_statement_of_a_snapshot_sees_the_same(engine: SQLEngine) -> None:
    with statements(engine, control=True) as sent, reading(engine) as tx:
        tx.select(Query("services"))
        insert(engine, "services", {"host": "new"})
        assert tx.select(Query("services")) == []
    assert sent[0] == "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


def test_a_server_that_is_not_there() -> None:
    engine = SQLEngine("postgresql://somebody:sesame@127.0.0.1:1/nowhere")
    with pytest.raises(DBConnectionError) as caught:
        select(engine, "services")
    assert "sesame" not in f"{caught.value!r} {caught.value}"


def test_the_first_connection_is_tried_again(caplog: pytest.LogCaptureFixture, subtests: pytest.Subtests) -> None:
    settings = Settings(connect_retries=2, connect_interval=0)
    engine = SQLEngine("postgresql://somebody:sesame@127.0.0.1:1/nowhere", settings)
    for expected in (2, 2):  # and not again in the next call
        with subtests.test(expected=expected):
            with pytest.raises(DBConnectionError):
                select(engine, "services")
            assert len([record for record in caplog.records if "Trying again" in record.message]) == expected
    assert "sesame" not in caplog.text


def test_a_missing_driver_library_is_named(monkeypatch: pytest.MonkeyPatch, engine: SQLEngine) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for module in [name for name in sys.modules if name.startswith("nova_db_sqlalchemy.postgresql.")]:
        monkeypatch.delitem(sys.modules, module)
    with pytest.raises(BackendLoadError, match=r"nova-db\[postgresql\]"):
        SQLEngine("postgresql://127.0.0.1/x")


def test_additions_race_without_loss(engine: SQLEngine) -> None:
    insert(engine, "services", {"host": "a"})

    def add(tx: Transaction) -> int:
        return tx.update("services", Eq("host", "a"), {"report_count": Add(1)})

    def work() -> None:
        for _ in range(25):
            with writing(engine) as tx:
                add(tx)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert select(engine, "services")[0]["report_count"] == 100


def test_rows_move_once_whatever_plan_the_server_makes(engine: SQLEngine) -> None:
    # Without these the server joins the keys to the rows in a nested loop, and asks for the keys again for each row.
    plans = "hashjoin", "mergejoin", "hashagg", "sort", "material"
    options = " ".join(f"-c enable_{plan}=off" for plan in plans)
    limited = SQLEngine(engine.url.update_query_dict({"options": options}))
    insert(engine, "services", *({"host": f"h{number}"} for number in range(6)))
    try:
        with writing(limited) as tx:
            assert tx.move("services", "shadow_services", TRUE, limit=2) == 2
    finally:
        limited.close()
    assert [each["id"] for each in select(engine, "services")] == [3, 4, 5, 6]


@pytest.mark.parametrize("count", [4, 600])
def test_rows_that_bring_a_key_along_and_rows_that_want_one_take_few_statements(engine: SQLEngine, count: int) -> None:
    counted, given = row("services"), [row("services", id=number) for number in range(1, count + 1)]
    few: dict[str, list[dict[str, Any]]] = {"counted": [counted] * count, "given": given}
    few["mixed"] = [counted if number % 2 else each for number, each in enumerate(given)]
    sent_for = {}
    for name, rows in few.items():
        engine.clear()
        with writing(engine) as tx, statements(engine, control=True) as sent:
            tx.insert(("services", rows))
        sent_for[name] = [text.split()[0] for text in sent if not text.startswith(("BEGIN", "COMMIT"))]
    assert sent_for == {
        "counted": ["INSERT"],
        "given": ["LOCK", "INSERT", "SELECT"],
        "mixed": ["LOCK", "SELECT", "INSERT", "SELECT"],
    }
