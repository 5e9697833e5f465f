"""Functions made of source text, whose lines tracebacks and debuggers show as those of a file."""

from __future__ import annotations

import linecache
import weakref
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

_numbers = count(1)


def generate(source: str, name: str, names: Mapping[str, Any]) -> Callable[..., Any]:
    """The function ``name`` of Python source, which may use ``names``.

    The source holds names of columns and operators, never a value that a caller has given.
    """
    # Should two threads get one number where Python has no global lock, a traceback may show the lines of the other.
    file = f"<nova_db {name} {next(_numbers)}>"
    namespace = dict(names)
    exec(compile(source, file, "exec"), namespace)  # noqa: S102 - nothing in it comes from a caller
    function: Callable[..., Any] = namespace[name]
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    weakref.finalize(function, linecache.cache.pop, file, None).atexit = False  # the lines go with the function
    return function
