"""Readers beside an open writer: they see what is committed, whatever they ask, and wait for nobody."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from typing import Any

from nova_db.engine import TRUE, Add, Col, Eq, Exists, Gt, In, Ne, Order, Predicate, Query, Row, Transaction, all_of
from nova_db.schema import TABLES
from nova_db_conformance.engine.cases import PrimitivesTestCase, in_thread

_ROUNDS = 12
_RELATIONS = TABLES["instances"].relations
_LIVE_METADATA = Exists("instance_metadata", (("uuid", "instance_uuid"),), Eq("deleted", 0))
_NO_METADATA = Exists("instance_metadata", (("uuid", "instance_uuid"),), negated=True)
_CONDITIONS: tuple[Predicate, ...] = (
    TRUE,
    Eq("id", 2),
    In("id", [1, 2, 4, 7]),
    Eq("uuid", "b"),
    In("uuid", ["a", "c", "x0"]),
    Eq("host", "h1"),
    Gt("vcpus", 1),
    all_of(Eq("host", "h1"), Ne("vcpus", 1)),
    _LIVE_METADATA,
    _NO_METADATA,
    all_of(Eq("host", "h1"), _LIVE_METADATA),
)


def _selections() -> list[Query]:
    by_host = (Order("host", descending=True), Order("id"))
    newest = (Order("created_at", descending=True), Order("id", descending=True))
    return [
        *[Query("instances", where) for where in _CONDITIONS],
        Query("instances", limit=2),
        Query("instances", order=by_host, limit=2),
        Query("instances", order=by_host, after=("h1", 1), columns=("id", "uuid")),
        Query("instances", Eq("deleted", 0), order=newest, limit=2),
        Query("instances", all_of(Eq("deleted", 0), Ne("vcpus", 1)), order=(Order("created_at"),), limit=3),
        Query("instances", load=("metadata", "security_groups")),
        Query("instance_metadata", load=("instance",)),
        Query("services"),
        Query("shadow_services"),
    ]


def everything(tx: Transaction) -> list[Any]:
    """All that a transaction can be asked."""
    uuids = ["a", "b", "c", "x0", "none"]
    return [
        *[tx.select(query) for query in _selections()],
        *[tx.aggregate("instances", where, sums=("vcpus",)) for where in _CONDITIONS],
        tx.aggregate("instances", sums=("vcpus", "id"), group_by=("host",)),
        *[tx.related(_RELATIONS[name], uuids) for name in ("metadata", "security_groups")],
    ]


class TestReadersBesideAWriter(PrimitivesTestCase):
    """The writer is open in one thread, which waits for the readers of others."""

    def setUp(self) -> None:
        super().setUp()
        self.fill()

    def fill(self) -> None:
        """The rows that each test begins with."""
        self.insert(
            "instances",
            {"uuid": "a", "host": "h1", "vcpus": 1},
            {"uuid": "b", "host": "h1", "vcpus": 2},
            {"uuid": "c", "host": "h2", "vcpus": 1},
            {"uuid": "d"},
        )
        self.insert("instance_metadata", *({"instance_uuid": uuid, "key": f"of {uuid}"} for uuid in "aac"))
        groups = self.insert("security_groups", {"name": "g1"}, {"name": "g2"})
        links = [{"instance_uuid": uuid, "security_group_id": group["id"]} for uuid in "ab" for group in groups]
        self.insert("security_group_instance_association", *links)
        self.insert("services", *({"host": f"s{number}"} for number in range(4)))

    def seen(self) -> list[Any]:
        """What a new reader in another thread sees of everything."""

        def work() -> list[Any]:
            with self.reader() as tx:
                return everything(tx)

        return self.outcome(in_thread(work))

    def writes(self) -> dict[str, Callable[[Transaction], object]]:
        """A write of each kind."""
        row: Row = self.complete("instances", uuid="x0", host="h1", vcpus=9)
        item = self.complete("instance_metadata", instance_uuid="x0", key="new")
        b = Eq("uuid", "b")
        return {
            "insert": lambda tx: tx.insert(("instances", [row]), ("instance_metadata", [item])),
            "update": lambda tx: tx.update("instances", b, {"vcpus": 1}),
            "update of what is looked up": lambda tx: tx.update("instances", Eq("host", "h1"), {"host": "h2"}),
            "update of what is joined": lambda tx: tx.update("instance_metadata", TRUE, {"instance_uuid": "b"}),
            "update of what is live": lambda tx: tx.update("instance_metadata", TRUE, {"deleted": Col("id")}),
            "update_returning": lambda tx: tx.update_returning(Query("instances"), {"vcpus": Add(1), "host": "h3"}),
            "update_each": lambda tx: tx.update_each("instances", [(1, {"host": "h2"}), (3, {"host": "h1"})]),
            "claim": lambda tx: tx.claim("instances", Eq("host", "h1"), {"host": "h4"}, limit=2),
            "delete": lambda tx: tx.delete("instance_metadata", Eq("instance_uuid", "a")),
            "delete and insert": lambda tx: (
                tx.delete("instances", Eq("uuid", "d")),
                tx.insert(("instances", [{**row, "uuid": "d"}])),
            ),
            "move": lambda tx: tx.move("services", "shadow_services", TRUE, limit=3),
        }

    def test_each_write_shows_when_it_is_committed(self) -> None:
        for name, write in self.writes().items():
            with self.subTest(name):
                self.engine.clear()
                self.fill()
                before = self.seen()
                tx = self.engine.write()
                write(tx)
                self.assertEqual(before, self.seen())
                tx.rollback()
                self.assertEqual(before, self.seen())
                with self.writer() as tx:
                    write(tx)
                    self.assertEqual(before, self.seen())
                    after = everything(tx)
                self.assertNotEqual(before, after)
                self.assertEqual(after, self.seen())

    def test_a_single_call_sees_what_is_committed(self) -> None:
        calls: list[Callable[[Transaction], Any]] = [
            lambda tx: tx.select(Query("instances", _LIVE_METADATA, load=("metadata", "security_groups"))),
            lambda tx: tx.aggregate("instances", sums=("vcpus",), group_by=("host",)),
            lambda tx: tx.related(_RELATIONS["metadata"], ["a", "b", "x0"]),
        ]

        def work() -> list[Any]:
            return [self.single(call) for call in calls]

        before = work()
        with self.writer() as tx:
            for name, write in self.writes().items():
                with self.subTest(name=name, write=write):
                    write(tx)
                    self.assertEqual(before, self.outcome(in_thread(work)), name)
        self.assertNotEqual(before, work())

    def single(self, call: Callable[[Transaction], Any]) -> Any:
        """A reader's only call."""
        tx = self.engine.read(snapshot=False)
        try:
            return call(tx)
        finally:
            tx.rollback()

    def test_a_reader_of_the_writer_s_own_thread(self) -> None:
        with self.reader() as reader:
            before = everything(reader)
        with self.writer() as tx:
            tx.update("instances", TRUE, {"host": "h9"})
            with self.reader() as reader:
                self.assertEqual(before, everything(reader))
            self.assertEqual({"h9"}, {row["host"] for row in tx.select(Query("instances"))})
        self.assertEqual({"h9"}, {row["host"] for row in self.select("instances")})

    def test_a_reader_stays_with_its_state_over_many_commits(self) -> None:
        with self.reader() as early:
            before = everything(early)
            states = []
            for number, (name, write) in enumerate(self.writes().items()):  # one story
                if number % 3 == 2:
                    self.outcome(in_thread(lambda: self.undone(write)))  # noqa: B023 - it has ended by the next one
                else:
                    self.outcome(self.in_thread(write))
                self.assertEqual(before, everything(early), name)
                states.append(self.seen())
            self.assertEqual(before, everything(early))
        self.assertNotEqual(before, states[0])
        self.assertEqual(states[-1], self.seen())

    def undone(self, write: Callable[[Transaction], object]) -> None:
        """Write and roll back."""
        tx = self.engine.write()
        write(tx)
        tx.rollback()

    def test_what_a_savepoint_undoes_never_shows(self) -> None:
        before = self.seen()
        with self.writer() as tx:
            for number, (name, write) in enumerate(self.writes().items()):
                with self.subTest(number=number, name=name, write=write):
                    with contextlib.suppress(ZeroDivisionError), tx.savepoint():
                        write(tx)
                        if number % 2:
                            self.assertEqual(before, self.seen(), name)
                        raise ZeroDivisionError
                    self.assertEqual(before, self.seen(), name)
            tx.update("services", Eq("id", 1), {"host": "kept"})
            self.assertEqual(before, self.seen())
            after = everything(tx)
        self.assertEqual(after, self.seen())

    def test_random_writes_beside_readers(self) -> None:
        dice = random.Random(8)
        writes = self.writes()
        del writes["insert"], writes["delete and insert"]  # the row is there once
        for _ in range(_ROUNDS):
            with self.reader() as early:
                before = everything(early)
                tx = self.engine.write()
                for name in dice.choices(list(writes), k=dice.randint(1, 4)):
                    with self.subTest(name=name):
                        writes[name](tx)
                        self.assertEqual(before, self.seen(), name)
                after = everything(tx)
                commits = dice.random() < 0.6
                (tx.commit if commits else tx.rollback)()
                self.assertEqual(before, everything(early))
            self.assertEqual(after if commits else before, self.seen())
