"""Options that make names: looked at when they are read, and never in the way of a record.

A name is made whenever a record is read. So a template that could make none is refused with the option's name, when it
is set or the driver is loaded; and one that cannot make the name of a certain record, whose ``vcpus`` are null where it
says ``%(vcpus)d``, leaves that record its uuid, or its id, as its name.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from oslo_config import types

from nova_db.conf.naming import UNFIT

_LONG: Final = re.compile(r"%[^%a-zA-Z]*\d{4}")
_VALUES: Final[Mapping[str, Any]] = {"int": 1, "bool": True, "float": 1.0, "datetime": dt.datetime(2013, 1, 1)}


class NameTemplate(types.String):
    """A format that names are made with: of an id, or of the columns of an instance."""

    def __init__(self, default: str, fill: Callable[[str], object], expected: str) -> None:
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
            self._fill(text)
        except UNFIT:
            raise ValueError(f"{text!r} makes no name; expected {self._expected}") from None


def of_instance(default: str) -> NameTemplate:
    """The type of a template for an instance: for its id, or for its columns where it names them."""
    return NameTemplate(default, _fill_instance, "the id once, as in %08x, or columns by name, as in %(uuid)s")


def of_id(default: str) -> NameTemplate:
    """The type of a template for a uuid."""
    return NameTemplate(default, _fill_id, "the id once, as in %s")


def _fill_id(template: str) -> None:
    template % "x"


def _fill_instance(template: str) -> None:
    try:
        template % 1
    except TypeError:
        template % _Columns()


class _Columns(dict[str, Any]):
    """A value for each column of an instance; a column that there is none of has the name be the uuid."""

    def __missing__(self, name: str) -> Any:
        from nova_db.records import Instance

        kinds = str(Instance.__annotations__.get(name, "int"))
        return next((value for kind, value in _VALUES.items() if kind in kinds), "x")
