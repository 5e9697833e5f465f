"""Services: which daemons run where, whether they are enabled, and the compute nodes that go with them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db import exceptions
from nova_db_conformance.functions.cases import NO_IDS, NOON
from nova_db_conformance.harness.base import ConformanceTestCase
from nova_db_conformance.harness.values import compute_node_values, service_values


class TestServiceCreate(ConformanceTestCase):
    """The columns of a service."""

    def create(self, **values: Any) -> dict[str, Any]:
        return self.api.service_create(self.admin, values)

    def test_every_column_is_stored_as_given(self) -> None:
        complete = {
            "host": "größe",
            "binary": "nova-compute",
            "topic": "compute",
            "report_count": 5,
            "disabled": True,
            "id": 7,
            "created_at": NOON - dt.timedelta(days=3),
            "updated_at": NOON - dt.timedelta(days=2),
            "deleted_at": NOON - dt.timedelta(days=1),
            "deleted": 0,
        }
        created = self.create(**complete)
        self.assertShape(created, "services")
        self.assertRecord(created, **complete)
        self.assertEqual([created], self.db.service_get_all(self.admin))

    def test_a_service_of_no_values_has_defaults_and_nothing_else(self) -> None:
        self.set_time(NOON)
        for values in ({}, {"disabled": None, "report_count": None, "deleted": None, "created_at": None, "id": None}):
            with self.subTest(values=values):
                created = self.create(**values)
                given = {"id": created["id"], "created_at": NOON, "report_count": 0, "disabled": False, "deleted": 0}
                self.assertRecord(created, **given)
                self.assertEqual({None}, {created[name] for name in created.keys() - given.keys()})

    def test_values_are_stored_in_the_type_of_their_column(self) -> None:
        created = self.create(host=5, report_count="7", disabled=1)
        self.assertRecord(created, host="5", report_count=7, disabled=True)
        self.assertEqual([created], self.db.service_get_all(self.admin))

    def test_nothing_is_unique(self) -> None:
        values = service_values()
        made = [self.create(**values) for _ in range(3)]
        self.assertEqual([1, 2, 3], [service["id"] for service in made])
        self.assertEqual(made, self.db.service_get_all(self.admin))

    def test_what_a_column_cannot_hold_is_refused(self) -> None:
        refused: list[tuple[str, Any]] = [
            *((name, "x" * 256) for name in ("host", "binary", "topic")),
            ("host", "a\0b"),
            ("topic", ["compute"]),
            ("report_count", "many"),
            ("report_count", 2**31),
            ("disabled", "no"),
            ("disabled", 2),
            ("updated_at", "2013-03-01T12:00:00.000000"),
        ]
        for column, value in refused:
            with (
                self.subTest(column=column, value=value),
                self.raises(exceptions.DBDataError, table="services", columns=[column], value=value),
            ):
                self.create(**{column: value})
        self.assertEqual({}, self.dump())

    def test_a_key_that_is_no_column_is_refused(self) -> None:
        for key, nearest in (("hosts", "host"), ("disable", "disabled")):
            with (
                self.subTest(key=key, nearest=nearest),
                self.raises(exceptions.UnknownColumn, table="services", column=key, nearest=nearest),
            ):
                self.create(topic="compute", **{key: "x"})
        for key in ("compute_node", "availability_zone"):
            with self.subTest(key=key), self.raises(exceptions.UnknownColumn, table="services", column=key):
                self.create(**service_values(**{key: []}))
        self.assertEqual({}, self.dump())

    def test_it_is_made_or_not(self) -> None:
        created = self.assertAtomic(lambda: self.create(**service_values()))
        self.assertEqual([created], self.db.service_get_all(self.admin))

    def test_new_services_are_disabled_where_the_option_says_so(self) -> None:
        self.set_option("enable_new_services", False)
        made = [self.create(), *(self.create(disabled=given) for given in (False, True, None, 0))]
        self.assertEqual([True] * 5, [service["disabled"] for service in made])
        self.assertEqual(made, self.db.service_get_all(self.admin))
        with self.raises(exceptions.UnknownColumn, table="services", column="disable"):
            self.create(disable=False)
        self.assertIs(False, self.db.service_update(self.admin, 1, {"disabled": False})["disabled"])
        self.set_option("enable_new_services", True)
        self.assertEqual([False, True], [self.create(disabled=given)["disabled"] for given in (False, True)])


class TestServiceGet(ConformanceTestCase):
    """One service: by its id, or the first that its host and what it does name."""

    def setUp(self) -> None:
        super().setUp()
        self.service = self.make.service(host="h1", id=1)

    def node(self, service_id: int = 1) -> dict[str, Any]:
        return self.api.compute_node_create(self.admin, compute_node_values(service_id=service_id))

    def test_it_has_its_live_compute_nodes(self) -> None:
        self.assertEqual({**self.service, "compute_node": []}, self.db.service_get(self.admin, 1))
        first, gone, last = (self.node() for _ in range(3))
        self.node(service_id=2)
        self.db.compute_node_delete(self.admin, gone["id"])
        columns = [
            {name: value for name, value in node.items() if name not in ("service", "stats")} for node in (first, last)
        ]
        for read_deleted in ("no", "yes"):
            for found in (
                self.db.service_get(self.seeing(read_deleted), "1"),
                self.db.service_get_by_compute_host(self.seeing(read_deleted), "h1"),
            ):
                with self.subTest(read_deleted=read_deleted, found=found):
                    self.assertEqual({**self.service, "compute_node": columns}, found)

    def test_what_is_no_id_finds_nothing(self) -> None:
        for value in NO_IDS:
            with self.subTest(value=value), self.raises(exceptions.ServiceNotFound, service_id=value, code=404):
                self.db.service_get(self.admin, value)

    def test_read_deleted_decides_which_are_seen(self) -> None:
        gone = self.make.service()["id"]
        self.db.service_destroy(self.admin, gone)
        for read_deleted, service_id in (("no", 1), ("yes", 1), ("yes", gone), ("only", gone)):
            with self.subTest(read_deleted=read_deleted, service_id=service_id):
                self.assertEqual(service_id, self.db.service_get(self.seeing(read_deleted), service_id)["id"])
        for read_deleted, service_id in (("no", gone), ("only", 1)):
            with (
                self.subTest(read_deleted=read_deleted, service_id=service_id),
                self.raises(exceptions.ServiceNotFound, service_id=service_id),
            ):
                self.db.service_get(self.seeing(read_deleted), service_id)

    def test_a_deleted_service_has_the_live_nodes_that_it_got_since(self) -> None:
        self.node()
        self.db.service_destroy(self.admin, 1)
        node = self.node()
        self.assertIds(self.db.service_get(self.seeing("only"), 1)["compute_node"], [node])

    def test_a_compute_host_is_found_disabled_or_not(self) -> None:
        self.make.service(host="h1")
        self.make.service(host="h2", topic="scheduler")
        disabled = self.make.service(host="h2", disabled=True)
        for host, service in (("h1", self.service), ("h2", disabled)):
            with self.subTest(host=host, service=service):
                found = self.db.service_get_by_compute_host(self.admin, host)
                self.assertShape(found, "services", "compute_node")
                self.assertEqual(service["id"], found["id"])

    def test_a_compute_host_is_a_live_one(self) -> None:
        self.db.service_destroy(self.admin, 1)
        for read_deleted in ("no", "yes", "only"):
            with (
                self.subTest(read_deleted=read_deleted),
                self.raises(exceptions.ComputeHostNotFound, host="h1", code=404),
            ):
                self.db.service_get_by_compute_host(self.seeing(read_deleted), "h1")
        again = self.make.service(host="h1")
        self.assertEqual(again["id"], self.db.service_get_by_compute_host(self.seeing("only"), "h1")["id"])

    def test_hosts_are_compared_as_they_are(self) -> None:
        self.make.service(host="5", id=5)
        self.make.service(host=None, id=6)
        spellings: tuple[tuple[Any, int], ...] = ((5, 5), (None, 6))
        for host, service_id in spellings:
            with self.subTest(host=host, service_id=service_id):
                self.assertEqual(service_id, self.db.service_get_by_compute_host(self.admin, host)["id"])
        wrong: tuple[Any, ...] = ("H1", "h1 ", "h", "h_", "", "h1\0", ["h1"], 1.0)
        for host in wrong:
            with self.subTest(host=host), self.raises(exceptions.ComputeHostNotFound, host=host):
                self.db.service_get_by_compute_host(self.admin, host)

    def test_the_topic_of_compute_services_is_an_option(self) -> None:
        cells = self.make.service(host="h1", topic="compute.cells")
        self.assertEqual(1, self.db.service_get_by_compute_host(self.admin, "h1")["id"])
        self.set_option("compute_topic", "compute.cells")
        self.assertEqual(cells["id"], self.db.service_get_by_compute_host(self.admin, "h1")["id"])
        self.set_option("compute_topic", "none")
        with self.raises(exceptions.ComputeHostNotFound, host="h1"):
            self.db.service_get_by_compute_host(self.admin, "h1")

    def test_a_binary_on_a_host_is_the_first_that_is_seen_disabled_or_not(self) -> None:
        second = self.make.service(host="h1", disabled=True)
        self.make.service(host="h1", binary="nova-network")
        get = self.db.service_get_by_args
        self.assertEqual(self.service, get(self.admin, "h1", "nova-compute"))
        self.db.service_destroy(self.admin, 1)
        for read_deleted, service_id in (("no", second["id"]), ("yes", 1), ("only", 1)):
            with self.subTest(read_deleted=read_deleted, service_id=service_id):
                self.assertEqual(service_id, get(self.seeing(read_deleted), "h1", "nova-compute")["id"])

    def test_a_binary_that_is_missing_is_named_with_its_host(self) -> None:
        missing: tuple[tuple[Any, Any], ...] = (
            ("h1", "nova-network"),
            ("h2", "nova-compute"),
            ("H1", "nova-compute"),
            ("h1", None),
            (None, "nova-compute"),
            ("h1", "nova\0"),
            (["h1"], "nova-compute"),
        )
        for host, binary in missing:
            with (
                self.subTest(host=host, binary=binary),
                self.raises(exceptions.HostBinaryNotFound, host=host, binary=binary, code=404),
            ):
                self.db.service_get_by_args(self.admin, host, binary)
        with self.raises(exceptions.HostBinaryNotFound, host="h1", binary="nova-compute"):
            self.db.service_get_by_args(self.seeing("only"), "h1", "nova-compute")

    def test_a_topic_on_a_host_is_the_first_that_is_live_and_enabled(self) -> None:
        get = self.db.service_get_by_host_and_topic
        second = self.make.service(host="h1")
        self.make.service(host="h1", topic="scheduler")
        self.assertEqual(self.service, get(self.admin, "h1", "compute"))
        self.db.service_update(self.admin, 1, {"disabled": True})
        self.assertEqual(second, get(self.admin, "h1", "compute"))
        self.db.service_destroy(self.admin, second["id"])
        for read_deleted in ("no", "yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                self.assertIsNone(get(self.seeing(read_deleted), "h1", "compute"))
        self.db.service_update(self.admin, 1, {"disabled": None})
        self.assertIsNone(get(self.admin, "h1", "compute"))

    def test_a_topic_that_is_missing_is_none(self) -> None:
        missing: tuple[tuple[Any, Any], ...] = (("h1", "x"), ("h2", "compute"), (None, "compute"), ("h1", ["compute"]))
        for host, topic in missing:
            with self.subTest(host=host, topic=topic):
                self.assertIsNone(self.db.service_get_by_host_and_topic(self.admin, host, topic))

    def test_records_are_private_copies(self) -> None:
        self.node()
        self.assertPrivate(lambda: self.db.service_get(self.admin, 1))
        self.assertPrivate(lambda: self.db.service_get_by_compute_host(self.admin, "h1"))
        self.assertPrivate(lambda: self.db.service_get_by_args(self.admin, "h1", "nova-compute"))
        self.assertPrivate(lambda: self.db.service_get_by_host_and_topic(self.admin, "h1", "compute"))


class TestServiceLists(ConformanceTestCase):
    """All services, those that listen to a topic, those on a host."""

    def setUp(self) -> None:
        super().setUp()
        self.first = self.make.service(host="h1")
        self.off = self.make.service(host="h1", disabled=True)
        self.gone = self.make.service(host="h1")
        self.neither = self.make.service(host="h2")
        self.scheduler = self.make.service(host="h2", topic="scheduler")
        self.neither = self.db.service_update(self.admin, self.neither["id"], {"disabled": None})
        self.db.service_destroy(self.admin, self.gone["id"])

    def test_all_are_those_that_are_seen_by_id(self) -> None:
        live = [self.first, self.off, self.neither, self.scheduler]
        self.assertEqual(live, self.db.service_get_all(self.admin))
        self.assertIds(self.db.service_get_all(self.seeing("yes")), sorted([*live, self.gone], key=lambda s: s["id"]))
        self.assertIds(self.db.service_get_all(self.seeing("only")), [self.gone])
        for service in self.db.service_get_all(self.seeing("yes")):
            with self.subTest(service=service):
                self.assertShape(service, "services")

    def test_all_may_be_those_that_are_disabled_or_are_not(self) -> None:
        for disabled in (True, 1):
            with self.subTest(disabled=disabled):
                self.assertIds(self.db.service_get_all(self.admin, bool(disabled)), [self.off])
        self.assertIds(self.db.service_get_all(self.admin, disabled=False), [self.first, self.scheduler])
        self.assertIds(self.db.service_get_all(self.seeing("yes"), False), [self.first, self.gone, self.scheduler])
        numbers: tuple[Any, ...] = (0, 1)
        self.assertIds(self.db.service_get_all(self.admin, numbers[0]), [self.first, self.scheduler])
        self.assertIds(self.db.service_get_all(self.admin, numbers[1]), [self.off])
        wrong: tuple[Any, ...] = ("no", 2, [False])
        for value in wrong:
            with self.subTest(value=value):
                self.assertEqual([], self.db.service_get_all(self.admin, value))

    def test_those_of_a_topic_are_live_and_enabled(self) -> None:
        more = self.make.service(host="h3")
        for read_deleted in ("no", "yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                context = self.seeing(read_deleted)
                self.assertEqual([self.first, more], self.db.service_get_all_by_topic(context, "compute"))
                self.assertEqual([self.scheduler], self.db.service_get_all_by_topic(context, "scheduler"))
                for topic in ("Compute", "", None):
                    with self.subTest(topic=topic):
                        self.assertEqual([], self.db.service_get_all_by_topic(context, topic))

    def test_those_on_a_host_are_live_and_disabled_or_not(self) -> None:
        for read_deleted in ("no", "yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                context = self.seeing(read_deleted)
                self.assertEqual([self.first, self.off], self.db.service_get_all_by_host(context, "h1"))
                self.assertEqual([self.neither, self.scheduler], self.db.service_get_all_by_host(context, "h2"))
                for host in ("H1", "h", "", None):
                    with self.subTest(host=host):
                        self.assertEqual([], self.db.service_get_all_by_host(context, host))

    def test_none_asks_for_those_of_no_topic_or_host(self) -> None:
        nowhere = self.db.service_create(self.admin, {})
        self.assertEqual([nowhere], self.db.service_get_all_by_topic(self.admin, None))
        self.assertEqual([nowhere], self.db.service_get_all_by_host(self.admin, None))
        self.assertEqual(nowhere, self.db.service_get_by_host_and_topic(self.admin, None, None))
        self.assertEqual(nowhere, self.db.service_get_by_args(self.admin, None, None))

    def test_lists_are_private_copies(self) -> None:
        self.assertPrivate(lambda: self.db.service_get_all(self.admin))
        self.assertPrivate(lambda: self.db.service_get_all_by_host(self.admin, "h1"))
        self.assertPrivate(lambda: self.db.service_get_all_by_topic(self.admin, "compute"))


class TestWhoMayUseServices(ConformanceTestCase):
    """Administrators, and nobody else."""

    def test_administrators_alone_may_do_anything(self) -> None:
        self.make.service(host="h1")
        before = self.dump()
        self.assertAdminOnly(lambda context: self.db.service_create(context, {"no column": 1}))
        self.assertAdminOnly(lambda context: self.db.service_destroy(context, "x"))
        self.assertAdminOnly(lambda context: self.db.service_destroy(context, 1))
        self.assertAdminOnly(lambda context: self.db.service_get(context, "x"))
        self.assertAdminOnly(self.db.service_get_all)
        self.assertAdminOnly(lambda context: self.db.service_get_all_by_topic(context, "compute"))
        self.assertAdminOnly(lambda context: self.db.service_get_all_by_host(context, "h1"))
        self.assertAdminOnly(lambda context: self.db.service_get_by_host_and_topic(context, "h1", "compute"))
        self.assertAdminOnly(lambda context: self.db.service_get_by_compute_host(context, "x"))
        self.assertAdminOnly(lambda context: self.db.service_get_by_args(context, "x", "y"))
        self.assertAdminOnly(lambda context: self.db.service_update(context, "x", {"no column": 1}))
        self.assertSameRows(before, "although every call was refused")
