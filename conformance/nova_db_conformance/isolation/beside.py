"""Scenarios in which a single call of another thread comes between two calls of a run."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from nova_db.exceptions import DBReferenceError
from nova_db_conformance.harness.values import block_device_values
from nova_db_conformance.isolation.answers import ANSWERS, Answer
from nova_db_conformance.isolation.cases import IsolationTestCase, outcome
from nova_db_conformance.isolation.names import ERRORS, UPSERTS, Name
from nova_db_conformance.isolation.parents import PARENTS, Parent

Rounds = dict[str, Callable[[int], None]]


class BesideRounds(IsolationTestCase):
    """A round of each."""

    def taken_once(self, name: Name, _: int) -> None:
        """A run has read something else; a single call takes the name; then the run takes it."""
        self.set_option("osapi_compute_unique_server_name_scope", name.scope)
        key = name.prepare(self)
        single = self.beside(lambda: name.call(self, key))

        def work() -> None:
            self.db.service_get_all(self.admin)
            single.happens()
            name.call(self, key)

        errors = [outcome(lambda: self.together(work)), single.outcome()]
        refused = [type(error) for error in errors if error is not None]
        self.assertEqual([] if name.taken is None else [name.taken], refused, "errors of the two callers")
        found = self.live(name.table, **name.where(key))
        self.assertEqual(1, len(found), f"live rows of {name.table} with {name.where(key)}: {found}")

    def no_orphan_of_a_run(self, parent: Parent, _: int) -> None:
        """A run has read the parent; a single call gives it a child; then the run destroys it."""
        key = parent.make(self)
        single = self.beside(lambda: parent.child(self, key))

        def work() -> bool:
            parent.look(self, key)
            was_first = single.happens()
            parent.destroy(self, key)
            return was_first

        was_first: list[bool] = []
        errors = [outcome(lambda: was_first.append(self.together(work))), single.outcome()]
        self._require(parent, errors)
        if any(was_first) or not parent.may_be_late:
            self._require_none_left(parent, key)

    def no_orphan_of_a_call(self, parent: Parent, _: int) -> None:
        """A run has read the parent; a single call destroys it; then the run gives it a child."""
        key = parent.make(self)
        single = self.beside(lambda: parent.destroy(self, key))

        def work() -> None:
            parent.look(self, key)
            single.happens()
            parent.child(self, key)

        self._require(parent, [outcome(lambda: self.together(work)), single.outcome()])
        self._require_none_left(parent, key)

    def _require(self, parent: Parent, errors: list[Exception | None]) -> None:
        for error in errors:
            if error is not None and not isinstance(error, parent.gone):
                raise error

    def _require_none_left(self, parent: Parent, key: Any) -> None:
        left = parent.orphans(self, key) if parent.is_dead(self, key) else []
        self.assertEqual([], left, "live children of a dead parent")

    def refused_and_found(self, answer: Answer, _: int) -> None:
        """A run has not found something; a single call makes it; the run is refused because of it, and finds it."""
        key = answer.make(self)
        single = self.beside(lambda: answer.call(self, key))

        def work() -> tuple[bool, bool, object]:
            before = bool(answer.find(self, key))
            single.happens()
            try:
                answer.call(self, key)
            except answer.refused:
                return before, True, answer.find(self, key)
            return before, False, answer.find(self, key)

        before, was_refused, found = self.together(work)
        error = single.outcome()
        self.assertTrue(found, "what the run was refused for, or has made, is not found by it")
        self.assertEqual(was_refused, before, "what it was refused for is what it had found before, too")
        self.assertIsInstance(error, type(None) if was_refused else answer.refused)

    def refused_and_gone(self, _: int) -> None:
        """A run has found a deleted row; a single call archives it; then the run refers to it, and looks again."""
        uuid = self.make.deleted_instance()["uuid"]
        for table in ("instance_info_caches", "security_group_instance_association"):
            self.db.archive_deleted_rows_for_table(self.admin, table)
        single = self.beside(lambda: self.db.archive_deleted_rows_for_table(self.admin, "instances"))

        def is_there() -> bool:
            return outcome(lambda: self.db.instance_get_by_uuid(self.seeing("yes"), uuid)) is None

        def work() -> tuple[bool, bool, bool]:
            before = is_there()
            single.happens()
            values = block_device_values(instance_uuid=uuid)
            refused = outcome(lambda: self.db.block_device_mapping_create(self.admin, values))
            if refused is not None and not isinstance(refused, DBReferenceError):
                raise refused
            return before, refused is None, is_there()

        self.assertIn(self.together(work), ((True, True, True), (False, False, False)), "found, referred to, found")
        single.result()

    def beside_rounds(self) -> Rounds:
        """All of these, by name."""
        return {
            **{f"name: {name.name}": partial(self.taken_once, name) for name in (*ERRORS, *UPSERTS)},
            **{f"orphan: {parent.name}, run": partial(self.no_orphan_of_a_run, parent) for parent in PARENTS},
            **{f"orphan: {parent.name}, call": partial(self.no_orphan_of_a_call, parent) for parent in PARENTS},
            **{f"answer: {answer.name}": partial(self.refused_and_found, answer) for answer in ANSWERS},
            "answer: row that was archived": self.refused_and_gone,
        }
