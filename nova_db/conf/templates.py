"""Options that make names: looked at when they are read, and never in the way of a record.

A name is made whenever a record is read. So a template that could make none, or the same for every record, is refused
with the option's name, when it is set or the driver is loaded; and one that cannot make the name of a certain record,
whose ``vcpus`` are null where it says ``%(vcpus)d``, leaves that record its uuid, or its id, as its name.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from oslo_config import types

from nova_db.conf.naming import UNFIT

_LONG: Final = re.compile(r"%[^%a-zA-Z]*\d{4}")
_VALUES: Final[Mapping[str, tuple[Any, Any]]] = {
    "int": (1, 2),
    "bool": (True, False),
    "float": (1.0, 2.0),
    "datetime": (dt.datetime(2013, 1, 1), dt.datetime(2014, 2, 2)),
}
"""What two records have in columns of these types."""
_TEXTS: Final = ("x1", "y2")  # a single letter would fit %c
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class NameTemplate(types.String):
    """A format that names are made with: of an id, or of the columns of an instance."""

    def __init__(self, default: str, fill: Callable[[str, int], str], expected: str) -> None:
        super().__init__()
        self._default = default
        self._fill = fill
        self._expected = expected

    def __call__(self, value: Any) -> str:
        text: str = super().__call__(value)
        if text != self._default:
            self._check(text)
        return text

    def _check(self, text: str) -> None:
        if _LONG.search(text):
            raise ValueError(f"{text!r} makes names of more than 999 characters")
        try:
            names = {self._fill(text, record) for record in (0, 1)}
        except UNFIT:
            raise ValueError(f"{text!r} makes no name; expected {self._expected}") from None
        if any(_CONTROL.search(name) for name in names):
            raise ValueError(f"{text!r} makes names with control characters; expected {self._expected}")
        if len(names) == 1:
            raise ValueError(f"{text!r} gives all of them the same name; expected {self._expected}")


def of_instance(default: str) -> NameTemplate:
    """The type of a template for an instance: for its id, or for its columns where it names them."""
    return NameTemplate(default, _fill_instance, "the id once, as in %08x, or columns by name, as in %(uuid)s")


def of_id(default: str) -> NameTemplate:
    """The type of a template for a uuid."""
    return NameTemplate(default, _fill_id, "the id once, as in %s")


def _fill_id(template: str, record: int) -> str:
    return template % _TEXTS[record]


def _fill_instance(template: str, record: int) -> str:
    try:
        return template % (record + 1)
    except TypeError:
        return template % _Columns(record)


class _Columns(dict[str, Any]):
    """A value for each column of one of two instances; a column that there is none of has the name be the uuid."""

    def __init__(self, record: int) -> None:
        super().__init__()
        self._record = record

    def __missing__(self, name: str) -> Any:
        from nova_db.records import Instance

        kinds = str(Instance.__annotations__.get(name, "int"))
        return next((values for kind, values in _VALUES.items() if kind in kinds), _TEXTS)[self._record]
