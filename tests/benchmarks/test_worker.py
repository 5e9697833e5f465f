"""How those whose calls are timed are asked, and what they answer."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from benchmarks import cloud, contenders
from benchmarks.cases import CALLS, GET, MIX, Case
from benchmarks.contenders import Contender, ContenderError
from benchmarks.crowd import crowd
from benchmarks.worker import Worker, timed, weighed


class Recorder:
    """A side that notes what it was asked."""

    def __init__(self) -> None:
        self.noted: list[Any] = []

    def open(self, connection: str, create: bool) -> dict[str, str]:
        self.noted.append((connection, create))
        return {"recorder": "1"}

    def fill(self, instances: int) -> None:
        self.noted.append(instances)

    use = fill

    def grow(self, first: int, last: int) -> None:
        self.noted.append((first, last))

    def cases(self) -> Iterable[Case]:
        yield Case("call", lambda made: self.noted.append(("called", made)), self.ready)

    def floor(self) -> Iterable[Case]:
        yield Case("by hand: call", lambda _: None)

    def ready(self) -> int:
        self.noted.append("ready")
        return 5

    def archive(self) -> int:
        return 3

    def close(self) -> None:
        self.noted.append("closed")


def asked(worker: Worker, do: str, **arguments: Any) -> Any:
    answer = json.loads(worker.answer(json.dumps({"do": do, **arguments})))
    return answer["answer"]


def test_requests_reach_the_side_and_answers_come_back() -> None:
    side = Recorder()
    worker = Worker(side)

    assert asked(worker, "open", connection="somewhere", create=True) == {"recorder": "1"}
    assert asked(worker, "fill", instances=7) == ["call"]
    assert asked(worker, "use", instances=8) == ["call"]
    assert asked(worker, "floor") == ["by hand: call"]
    assert asked(worker, "grow", first=7, last=9) is None
    assert asked(worker, "archive")["rows"] == 3
    assert asked(worker, "resident") > 0
    assert asked(worker, "close") is None
    assert side.noted == [("somewhere", True), 7, 8, (7, 9), "closed"]


def test_what_is_made_ready_is_made_before_the_clock_runs() -> None:
    side = Recorder()
    worker = Worker(side)
    asked(worker, "fill", instances=0)

    answer = asked(worker, "time", case="call", times=2)

    assert len(answer["nanos"]) == 2
    assert side.noted == [0, "ready", "ready", ("called", 5), ("called", 5)]


@pytest.mark.parametrize("request_", [{"do": "time", "case": "another", "times": 1}, {"do": "nothing"}, {"do": "fill"}])
def test_what_cannot_be_done_is_told_and_the_next_request_is_answered(request_: dict[str, Any]) -> None:
    worker = Worker(Recorder())

    assert "Error" in json.loads(worker.answer(json.dumps(request_)))["error"]
    assert asked(worker, "archive")["rows"] == 3


def test_collections_of_a_round_are_counted() -> None:
    assert timed(Case("call", lambda _: None), 3)["pauses"] == []


def test_a_call_is_weighed_with_what_its_answer_keeps() -> None:
    small = weighed(Case("small", lambda _: [object()]))
    large = weighed(Case("large", lambda _: [object() for _ in range(1000)]))

    assert large["blocks"] > small["blocks"] + 900
    assert large["peak_bytes"] > small["peak_bytes"] + 8000


def test_a_crowd_makes_the_calls_of_its_mix_alone() -> None:
    known = {name: Case(name, lambda _: None) for name in ("often", "seldom", "never")}

    found = crowd(known, {"often": 9, "seldom": 1}, threads=2, seconds=0.05)

    assert set(found["nanos"]) == {"often", "seldom"}
    assert len(found["nanos"]["often"]) > len(found["nanos"]["seldom"]) > 0


def test_a_caller_of_a_crowd_that_fails_fails_the_crowd() -> None:
    def failing(_: object) -> None:
        raise KeyError("lost")

    with pytest.raises(KeyError, match="lost"):
        crowd({"call": Case("call", failing)}, {"call": 1}, threads=2, seconds=5)


@pytest.fixture
def in_memory() -> Iterator[Contender]:
    with contenders.ours(None) as (contender, _):
        yield contender


def test_our_side_has_all_calls_in_a_process_of_its_own(in_memory: Contender) -> None:
    assert set(CALLS) <= set(in_memory.ask("fill", instances=100))
    assert len(in_memory.ask("time", case=GET, times=3)["nanos"]) == 3
    assert in_memory.ask("crowd", mix=dict(MIX), threads=2, seconds=0.05)["nanos"][GET]
    assert in_memory.ask("floor") == []
    in_memory.ask("destroy", instances=2)
    assert in_memory.ask("archive")["rows"] >= 2 * 17  # with metadata, info cache, memberships and EC2 id
    assert in_memory.ask("grow", first=100, last=200) is None
    assert in_memory.ask("use", instances=200)


def test_a_request_that_fails_is_an_error_and_the_process_goes_on(in_memory: Contender) -> None:
    with pytest.raises(ContenderError, match="ours: KeyError: 'nothing'"):
        in_memory.ask("nothing")
    assert in_memory.ask("fill", instances=0)


def test_a_process_that_has_ended_is_told_with_what_it_said() -> None:
    contender = Contender("somebody", [sys.executable, "-c", "import sys; sys.exit('out of luck')"])
    try:
        with pytest.raises(ContenderError, match="somebody ended: out of luck"):
            contender.receive()
    finally:
        contender.close()


def test_what_libraries_print_is_no_answer() -> None:
    code = """
import sys
from benchmarks.worker import serve
from tests.benchmarks.test_worker import Recorder
class Talking(Recorder):
    def archive(self):
        print("archiving", flush=True)
        return 1
serve(Talking(), sys.stdin)
"""
    contender = Contender("talking", [sys.executable, "-c", code])
    try:
        assert contender.ask("archive")["rows"] == 1
    finally:
        contender.close()


def test_the_cloud_is_the_same_in_every_process() -> None:
    assert cloud.uuid_of(1) == "cea3878a-334b-4404-a9d1-59ff840b6434"
    assert len({cloud.uuid_of(number) for number in range(1000)}) == 1000


def test_a_list_has_as_many_rows_however_large_the_cloud_is() -> None:
    hosts = [cloud.host_of(number) for number in range(1000)]
    projects = [cloud.project_of(number) for number in range(1000)]

    assert {hosts.count(host) for host in hosts} == {50}
    assert {projects.count(project) for project in projects} == {100}
