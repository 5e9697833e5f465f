"""``nova-db demo``: a cloud's day, lived by the public functions."""

from __future__ import annotations

import argparse
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from nova_db import exceptions
from nova_db.cli.configuration import opened
from nova_db.cli.day import Day
from nova_db.cli.day.others import rows_of_others
from nova_db.cli.output import Table, console
from nova_db.cli.rows_bar import NARROWEST, ROOMY, SHORT
from nova_db.cli.schemas import engine_driver
from nova_db.cli.status import row_counts, row_table
from nova_db.cli.streams import say
from nova_db.engine import Capability

if TYPE_CHECKING:
    from rich.console import Console

    from nova_db.operations import EngineDriver


class Calls:
    """The ``nova_db`` namespace, every call counted, timed and told to a listener."""

    def __init__(self, listener: Callable[[], None]) -> None:
        self.made: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.seconds: Counter[str] = Counter()
        self._listener = listener

    def __getattr__(self, name: str) -> Any:
        import nova_db

        function = getattr(nova_db, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            begun = time.perf_counter()
            try:
                return function(*args, **kwargs)
            except exceptions.NovaException:
                self.refused[name] += 1
                raise
            finally:
                self.seconds[name] += time.perf_counter() - begun  # type: ignore[assignment]
                self.made[name] += 1
                self._listener()

        setattr(self, name, call)
        return call


def run(options: argparse.Namespace) -> int:
    from nova_db.api import binding

    out = console()
    with opened(options, writes=True) as driver, binding(driver):
        engine = engine_driver(driver)
        if Capability.PERSISTENT not in engine.engine.capabilities:
            engine.sync()
        others = _others(engine)
        _tell_plan(options, others)
        calls, seconds = _live(out, options, is_alone=not others)
        _tell(out, engine, calls, seconds)
    return 0


def _others(driver: EngineDriver) -> dict[str, int]:
    """The rows of others, by table."""
    tx = driver.engine.read()
    try:
        return rows_of_others(tx)
    finally:
        tx.rollback()


def _tell_plan(options: argparse.Namespace, others: Mapping[str, int]) -> None:
    """Say what will be written.

    :raises ValueError: there are rows of others, and nobody has said that this is all right.
    """
    beside = ", ".join(f"{count} {name}" for name, count in others.items())
    if others and not options.yes:
        raise ValueError(f"the database holds rows that are no demo's ({beside}); --yes adds a demo's beside them")
    rows = Day.expected_rows(options.hosts, options.instances)
    unharmed = f", and leaves alone what others have there ({beside})" if others else ""
    say(f"a demo adds {options.hosts} hosts and {options.instances} instances, some {rows} rows in all{unharmed}")


def _live(out: Console, options: argparse.Namespace, *, is_alone: bool) -> tuple[Calls, float]:
    with _progress(out, options) as advance:
        calls = Calls(advance)
        begun = time.perf_counter()
        day = Day(calls, hosts=options.hosts, instances=options.instances, is_alone=is_alone)
        for part in day.parts():
            advance(part.title)
            part.live()
        return calls, time.perf_counter() - begun


@contextlib.contextmanager
def _progress(out: Console, options: argparse.Namespace) -> Iterator[Callable[..., None]]:
    """A bar that advances by a call, or changes its title."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn

    columns: tuple[ProgressColumn, ...] = (BarColumn(SHORT), MofNCompleteColumn(), TimeElapsedColumn())
    if out.width >= ROOMY:
        columns = (TextColumn("{task.description:<28}"), BarColumn(), *columns[1:])
    is_off = options.quiet or not out.is_terminal or out.width < NARROWEST
    with Progress(*columns, console=out, disable=is_off) as progress:
        task = progress.add_task("", total=Day.expected_calls(options.hosts, options.instances))

        def advance(title: str | None = None) -> None:
            if title is None:
                progress.advance(task)
            else:
                progress.update(task, description=title)

        yield advance
        progress.update(task, total=progress.tasks[0].completed, description="the day is over")


def _tell(out: Console, driver: EngineDriver, calls: Calls, seconds: float) -> None:
    """The closing tables: calls by function, and what is in the database now."""
    total = sum(calls.made.values())
    spent = sum(calls.seconds.values())
    numbers = ("calls", "refused", "µs a call")
    by_function = Table("calls", ("function", *numbers), numbers)
    for name, made in calls.made.most_common():
        by_function.add(name, made, calls.refused[name] or "", f"{1e6 * calls.seconds[name] / made:.0f}")
    by_function.total("all", total, sum(calls.refused.values()), f"{1e6 * spent / total:.0f}")
    out.print(by_function)
    out.print(row_table("in the database now", row_counts(driver)))
    described = driver.describe()
    server = described.get("server") or described.get("engine", "")
    out.print(f"{total} calls in {seconds:.2f} s: {total / seconds:.0f} calls per second on {server}", highlight=False)
