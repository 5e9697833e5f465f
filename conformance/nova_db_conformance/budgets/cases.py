"""What functions that return or write several rows take, of few rows and of many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from nova_db.engine import Query, watching
from nova_db_conformance.budgets.calls import CALLS, Each, One
from nova_db_conformance.budgets.table import Budget
from nova_db_conformance.budgets.world import rows
from nova_db_conformance.budgets.writes import WRITES
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase

FEW, MANY = 2, 20


class BudgetTestCase(ConformanceTestCase):
    """A database that grows, and what calls on it take."""

    def setUp(self) -> None:
        super().setUp()
        self.assertIsNotNone(self.engine)
        self.set_time(NOON)
        self.size = 0

    def grow(self, size: int) -> None:
        """Have each function return so many rows."""
        for number in range(self.size + 1, size + 1):
            for table, made in rows(number).items():
                self.insert(table, *made)
        self.size = size

    def argument(self, given: Any) -> Any:
        """An argument of a call, on the rows that there are."""
        if not isinstance(given, Each):
            return given
        with self.reader() as tx:
            found = [row[given.column] for row in tx.select(Query(given.table))]
        return found[0] if isinstance(given, One) else found

    def cost(self, function: str, *arguments: Any) -> tuple[Budget, Any]:
        """What a call takes, and its result; of an engine that sends no statements accesses stand for them."""
        accesses: list[watching.Access] = []
        with self.statements() as sent, watching.watched(self.driver, accesses.append):
            result = getattr(self.db, function)(self.admin, *arguments)
        return Budget(len(sent), sum(access.primitive != "commit" for access in accesses)), result

    def reading(self, function: str) -> Budget:
        """What a call takes that reads as many rows as there are."""
        cost, result = self.cost(function, *map(self.argument, CALLS[function]))
        self.assertGreaterEqual(len(result), self.size, f"{function} returns fewer rows than there are")
        return cost

    def writing(self, function: str, count: int) -> Budget:
        """What a call takes that writes so many rows."""
        self.empty()
        return self.cost(function, *WRITES[function](self, count))[0]

    def costs(self) -> Iterator[tuple[str, Budget, Budget]]:
        """Each function, with what it takes for few rows and for many."""
        for function in WRITES:
            yield function, self.writing(function, FEW), self.writing(function, MANY)
        self.empty()
        self.grow(FEW)
        few = {function: self.reading(function) for function in CALLS}
        self.grow(MANY)
        for function in CALLS:
            yield function, few[function], self.reading(function)
