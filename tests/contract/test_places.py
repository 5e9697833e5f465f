"""Where functions stand: what a family's contract declares is written in that family's module or folder."""

from __future__ import annotations

import pytest

from nova_db.driver import FUNCTIONS
from scripts import functions


def test_the_table_in_the_docs_is_true() -> None:
    assert functions.PATH.read_text(encoding="utf-8") == functions.table(), "run python -m scripts.functions"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_written_where_its_contract_says(name: str) -> None:
    place = f"nova_db.operations.{FUNCTIONS[name]}"
    module = functions.operation(name).__module__
    assert module == place or module.startswith(f"{place}."), f"{name} stands in {module}, not in {place}"
