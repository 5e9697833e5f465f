"""Functions that return or write several rows cost as much for many as for few, and no more than the table allows."""

from __future__ import annotations

from nova_db_conformance.budgets.cases import FEW, MANY, BudgetTestCase
from nova_db_conformance.budgets.table import BUDGETS, Budget


class TestBudgets(BudgetTestCase):
    """Statements are those of an engine that sends any; accesses are calls of its transactions, of every engine."""

    def test_no_function_takes_more_for_more_rows_or_more_than_it_may(self) -> None:
        for function, few, many in self.costs():
            with self.subTest(function=function):
                self.assertEqual(few, many, f"{function} takes more for {MANY} rows than for {FEW}")
                over = [name for name in Budget._fields if getattr(many, name) > getattr(BUDGETS[function], name)]
                self.assertEqual([], over, f"{function} takes {many}, and may take {BUDGETS[function]}")
