"""Functions made of source text."""

from __future__ import annotations

import gc
import linecache
import traceback

import pytest

from nova_db.engine import Eq
from nova_db.engine.generated import generate
from nova_db.engine.matching import matcher

SOURCE = "def halve(row):\n    return half(row['number'])\n"


def test_a_traceback_shows_the_lines() -> None:
    function = generate(SOURCE, "halve", {"half": lambda number: number / 2})
    with pytest.raises(TypeError) as caught:
        function({"number": "x"})
    assert "return half(row['number'])" in "".join(traceback.format_exception(caught.value))


def test_a_predicate_s_lines_are_shown_too() -> None:
    with pytest.raises(KeyError) as caught:
        matcher(Eq("host", "a"))({})
    assert "return row['host'] == p0" in "".join(traceback.format_exception(caught.value))


def test_the_lines_go_with_the_function() -> None:
    function = generate(SOURCE, "halve", {})
    file = function.__code__.co_filename
    assert linecache.getline(file, 1) == "def halve(row):\n"
    del function
    gc.collect()
    assert not linecache.getline(file, 1)
