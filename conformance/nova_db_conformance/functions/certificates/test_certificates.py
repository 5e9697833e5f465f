"""Certificates of users in projects."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import THREADS, Round, race
from nova_db_conformance.harness.values import certificate_values

COLUMNS = ("user_id", "project_id", "file_name")


class TestCertificates(ConformanceTestCase):
    """They are made and listed by administrators."""

    def test_every_column_is_stored_as_given(self) -> None:
        values = {
            "id": 7,
            "user_id": "u1",
            "project_id": "p1",
            "file_name": "/ca/newcerts/ü.pem",
            "created_at": NOON,
            "updated_at": NOON + dt.timedelta(days=1),
            "deleted_at": NOON + dt.timedelta(days=2),
            "deleted": 0,
        }
        created = self.db.certificate_create(self.admin, values)
        self.assertShape(created, "certificates")
        self.assertEqual(values, created)
        self.assertEqual([values], self.db.certificate_get_all_by_user(self.admin, "u1"))

    def test_what_is_not_given_is_null(self) -> None:
        self.set_time(NOON)
        created = self.db.certificate_create(self.admin, {})
        nulls = dict.fromkeys((*COLUMNS, "updated_at", "deleted_at"))
        self.assertEqual({"id": 1, "created_at": NOON, "deleted": 0, **nulls}, created)
        for found in (
            self.db.certificate_get_all_by_user(self.admin, None),
            self.db.certificate_get_all_by_project(self.admin, None),
            self.db.certificate_get_all_by_user_and_project(self.admin, None, None),
        ):
            with self.subTest(found=found):
                self.assertEqual([created], found)

    def test_the_record_is_in_stored_form(self) -> None:
        created = self.make.certificate(user_id=1, project_id=2, file_name=0.5)
        self.assertRecord(created, user_id="1", project_id="2", file_name="0.5")
        self.assertEqual([created], self.db.certificate_get_all_by_user(self.admin, 1))
        self.assertEqual([created], self.db.certificate_get_all_by_project(self.admin, 2))
        self.assertEqual([created], self.db.certificate_get_all_by_user_and_project(self.admin, 1, 2))

    def test_what_cannot_be_stored_is_refused(self) -> None:
        cases: list[tuple[str, Any]] = [*[(name, "x" * 256) for name in COLUMNS], ("file_name", ["x"])]
        for column, value in cases:
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="certificates", columns=[column], value=value),
            ):
                self.make.certificate(**{column: value})
        with self.raises(exceptions.UnknownColumn, table="certificates", column="filename", nearest="file_name"):
            self.make.certificate(filename="x")
        self.assertEqual({}, self.dump())

    def test_they_are_listed_by_user_by_project_and_by_both_in_order(self) -> None:
        made = {
            (number, user, project): self.make.certificate(id=number, user_id=user, project_id=project)
            for number, user, project in ((9, "u1", "p1"), (4, "u1", "p2"), (6, "u2", "p1"), (2, "u1", "p1"))
        }

        def expected(**wanted: str) -> list[dict[str, Any]]:
            rows = [made[key] for key in sorted(made)]
            return [row for row in rows if all(row[name] == value for name, value in wanted.items())]

        for user in ("u1", "u2", "u3", "U1", ""):
            with self.subTest(user=user):
                by_user = self.db.certificate_get_all_by_user(self.admin, user)
                self.assertEqual(expected(user_id=user), by_user)
                for project in ("p1", "p2", "p3"):
                    with self.subTest(project=project):
                        by_project = self.db.certificate_get_all_by_project(self.admin, project)
                        self.assertEqual(expected(project_id=project), by_project)
                        both = self.db.certificate_get_all_by_user_and_project(self.admin, user, project)
                        self.assertEqual(expected(user_id=user, project_id=project), both)
        self.assertEqual(3, len(self.db.certificate_get_all_by_user(self.admin, "u1")))
        self.assertPrivate(lambda: self.db.certificate_get_all_by_project(self.admin, "p1"))

    def test_live_ones_are_listed_whatever_is_seen(self) -> None:
        self.make.certificate(deleted=5, deleted_at=NOON)
        live = self.make.certificate()
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                context = self.seeing(mode)
                self.assertEqual([live], self.db.certificate_get_all_by_user(context, "u1"))
                self.assertEqual([live], self.db.certificate_get_all_by_project(context, "p1"))
                self.assertEqual([live], self.db.certificate_get_all_by_user_and_project(context, "u1", "p1"))

    def test_what_is_no_text_matches_nothing(self) -> None:
        self.make.certificate()
        for value in (["u1"], b"u1", "u1\0", None):
            with self.subTest(value=value):
                self.assertEqual([], self.db.certificate_get_all_by_user(self.admin, value))
                self.assertEqual([], self.db.certificate_get_all_by_project(self.admin, value))
                self.assertEqual([], self.db.certificate_get_all_by_user_and_project(self.admin, "u1", value))

    def test_every_call_is_for_administrators(self) -> None:
        self.assertAdminOnly(lambda context: self.db.certificate_create(context, {"no column": 1}))
        self.assertAdminOnly(lambda context: self.db.certificate_get_all_by_user(context, "u1"))
        self.assertAdminOnly(lambda context: self.db.certificate_get_all_by_project(context, "p1"))
        self.assertAdminOnly(lambda context: self.db.certificate_get_all_by_user_and_project(context, "u1", "p1"))
        self.assertEqual({}, self.dump())

    def test_one_is_made_or_not(self) -> None:
        made = self.assertAtomic(lambda: self.db.certificate_create(self.admin, certificate_values()))
        self.assertEqual([made], self.db.certificate_get_all_by_user(self.admin, "u1"))

    def test_calls_join_a_transaction(self) -> None:
        with self.db.transaction(self.admin):
            kept = self.make.certificate()
            with self.raises(exceptions.UnknownColumn):
                self.make.certificate(name="x")
            self.assertEqual([kept], self.db.certificate_get_all_by_user(self.admin, "u1"))
        with self.raises(LookupError), self.db.transaction(self.admin):
            self.make.certificate()
            raise LookupError
        self.assertEqual([kept], self.db.certificate_get_all_by_user(self.admin, "u1"))

    def test_those_that_are_made_at_once_are_all_there(self) -> None:
        def finish(done: Round) -> None:
            made = sorted(done.results, key=lambda certificate: certificate["id"])
            self.assertEqual(made, self.db.certificate_get_all_by_project(self.admin, f"p{done.number}"))
            self.assertEqual(THREADS, len({certificate["id"] for certificate in made}))

        project = {"project_id": ""}
        race(
            lambda _: self.make.certificate(**project),
            rounds=15,
            prepare=lambda number: project.update(project_id=f"p{number}"),
            finish=finish,
        )
