"""Generated functions that turn rows of a cursor into records, and values into parameters.

A *form* is a Python expression in which ``{v}`` stands for a value: a grammar has one for each kind of column whose
values its DB-API library does not give, or take, as they are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from nova_db.engine import Row
from nova_db.engine.generated import generate
from nova_db.engine.matching import fold
from nova_db.schema import Kind

Forms = Mapping[Kind, str]
Read = Callable[[Sequence[Any]], list[Row]]
"""From the rows of a cursor to records."""
ReadPairs = Callable[[Sequence[Any]], list[tuple[Any, Row]]]
Bind = Callable[[Sequence[Any]], Sequence[Any]]
"""From the values of a call, in the order of its shape, to the parameters of a statement."""
BindRow = Callable[[Mapping[str, Any]], tuple[Any, ...]]
"""From a row to the parameters of its insert."""

TIME_FROM_TEXT = "None if {v} is None else time({v})"
TIME_TO_TEXT = "None if {v} is None else {v}.isoformat(' ', 'microseconds')"
TO_TEXT = "None if {v} is None else str({v})"
TO_FLOAT = "None if {v} is None else float({v})"
FROM_BIT = "None if {v} is None else {v} != 0"
TO_BIT = "None if {v} is None else 1 if {v} else 0"
TO_LETTER = "None if {v} is None else 't' if {v} else 'f'"


def pad(values: Sequence[Any], size: int) -> list[Any]:
    """The values, the last one repeated until there are ``size``."""
    return [*values, *[values[-1]] * (size - len(values))]


def array(values: Iterable[Any]) -> str:
    """Values as the text of a PostgreSQL array."""
    texts = [str(value) for value in values]
    joined = '","'.join(texts)
    if joined.count('"') != 2 * (len(texts) - 1) or "\\" in joined:
        joined = '","'.join([text.replace("\\", "\\\\").replace('"', '\\"') for text in texts])
    return '{"' + joined + '"}' if texts else "{}"


def nullable_array(values: Sequence[Any]) -> str:
    """Values, some of which may be null, as the text of a PostgreSQL array."""
    if None not in values:
        return array(values)
    return "{" + ",".join(["NULL" if value is None else array((value,))[1:-1] for value in values]) + "}"


def array_of(tuples: Iterable[Sequence[Any]], place: int) -> str:
    """The values at one place of tuples as the text of a PostgreSQL array."""
    return array([each[place] for each in tuples])


def joined(tuples: Sequence[Sequence[Any]]) -> list[Any]:
    """Tuples as texts, each value but the last after its length; the values themselves where they are alone."""
    if len(tuples[0]) == 1:
        return [value for (value,) in tuples]
    texts = [[_text(value) for value in each] for each in tuples]
    return ["".join([*[f"{len(text)}:{text}" for text in most], last]) for *most, last in texts]


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat(" ", "microseconds")
    return value if isinstance(value, str) else str(int(value))


def document(values: Any) -> str:
    """Values as JSON, times as text."""
    return _encode(values)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(" ", "microseconds")
    raise TypeError(f"no JSON for {type(value).__name__}")


SPARE = 64
"""So many rows more than wanted are looked at where others may be taking the first ones."""


def and_spare(limit: int) -> int:
    """A limit for looking at rows that others may be taking."""
    return limit + SPARE


_encode = json.JSONEncoder(default=_plain, check_circular=False).encode
NAMES: Mapping[str, Any] = {
    "and_spare": and_spare,
    "array": array,
    "array_of": array_of,
    "decoded": json.JSONDecoder().raw_decode,  # without a look for blanks at both ends, which json.loads has besides
    "document": document,
    "fold": fold,
    "joined": joined,
    "nullable_array": nullable_array,
    "pad": pad,
    "time": datetime.fromisoformat,
}


def formed(forms: Forms, kind: Kind | None, variable: str) -> str:
    """The expression for a value of a kind."""
    form = forms.get(kind) if kind is not None else None
    return form.format(v=variable) if form else variable


def record_source(
    columns: Sequence[tuple[str, Kind | None]],
    forms: Forms,
    more: Sequence[tuple[str, str]] = (),
    known: Mapping[str, str] = MappingProxyType({}),
) -> tuple[str, str]:
    """The variables that a row with these columns is unpacked to, and the dict display that makes a record of them.

    ``more``: names and forms of values that stand behind the columns.  ``known``: columns that the row does not have,
    and expressions for their values.
    """
    shown = [(name, formed(forms, kind, "{v}")) for name, kind in columns]
    shown += more
    variables = [f"v{index}" for index, (name, _) in enumerate(shown) if name not in known]
    items = [f"{name!r}: {known.get(name) or form.format(v=f'v{index}')}" for index, (name, form) in enumerate(shown)]
    return "".join(f"{variable}, " for variable in variables), f"{{{', '.join(items)}}}"


def reader(columns: Sequence[tuple[str, Kind | None]], forms: Forms, more: Sequence[tuple[str, str]] = ()) -> Read:
    """A function from rows with these columns, and more behind them, to records."""
    variables, record = record_source(columns, forms, more)
    return generate(f"def read(rows):\n    return [{record} for {variables}in rows]", "read", NAMES)


def pair_reader(
    columns: Sequence[tuple[str, Kind | None]], forms: Forms, known: Mapping[str, str] = MappingProxyType({})
) -> ReadPairs:
    """A function from rows, a key before these columns, to pairs of the key, ``k`` in ``known``, and a record."""
    variables, record = record_source(columns, forms, known=known)
    return generate(f"def read(rows):\n    return [(k, {record}) for k, {variables}in rows]", "read", NAMES)


def row_binder(columns: Sequence[tuple[str, Kind]], forms: Forms) -> BindRow:
    """A function from a row to the values of these columns, as parameters."""
    lines = ["def bind(row):"]
    expressions = []
    for index, (name, kind) in enumerate(columns):
        if forms.get(kind):
            lines.append(f"    v{index} = row[{name!r}]")
            expressions.append(formed(forms, kind, f"v{index}"))
        else:
            expressions.append(f"row[{name!r}]")
    lines.append(f"    return ({', '.join(expressions)},)")
    return generate("\n".join(lines), "bind", NAMES)
