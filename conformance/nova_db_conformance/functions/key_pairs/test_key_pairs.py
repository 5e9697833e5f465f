"""Key pairs of users."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from nova_db import exceptions
from nova_db_conformance import decision
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import THREADS, Round, race
from nova_db_conformance.harness.values import key_pair_values


class TestKeyPairCreate(ConformanceTestCase):
    """New key pairs."""

    def test_every_column_is_stored_as_given(self) -> None:
        values = {
            "id": 7,
            "name": "schlüssel",
            "user_id": "u1",
            "fingerprint": "3d:0f:6c:a1",
            "public_key": "ssh-ed25519 AAAA \U0001f511\n",
            "created_at": NOON,
            "updated_at": NOON + dt.timedelta(days=1),
            "deleted_at": NOON + dt.timedelta(days=2),
            "deleted": 0,
        }
        created = self.db.key_pair_create(self.user, values)
        self.assertShape(created, "key_pairs")
        self.assertEqual(values, created)
        self.assertEqual(values, self.db.key_pair_get(self.user, "u1", "schlüssel"))

    def test_what_is_not_given_is_null(self) -> None:
        self.set_time(NOON)
        created = self.db.key_pair_create(self.user, {})
        self.assertShape(created, "key_pairs")
        nulls = dict.fromkeys(("name", "user_id", "fingerprint", "public_key", "updated_at", "deleted_at"))
        self.assertEqual({"id": 1, "created_at": NOON, "deleted": 0, **nulls}, created)
        self.assertEqual(created, self.db.key_pair_get(self.admin, None, None))

    @decision(2)
    def test_the_private_key_is_echoed_and_not_stored(self) -> None:
        for secret in ("-----BEGIN PRIVATE KEY-----", None, ""):
            with self.subTest(secret=secret):
                values = key_pair_values(private_key=secret)
                created = self.db.key_pair_create(self.user, values)
                self.assertShape(created, "key_pairs", "private_key")
                self.assertRecord(created, **values)
                del created["private_key"]
                self.assertEqual(created, self.db.key_pair_get(self.user, "u1", values["name"]))
        self.assertNotIn("PRIVATE", str(self.dump()))

    def test_the_record_is_in_stored_form(self) -> None:
        created = self.make.key_pair(name=5, user_id=7, fingerprint=1.5, public_key=0)
        self.assertRecord(created, name="5", user_id="7", fingerprint="1.5", public_key="0")
        self.assertEqual(created, self.db.key_pair_get(self.admin, 7, 5))

    def test_what_cannot_be_stored_is_refused(self) -> None:
        cases: list[tuple[str, Any]] = [
            ("name", "n" * 256),
            ("user_id", "u" * 256),
            ("fingerprint", "f" * 256),
            ("public_key", ["ssh"]),
            ("public_key", "a\0b"),
            ("public_key", b"ssh"),
            ("created_at", "now"),
        ]
        for column, value in cases:
            with (
                self.subTest(column=column),
                self.raises(exceptions.DBDataError, table="key_pairs", columns=[column], value=value),
            ):
                self.make.key_pair(**{column: value})
        self.assertEqual({}, self.dump())

    def test_a_long_public_key_is_kept_whole(self) -> None:
        key = "ssh-rsa " + "A" * 70_000
        self.assertEqual(key, self.make.key_pair(name="long", public_key=key)["public_key"])
        self.assertEqual(key, self.db.key_pair_get(self.user, "u1", "long")["public_key"])

    def test_a_key_that_is_no_column_is_refused(self) -> None:
        for unknown, nearest in (("keyname", "name"), ("publickey", "public_key"), ("private_keys", "public_key")):
            with (
                self.subTest(unknown=unknown, nearest=nearest),
                self.raises(exceptions.UnknownColumn, table="key_pairs", column=unknown, nearest=nearest, code=400),
            ):
                self.make.key_pair(**{unknown: "x"})
        self.assertEqual({}, self.dump())

    def test_anyone_may_make_one_for_anyone(self) -> None:
        for context in (self.user, self.other, self.admin):
            with self.subTest(context=context):
                created = self.db.key_pair_create(context, key_pair_values(user_id="u3"))
                self.assertRecord(created, user_id="u3")
        self.assertEqual(3, self.db.key_pair_count_by_user(self.admin, "u3"))
        self.assertNotAuthorized(
            [self.nobody, self.context(project_id=None), self.context(user_id=None)],
            lambda context: self.db.key_pair_create(context, key_pair_values(user_id="u3")),
        )
        self.assertEqual(3, self.db.key_pair_count_by_user(self.admin, "u3"))

    def test_a_failure_leaves_nothing(self) -> None:
        values = key_pair_values()
        created = self.assertAtomic(lambda: self.db.key_pair_create(self.user, values))
        self.assertEqual([created], self.db.key_pair_get_all_by_user(self.user, "u1"))


class TestKeyPairs(ConformanceTestCase):
    """Reading and destroying key pairs."""

    def test_a_users_key_pairs_are_found_listed_and_counted(self) -> None:
        mine = [self.make.key_pair(name=name) for name in ("b", "a", "c")]
        theirs = self.make.key_pair(name="a", user_id="u2")
        for context in (self.user, self.admin):
            with self.subTest(context=context):
                self.assertEqual(mine[1], self.db.key_pair_get(context, "u1", "a"))
                self.assertEqual(mine, self.db.key_pair_get_all_by_user(context, "u1"))
                self.assertEqual(3, self.db.key_pair_count_by_user(context, "u1"))
        self.assertEqual(theirs, self.db.key_pair_get(self.other, "u2", "a"))
        self.assertEqual([theirs], self.db.key_pair_get_all_by_user(self.other, "u2"))
        self.assertEqual(1, self.db.key_pair_count_by_user(self.other, "u2"))
        self.assertPrivate(lambda: self.db.key_pair_get(self.user, "u1", "a"))
        self.assertPrivate(lambda: self.db.key_pair_get_all_by_user(self.user, "u1"))

    def test_a_user_may_have_none(self) -> None:
        self.make.key_pair(user_id="u2")
        for context in (self.user, self.admin):
            with self.subTest(context=context):
                self.assertEqual([], self.db.key_pair_get_all_by_user(context, "u1"))
                count = self.db.key_pair_count_by_user(context, "u1")
                self.assertIs(int, type(count))
                self.assertEqual(0, count)

    def test_an_unknown_key_pair_is_not_found(self) -> None:
        self.make.key_pair(name="laptop")
        self.make.key_pair(name="desktop", user_id="u2")
        before = self.dump()
        for user, name in (("u1", "desktop"), ("u2", "laptop"), ("U1", "laptop"), ("u1", "Laptop"), ("u1", None)):
            with self.subTest(user=user, name=name):
                with self.raises(exceptions.KeypairNotFound, user_id=user, name=name, code=404):
                    self.db.key_pair_get(self.admin, user, name)
                with self.raises(exceptions.KeypairNotFound, user_id=user, name=name, code=404):
                    self.db.key_pair_destroy(self.admin, user, name)
        self.assertSameRows(before, "although no key pair was named")

    def test_users_and_names_that_are_numbers_are_their_text(self) -> None:
        created = self.make.key_pair(name="5", user_id="7")
        self.assertEqual(created, self.db.key_pair_get(self.admin, 7, 5))
        self.assertEqual([created], self.db.key_pair_get_all_by_user(self.admin, 7))
        self.assertEqual(1, self.db.key_pair_count_by_user(self.admin, 7))
        self.db.key_pair_destroy(self.admin, 7, 5)
        with self.raises(exceptions.KeypairNotFound, user_id=7, name=5):
            self.db.key_pair_get(self.admin, 7, 5)

    def test_of_several_with_one_name_the_first_is_found_and_all_are_destroyed(self) -> None:
        first, second, kept = [self.make.key_pair(name=name) for name in ("laptop", "laptop", "desktop")]
        theirs = self.make.key_pair(name="laptop", user_id="u2")
        self.assertEqual(first, self.db.key_pair_get(self.user, "u1", "laptop"))
        self.assertEqual([first, second, kept], self.db.key_pair_get_all_by_user(self.user, "u1"))
        self.db.key_pair_destroy(self.user, "u1", "laptop")
        self.assertEqual([kept], self.db.key_pair_get_all_by_user(self.user, "u1"))
        self.assertEqual(theirs, self.db.key_pair_get(self.other, "u2", "laptop"))

    def test_a_destroyed_key_pair_is_gone_for_good(self) -> None:
        created = self.make.key_pair(name="laptop")
        self.assertIsNone(self.db.key_pair_destroy(self.user, "u1", "laptop"))
        self.assertEqual({}, self.dump())
        for mode in ("no", "yes", "only"):
            with self.subTest(mode=mode):
                with self.raises(exceptions.KeypairNotFound, user_id="u1", name="laptop"):
                    self.db.key_pair_get(self.seeing(mode), "u1", "laptop")
                with self.raises(exceptions.KeypairNotFound, user_id="u1", name="laptop"):
                    self.db.key_pair_destroy(self.seeing(mode), "u1", "laptop")
        self.assertEqual(0, self.db.archive_deleted_rows_for_table(self.admin, "key_pairs"))
        self.assertGreater(self.make.key_pair(name="laptop")["id"], created["id"])

    def test_what_a_context_sees_decides_what_is_found_and_destroyed_but_not_what_is_listed(self) -> None:
        def fill() -> None:
            self.make.key_pair(name="laptop", fingerprint="deleted", deleted=99, deleted_at=NOON)
            self.make.key_pair(name="laptop", fingerprint="live")

        for mode, found, left in (("no", "live", ["deleted"]), ("yes", "deleted", []), ("only", "deleted", ["live"])):
            for base in (self.user, self.admin):
                with self.subTest(read_deleted=mode):
                    fill()
                    context = self.seeing(mode, base)
                    self.assertRecord(self.db.key_pair_get(context, "u1", "laptop"), fingerprint=found)
                    listed = self.db.key_pair_get_all_by_user(context, "u1")
                    self.assertEqual(["live"], [pair["fingerprint"] for pair in listed])
                    self.assertEqual(1, self.db.key_pair_count_by_user(context, "u1"))
                    self.db.key_pair_destroy(context, "u1", "laptop")
                    rows = self.dump().get("key_pairs", [])
                    self.assertEqual(left, [row["fingerprint"] for row in rows])
                    if left:
                        self.db.key_pair_destroy(self.seeing("yes"), "u1", "laptop")

    def test_users_may_read_and_destroy_only_their_own(self) -> None:
        self.make.key_pair(name="laptop")
        before = self.dump()
        strangers = [self.other, self.nobody, self.context(project_id=None), self.context(user_id=None)]
        for name in ("laptop", "unknown"):
            with self.subTest(name=name):
                self.assertNotAuthorized(strangers, partial(self.db.key_pair_get, user_id="u1", name=name))
                self.assertNotAuthorized(strangers, partial(self.db.key_pair_destroy, user_id="u1", name=name))
        self.assertNotAuthorized(strangers, lambda context: self.db.key_pair_get_all_by_user(context, "u1"))
        self.assertNotAuthorized(strangers, lambda context: self.db.key_pair_count_by_user(context, "u1"))
        self.assertNotAuthorized([self.nobody], lambda context: self.db.key_pair_count_by_user(context, None))
        self.assertSameRows(before, "although none of these calls was allowed")
        self.db.key_pair_destroy(self.admin, "u1", "laptop")
        self.assertEqual({}, self.dump())

    def test_a_failure_leaves_everything(self) -> None:
        for _ in range(2):
            self.make.key_pair(name="laptop")
        self.assertAtomic(lambda: self.db.key_pair_destroy(self.user, "u1", "laptop"))
        self.assertEqual({}, self.dump())

    def test_calls_join_a_transaction_and_one_that_fails_leaves_the_rest_of_it(self) -> None:
        with self.db.transaction(self.user):
            created = self.make.key_pair(name="laptop")
            with self.raises(exceptions.KeypairNotFound):
                self.db.key_pair_destroy(self.user, "u1", "desktop")
            with self.raises(exceptions.DBDataError):
                self.make.key_pair(name="n" * 256)
            self.assertEqual(1, self.db.key_pair_count_by_user(self.user, "u1"))
        with self.raises(LookupError), self.db.transaction(self.user):
            self.db.key_pair_destroy(self.user, "u1", "laptop")
            self.make.key_pair(name="desktop")
            self.assertEqual(1, self.db.key_pair_count_by_user(self.user, "u1"))
            raise LookupError
        self.assertEqual([created], self.db.key_pair_get_all_by_user(self.user, "u1"))

    def test_many_destroy_and_one_succeeds(self) -> None:
        def prepare(number: int) -> None:
            for _ in range(2):
                self.make.key_pair(name="laptop")

        def finish(done: Round) -> None:
            self.assertEqual((1, THREADS - 1), (len(done.results), len(done.errors)))
            self.assertEqual(0, self.db.key_pair_count_by_user(self.user, "u1"))

        race(
            lambda _: self.db.key_pair_destroy(self.user, "u1", "laptop"),
            rounds=30,
            prepare=prepare,
            finish=finish,
            allow=exceptions.KeypairNotFound,
        )
