"""The info cache of an instance."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db_conformance import decision
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.races import Round, race
from nova_db_conformance.harness.values import a_uuid

NOON = dt.datetime(2013, 3, 1, 12, 0)
COLUMNS = ("id", "network_info", "instance_uuid", "created_at", "updated_at", "deleted_at", "deleted")


class CacheTestCase(ConformanceTestCase):
    """An instance with an info cache."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.instance = self.make.instance(info_cache={"network_info": "old"})
        self.uuid: str = self.instance["uuid"]
        self.cache: dict[str, Any] = self.instance["info_cache"]
        self.later = self.advance(60)

    def get(self, read_deleted: str = "no", uuid: Any = None) -> dict[str, Any] | None:
        found: dict[str, Any] | None
        found = self.db.instance_info_cache_get(self.seeing(read_deleted, self.user), uuid or self.uuid)
        return found

    def update(self, values: dict[str, Any], uuid: Any = None, read_deleted: str = "no") -> dict[str, Any]:
        context = self.seeing(read_deleted, self.user)
        return self.api.instance_info_cache_update(context, uuid or self.uuid, values)

    def lost(self) -> str:
        """The uuid of an instance that has lost its cache."""
        return str(self.insert("instances", {"uuid": a_uuid()})[0]["uuid"])

    def assertPlaceholder(self, found: dict[str, Any], uuid: Any, **values: Any) -> None:
        """Check that a record is the one that is returned where nothing could be stored."""
        self.assertEqual({**dict.fromkeys(COLUMNS), "instance_uuid": uuid, **values}, found)


class TestInfoCacheGet(CacheTestCase):
    """``instance_info_cache_get``."""

    def test_it_returns_the_cache(self) -> None:
        found = self.get()
        self.assertShape(found, "instance_info_caches")
        self.assertEqual(self.cache, found)
        self.assertPrivate(self.get)

    def test_what_is_missing_is_none(self) -> None:
        for uuid in (a_uuid(), "vm", self.uuid.upper(), "x" * 99, self.lost()):
            with self.subTest(uuid=uuid):
                self.assertIsNone(self.get(uuid=uuid))
        self.assertIsNone(self.db.instance_info_cache_get(self.user, None))

    def test_the_context_says_whether_a_deleted_one_is_seen(self) -> None:
        self.assertEqual(self.cache, self.get("yes"))
        self.assertIsNone(self.get("only"))
        self.db.instance_info_cache_delete(self.user, self.uuid)
        self.assertIsNone(self.get())
        gone = {**self.cache, "deleted": self.cache["id"], "deleted_at": self.later}
        self.assertEqual(gone, self.get("yes"))
        self.assertEqual(gone, self.get("only"))

    def test_nobody_asks_whose_instance_it_is(self) -> None:
        self.assertEqual(self.cache, self.db.instance_info_cache_get(self.other, self.uuid))

    def test_only_users_and_administrators_may(self) -> None:
        nobodies = (self.nobody, self.context(user_id=None), self.context(project_id=None))
        for call in (
            lambda context: self.db.instance_info_cache_get(context, self.uuid),
            lambda context: self.db.instance_info_cache_update(context, self.uuid, {"no": "column"}),
            lambda context: self.db.instance_info_cache_delete(context, self.uuid),
        ):
            with self.subTest(call=call):
                self.assertNotAuthorized(nobodies, call)
        self.assertEqual(self.cache, self.get())


class TestInfoCacheUpdate(CacheTestCase):
    """``instance_info_cache_update``."""

    @decision(21)
    def test_a_live_cache_is_written_and_returned(self) -> None:
        expected = {**self.cache, "network_info": "new", "updated_at": self.later}
        self.assertEqual(expected, self.update({"network_info": "new"}))
        self.assertEqual(expected, self.get())
        self.assertEqual(expected, self.db.instance_get_by_uuid(self.user, self.uuid)["info_cache"])

    def test_the_instance_is_left_alone(self) -> None:
        self.update({"network_info": "new"})
        found = self.db.instance_get_by_uuid(self.user, self.uuid)
        self.assertEqual({**self.instance, "info_cache": found["info_cache"]}, found)

    def test_the_time_of_the_update_moves_only_if_something_changes(self) -> None:
        for values in ({}, {"network_info": "old"}, {"network_info": "old", "deleted": "0"}):
            with self.subTest(values=values):
                self.assertEqual(self.cache, self.update(values))
        self.assertEqual(self.cache, self.get())
        self.update({"network_info": "5"})
        self.advance(60)
        self.assertRecord(self.update({"network_info": 5}), network_info="5", updated_at=self.later)

    def test_a_time_that_is_given_is_stored(self) -> None:
        for moment in (dt.datetime(2000, 1, 1), None):
            with self.subTest(moment=moment):
                self.assertRecord(self.update({"network_info": "new", "updated_at": moment}), updated_at=moment)

    def test_the_text_may_be_long_or_missing(self) -> None:
        for text in ("é" * 2**20, "", None):
            with self.subTest(text=text):
                self.assertRecord(self.update({"network_info": text}), network_info=text)
                self.assertEqual(text, (self.get() or {})["network_info"])

    def test_a_live_cache_is_written_under_yes(self) -> None:
        self.assertRecord(self.update({"network_info": "new"}, read_deleted="yes"), network_info="new", deleted=0)
        self.assertRecord(self.get(), network_info="new")

    def test_a_deleted_cache_that_is_seen_is_refused(self) -> None:
        self.db.instance_info_cache_delete(self.user, self.uuid)
        before = self.dump()
        for read_deleted in ("yes", "only"):
            for values in ({"network_info": "new"}, {"deleted": 0}, {}):
                with (
                    self.subTest(read_deleted=read_deleted, values=values),
                    self.raises(exceptions.InstanceInfoCacheNotFound, instance_uuid=self.uuid, code=404),
                ):
                    self.update(values, read_deleted=read_deleted)
        self.assertSameRows(before, "although the cache is deleted")

    def test_what_cannot_be_seen_is_not_stored_and_no_error(self) -> None:
        gone = self.make.deleted_instance()["uuid"]
        before = self.dump()
        unseen = ((gone, "no"), (self.uuid, "only"), (a_uuid(), "no"), (a_uuid(), "yes"), ("vm", "no"))
        for uuid, read_deleted in unseen:
            with self.subTest(uuid=uuid, read_deleted=read_deleted):
                found = self.update({"network_info": "new"}, uuid, read_deleted)
                self.assertPlaceholder(found, uuid, network_info="new")
                self.assertPlaceholder(self.update({}, uuid, read_deleted), uuid)
        found = self.db.instance_info_cache_update(self.user, None, {"network_info": "new"})
        self.assertPlaceholder(found, None, network_info="new")
        self.assertSameRows(before, "although no cache was seen")

    @decision(21)
    def test_a_placeholder_has_no_id_and_the_uuid_asked_for(self) -> None:
        unknown, moment = a_uuid(), dt.datetime(2000, 1, 1)
        found = self.update({"id": 5, "instance_uuid": self.uuid, "deleted": 3, "updated_at": moment}, unknown)
        self.assertPlaceholder(found, unknown, deleted=3, updated_at=moment)

    @decision(21)
    def test_a_cache_that_was_lost_is_made_anew(self) -> None:
        for read_deleted in ("no", "yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                uuid = self.lost()
                made = self.update({"network_info": "new"}, uuid, read_deleted)
                self.assertShape(made, "instance_info_caches")
                self.assertRecord(made, network_info="new", instance_uuid=uuid, created_at=self.later, deleted=0)
                self.assertEqual(made, self.get(uuid=uuid))

    def test_a_cache_that_is_made_anew_belongs_to_its_instance(self) -> None:
        uuid = self.lost()
        made = self.update({"instance_uuid": self.uuid, "id": 77}, uuid)
        self.assertRecord(made, id=77, instance_uuid=uuid, network_info=None)

    def test_a_cache_can_be_moved_to_an_instance_without_one(self) -> None:
        uuid = self.lost()
        moved = self.update({"instance_uuid": uuid})
        self.assertEqual({**self.cache, "instance_uuid": uuid, "updated_at": self.later}, moved)
        self.assertEqual(moved, self.get(uuid=uuid))
        self.assertIsNone(self.get())

    def test_a_cache_cannot_be_moved_elsewhere(self) -> None:
        taken, deleted = self.make.instance()["uuid"], self.make.deleted_instance()["uuid"]
        before = self.dump()
        table = "instance_info_caches"
        for uuid in (taken, deleted):
            with (
                self.subTest(uuid=uuid),
                self.raises(exceptions.DBDuplicateEntry, table=table, columns=["instance_uuid"]),
            ):
                self.update({"instance_uuid": uuid, "network_info": "new"})
        with self.raises(exceptions.DBReferenceError, table=table, columns=["instance_uuid"]):
            self.update({"instance_uuid": a_uuid(), "network_info": "new"})
        with self.raises(exceptions.DBDataError, table=table, columns=["instance_uuid"], value=None):
            self.update({"instance_uuid": None, "network_info": "new"})
        self.assertSameRows(before, "although the cache could not be moved")

    def test_an_unknown_column_is_refused_wherever_the_cache_is(self) -> None:
        gone = self.make.deleted_instance()["uuid"]
        before = self.dump()
        for uuid in (self.uuid, gone, a_uuid(), self.lost()):
            with self.subTest(uuid=uuid):
                before = self.dump()
                with self.raises(
                    exceptions.UnknownColumn, table="instance_info_caches", column="network", nearest="network_info"
                ):
                    self.update({"network": "new"}, uuid)
                with self.raises(exceptions.DBDataError, table="instance_info_caches", columns=["network_info"]):
                    self.update({"network_info": ["new"]}, uuid)
                self.assertSameRows(before, "although the column does not exist")

    def test_it_happens_or_not(self) -> None:
        self.assertAtomic(lambda: self.update({"network_info": "new"}))
        uuid = self.lost()
        self.assertAtomic(lambda: self.update({"network_info": "new"}, uuid))
        for written in (self.uuid, uuid):
            with self.subTest(written=written):
                self.assertRecord(self.get(uuid=written), network_info="new")


class TestInfoCacheDelete(CacheTestCase):
    """``instance_info_cache_delete``."""

    def delete(self, read_deleted: str = "no", uuid: Any = None) -> None:
        self.assertIsNone(self.db.instance_info_cache_delete(self.seeing(read_deleted), uuid or self.uuid))

    def test_the_cache_is_soft_deleted(self) -> None:
        self.delete()
        gone = {**self.cache, "deleted": self.cache["id"], "deleted_at": self.later}
        self.assertEqual([gone], self.dump()["instance_info_caches"])
        self.assertEqual(gone, self.db.instance_get_by_uuid(self.user, self.uuid)["info_cache"])

    def test_what_is_missing_is_no_error(self) -> None:
        before = self.dump()
        for uuid in (a_uuid(), "vm", self.uuid.upper(), "x" * 99):
            self.delete(uuid=uuid)
        self.db.instance_info_cache_delete(self.user, None)
        self.delete("only")
        self.assertSameRows(before, "although there was nothing to delete")

    def test_the_time_of_deletion_is_renewed_where_the_deletion_is_seen(self) -> None:
        self.delete("yes")
        for read_deleted, renewed in (("no", False), ("yes", True), ("only", True)):
            with self.subTest(read_deleted=read_deleted, renewed=renewed):
                before, now = self.get("yes"), self.advance(60)
                self.delete(read_deleted)
                self.assertEqual({**(before or {}), "deleted_at": now} if renewed else before, self.get("yes"))

    def test_there_is_no_way_back(self) -> None:
        self.delete()
        self.assertPlaceholder(self.update({"network_info": "new"}), self.uuid, network_info="new")
        self.assertPlaceholder(self.update({"deleted": 0}), self.uuid, deleted=0)
        self.assertIsNone(self.get())

    def test_it_happens_or_not(self) -> None:
        self.assertAtomic(self.delete)
        self.assertIsNone(self.get())


class TestRacesForCaches(CacheTestCase):
    """Eight callers, one cache."""

    ROUNDS = 40

    def test_an_update_never_revives_a_cache_that_was_deleted(self) -> None:
        current: list[str] = []

        def compete(thread: int) -> Any:
            if thread == 0:
                self.db.instance_destroy(self.user, current[-1])
            elif thread == 1:
                self.db.instance_info_cache_delete(self.user, current[-1])
            else:
                return self.update({"network_info": str(thread)}, current[-1])
            return None

        def finish(done: Round) -> None:
            self.assertIsNone(self.get(uuid=current[-1]))
            gone = self.get("only", current[-1]) or {}
            written = [found for found in done.results if found is not None and found["created_at"] is not None]
            for found in written:
                self.assertRecord(found, id=gone["id"], deleted=0)
            texts = {found["network_info"] for found in written}
            self.assertIn(gone["network_info"], texts or {None})

        rounds = race(
            compete,
            rounds=self.ROUNDS,
            prepare=lambda _: current.append(self.make.instance()["uuid"]),
            finish=finish,
        )
        self.assertEqual(self.ROUNDS * 8, sum(len(done.results) for done in rounds))

    def test_a_lost_cache_is_made_anew_once(self) -> None:
        current: list[str] = []

        def finish(done: Round) -> None:
            self.assertEqual(8, len(done.results))
            self.assertEqual(1, len({found["id"] for found in done.results}))
            texts = [found["network_info"] for found in done.results]
            self.assertEqual([str(thread) for thread in range(8)], texts)
            self.assertIn((self.get(uuid=current[-1]) or {})["network_info"], texts)

        rounds = race(
            lambda thread: self.update({"network_info": str(thread)}, current[-1]),
            rounds=self.ROUNDS,
            prepare=lambda _: current.append(self.lost()),
            finish=finish,
        )
        self.assertEqual(self.ROUNDS, len(rounds))
        self.assertEqual(self.ROUNDS + 1, len(self.dump()["instance_info_caches"]))
