"""Runs among themselves: they end as if one had come after the other."""

from __future__ import annotations

from nova_db_conformance import decision
from nova_db_conformance.isolation.histories import HistoriesRounds
from nova_db_conformance.isolation.phantoms import PhantomRounds
from nova_db_conformance.isolation.places import PlacesRounds
from nova_db_conformance.isolation.skews import SkewRounds


class TestPlaces(PlacesRounds):
    """No more places are taken than there are."""

    def test_of_a_row_that_is_read_and_written(self) -> None:
        self.play("places of a node", self.places_of_a_node)
        self.play("places without a meeting", self.places_without_a_meeting)
        self.assertNoAnomalies()

    def test_that_are_counted_in_rows_of_others(self) -> None:
        self.play("places of all nodes", self.places_of_all_nodes)
        self.play("places of a host", self.places_of_a_host)
        self.assertNoAnomalies()

    def test_that_two_tables_tell_of(self) -> None:
        self.play("places in another table", self.places_in_another_table)
        self.assertNoAnomalies()


class TestSkews(SkewRounds):
    """What one has read, and another one changes, was not decided on by both."""

    @decision(32)
    def test_one_stays_on_call(self) -> None:
        self.play("on call", self.on_call)
        self.play("on call, by key", self.on_call_by_key)
        self.play("eight on call", self.eight_on_call)
        self.assertNoAnomalies()

    def test_a_circle_of_three_is_broken(self) -> None:
        self.play("circle of three", self.circle_of_three)
        self.assertNoAnomalies()

    def test_no_instance_comes_to_a_host_that_is_drained(self) -> None:
        self.play("drained host", self.drained_host)
        self.assertNoAnomalies()


class TestHistories(HistoriesRounds):
    """Nothing gets lost, and who reads sees one state."""

    def test_no_update_is_lost(self) -> None:
        self.play("lost update", self.lost_update)
        self.assertNoAnomalies()

    @decision(32)
    def test_sums_are_kept(self) -> None:
        self.play("transfers", self.transfers)
        self.play("torn read", self.torn_read)
        self.assertNoAnomalies()

    def test_a_list_read_twice_is_the_same(self) -> None:
        self.play("changed list", self.changed_list)
        self.assertNoAnomalies()

    def test_readers_agree_on_the_order_of_writes(self) -> None:
        self.play("opposite orders", self.opposite_orders)
        self.assertNoAnomalies()

    def test_what_readers_were_told_stays_true(self) -> None:
        self.play("report of a closed day", self.report_of_a_closed_day)
        self.assertNoAnomalies()

    def test_own_writes_are_seen(self) -> None:
        self.play("own writes", self.own_writes)
        self.assertNoAnomalies()


class TestPhantoms(PhantomRounds):
    """A row that was not there when it was looked for counts, too."""

    def test_what_two_found_missing_is_made_once(self) -> None:
        for scenario, round_ in self.phantom_rounds().items():
            self.play(scenario, round_)
        self.assertNoAnomalies()
