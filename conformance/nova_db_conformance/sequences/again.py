"""Making a sequence again, written down as a program: see ``snippet``."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from nova_db.fixtures import DatabaseFixture
from nova_db.offers import engine_of
from nova_db_conformance.harness.failures import dump
from nova_db_conformance.harness.scenarios import parse_backend
from nova_db_conformance.sequences.lanes import UUIDS, Undone, surroundings

Sequence = Callable[..., object]


def beside(sequence: Sequence, *backends: str) -> dict[str, str]:
    """Make a sequence on each backend, written as for the suite, print what its last call answered, and return it."""
    answers = {name: _last_answer(sequence, name) for name in backends}
    for name, answer in answers.items():
        print(f"{name}: {answer}")  # noqa: T201 - what the program is for
    return answers


def _last_answer(sequence: Sequence, name: str) -> str:
    backend = parse_backend(name)
    asked: list[str] = []

    def ask(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        UUIDS.seed(len(asked))
        try:
            result = function(*arguments, **named)
        except Exception as error:  # noqa: BLE001 - every error is an answer
            asked.append(told_error(error))
            return None
        asked.append(repr(result))
        return result

    with DatabaseFixture(backend.name, backend.connection, strict_filters=False) as database, surroundings() as clock:
        engine = engine_of(database.driver)
        sequence(database.driver, ask, lambda table: dump(engine).get(table), clock.advance, _undone)
    return asked[-1]


def told_error(error: Exception) -> str:
    """An error with what it carries."""
    carried = getattr(error, "kwargs", None)
    return f"{type(error).__name__}: {error}{'' if carried is None else f' {carried}'}"


@contextlib.contextmanager
def _undone(transaction: AbstractContextManager[Any]) -> Iterator[None]:
    """Leave a transaction without what was done in it."""
    with contextlib.suppress(Undone), transaction:
        yield
        raise Undone
