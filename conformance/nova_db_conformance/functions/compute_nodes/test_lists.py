"""Compute nodes in numbers: all of them, those whose name contains a text, what they have and use in total."""

from __future__ import annotations

from typing import Any

from nova_db_conformance.functions.compute_nodes.cases import SUMS
from nova_db_conformance.harness.base import ConformanceTestCase


def columns(node: dict[str, Any]) -> dict[str, Any]:
    """A node without its relations."""
    return {name: value for name, value in node.items() if name not in ("service", "stats")}


class TestComputeNodeLists(ConformanceTestCase):
    """All nodes, and those whose name contains a text."""

    def setUp(self) -> None:
        super().setUp()
        self.service = self.make.service()
        self.first, self.gone, self.nameless, self.last = (
            self.make.compute_node(service_id=self.service["id"], hypervisor_hostname=name, stats={"name": name})
            for name in ("Node-10.Example.org", "node-11.example.org", None, "host%1_0.exämple.org")
        )
        self.db.compute_node_delete(self.admin, self.gone["id"])

    def found(self, part: Any, read_deleted: str = "no") -> list[dict[str, Any]]:
        return self.api.compute_node_search_by_hypervisor(self.seeing(read_deleted), part)

    def test_all_are_those_that_are_seen_by_id_with_service_and_statistics(self) -> None:
        live = [self.first, self.nameless, self.last]
        self.assertEqual(live, self.db.compute_node_get_all(self.admin))
        self.assertIds(self.db.compute_node_get_all(self.seeing("yes")), [self.first, self.gone, *live[1:]])
        (gone,) = self.db.compute_node_get_all(self.seeing("only"))
        self.assertRecord(gone, id=self.gone["id"], service=None, stats=self.gone["stats"])

    def test_a_name_is_found_by_any_part_whatever_the_case(self) -> None:
        for part in ("node-10", "NODE", "e-1", "Node-10.Example.org", "0.eXAMPLE"):
            with self.subTest(part=part):
                self.assertIds(self.found(part), [self.first])
        for part in ("example", "node-100", "nodes", "ode-11", "node 10", " "):
            with self.subTest(part=part):
                self.assertIds(self.found(part), [self.first] if part == "example" else [])
        self.assertIds(self.found("."), [self.first, self.last])

    def test_what_is_found_has_its_service_and_its_columns(self) -> None:
        (found,) = self.found("node")
        self.assertEqual(columns(self.first), columns(found))
        self.assertEqual(self.service, found["service"])

    def test_no_character_is_special(self) -> None:
        for part in ("%", "_", "t%1_0"):
            with self.subTest(part=part):
                self.assertIds(self.found(part), [self.last])
        for part in ("n%0", "Node_10", "t%0", ".*", "^Node", "org$", "\\", "\\%", "'", "[a-z]", "?", "*"):
            with self.subTest(part=part):
                self.assertEqual([], self.found(part))

    def test_letters_other_than_those_of_ascii_are_compared_as_they_are(self) -> None:
        self.assertIds(self.found("EXäMPLE"), [self.last])
        for part in ("EXÄMPLE", "exÄmple", "exaemple", "examplE.orG\u212a"):
            with self.subTest(part=part):
                self.assertEqual([], self.found(part))
        kelvin = self.make.compute_node(hypervisor_hostname="\u212aelvin")
        self.assertEqual([], self.found("kelvin"))
        self.assertIds(self.found("\u212aELVIN"), [kelvin])

    def test_the_empty_text_finds_all_that_have_a_name(self) -> None:
        self.assertIds(self.found(""), [self.first, self.last])
        empty = self.make.compute_node(hypervisor_hostname="")
        self.assertIds(self.found(""), [self.first, self.last, empty])

    def test_numbers_are_looked_for_as_text_and_what_is_no_text_is_not_found(self) -> None:
        self.assertIds(self.found(10), [self.first])
        self.assertIds(self.found(0), [self.first, self.last])
        wrong: tuple[Any, ...] = (None, ["node"], b"node", "node\0", "\0", "\ud800", "x" * 300, "é" * 300)
        for part in wrong:
            with self.subTest(part=part):
                self.assertEqual([], self.found(part))

    def test_read_deleted_decides_which_are_found(self) -> None:
        self.assertIds(self.found("NODE-1", "yes"), [self.first, self.gone])
        (gone,) = self.found("", "only")
        self.assertRecord(gone, id=self.gone["id"], service=None)

    def test_nodes_of_one_service_share_no_record(self) -> None:
        for which, nodes in (("all", self.db.compute_node_get_all(self.admin)), ("found", self.found(""))):
            with self.subTest(which):
                one, two = nodes[0], nodes[-1]
                self.assertEqual(one["service"], two["service"])
                one["service"]["host"] = "changed"
                self.assertNotEqual("changed", two["service"]["host"])

    def test_lists_are_private_copies(self) -> None:
        self.assertPrivate(lambda: self.db.compute_node_get_all(self.admin))
        self.assertPrivate(lambda: self.found("node"))

    def test_statements_do_not_multiply_with_the_rows(self) -> None:
        def count() -> list[int]:
            counts = []
            for read in (lambda: self.db.compute_node_get_all(self.admin), lambda: self.found("")):
                with self.statements() as sent:
                    read()
                counts.append(len(sent))
            return counts

        few = count()
        for _ in range(5):
            self.make.compute_node(stats={"a": "b", "c": "d"})
        self.assertEqual(few, count())
        self.assertLessEqual(max(few), 3)


class TestComputeNodeStatistics(ConformanceTestCase):
    """What all live nodes have and use in total."""

    def test_without_nodes_all_is_zero(self) -> None:
        total = self.db.compute_node_statistics(self.admin)
        self.assertEqual(dict.fromkeys(("count", *SUMS), 0), total)
        self.assertEqual({int}, {type(value) for value in total.values()})

    def test_each_column_is_summed_over_live_nodes(self) -> None:
        for factor in (1, 2, 5):
            self.make.compute_node(**{name: factor * number for number, name in enumerate(SUMS, 1)})
        self.db.compute_node_delete(self.admin, self.make.compute_node()["id"])
        expected = {"count": 3, **{name: 8 * number for number, name in enumerate(SUMS, 1)}}
        for read_deleted in ("no", "yes", "only"):
            with self.subTest(read_deleted=read_deleted):
                total = self.db.compute_node_statistics(self.seeing(read_deleted))
                self.assertEqual(expected, total)
                self.assertEqual({int}, {type(value) for value in total.values()})

    def test_services_do_not_matter(self) -> None:
        node = self.make.compute_node()
        self.db.service_update(self.admin, node["service_id"], {"disabled": True, "deleted": 1})
        self.make.compute_node(service_id=99)
        self.assertEqual(2, self.db.compute_node_statistics(self.admin)["count"])

    def test_nulls_count_as_nothing_and_what_is_negative_is_subtracted(self) -> None:
        for least in (None, 7, -10):
            self.make.compute_node(disk_available_least=least, free_ram_mb=None)
        total = self.db.compute_node_statistics(self.admin)
        self.assertEqual((3, -3, 0), (total["count"], total["disk_available_least"], total["free_ram_mb"]))

    def test_sums_may_be_larger_than_their_columns(self) -> None:
        for _ in range(3):
            self.make.compute_node(memory_mb=2**31 - 1, disk_available_least=-(2**31))
        total = self.db.compute_node_statistics(self.admin)
        self.assertEqual((3 * (2**31 - 1), -3 * 2**31), (total["memory_mb"], total["disk_available_least"]))
