"""Whether a result is what the types of :mod:`nova_db.records` say: exactly those keys, with values of those types."""

from __future__ import annotations

import datetime as dt
import functools
import inspect
import sys
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any

from nova_db import records
from nova_db.driver import FAMILIES, FUNCTIONS, Driver
from nova_db.driver.records import ADDRESSING, CASES, FILLED
from nova_db.schema import TABLES

_SCALARS: frozenset[type] = frozenset({str, int, float, bool, dt.datetime, type(None)})


def misfit(function: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], result: Any) -> str | None:
    """Where the result of a call first differs from what callers are told of it, in words; None if it nowhere does."""
    if result is None and function in ADDRESSING:
        return None
    return _misfit(_expected(function, _case(function, args, kwargs)), result, f"{function}()")


def _case(function: str, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> int | None:
    """Which of the cases of a function the call is, None if it is none."""
    if function not in CASES:
        return None
    bound = _signature(function).bind(None, *args, **kwargs)
    bound.apply_defaults()
    matching = (at for at, case in enumerate(CASES[function]) if bound.arguments[case.argument] is case.value)
    return next(matching, None)


_signature = functools.cache(lambda function: inspect.signature(getattr(Driver, function)))


@functools.cache
def _expected(function: str, case: int | None) -> Any:
    """The type of a function's result, the names of records standing for what they are to callers."""
    text = _signature(function).return_annotation if case is None else CASES[function][case].result
    names = {**vars(sys.modules[FAMILIES[FUNCTIONS[function]].__module__]), **vars(records)}
    return typing.get_type_hints(types.SimpleNamespace(__annotations__={"result": text}), names)["result"]


def _misfit(expected: Any, value: Any, path: str) -> str | None:
    if type(value) is expected or expected is Any or isinstance(expected, typing.TypeVar):  # what was passed comes back
        return None
    if typing.is_typeddict(expected):
        return _record_misfit(expected, value, path)
    origin, arguments = typing.get_origin(expected), typing.get_args(expected)
    if origin in (typing.Union, types.UnionType):
        found = [_misfit(argument, value, path) for argument in arguments]
        return None if None in found else max(found, key=lambda text: len(str(text)))
    if origin is None or type(value) is not origin:
        return f"{path} is {value!r}, and should be {expected}"
    items = (_misfit(*item) for item in _items(origin, arguments, value, path))
    return next((found for found in items if found), None)


def _items(origin: type, arguments: tuple[Any, ...], value: Any, path: str) -> Iterable[tuple[Any, Any, str]]:
    """What is in a container: the type that it should have, itself, and where it is."""
    if origin is dict:
        for key, item in value.items():
            yield arguments[0], key, f"a key of {path}"
            yield arguments[1], item, f"{path}[{key!r}]"
    elif origin is tuple:
        if len(value) != len(arguments):
            yield type(None), value, f"the length of {path}"
        for number, (kind, item) in enumerate(zip(arguments, value, strict=False)):
            yield kind, item, f"{path}[{number}]"
    else:
        for number, item in enumerate(value):
            yield arguments[0], item, f"{path}[{number}]"


def _record_misfit(expected: Any, value: Any, path: str) -> str | None:
    if type(value) is not dict:
        return f"{path} is {value!r}, and should be {expected.__name__}"
    fields, required = _fields(expected), expected.__required_keys__
    keys = value.keys()
    if not required <= keys <= fields.keys():
        missing, more = sorted(required - keys), sorted(keys - fields.keys())
        return f"{path} should be {expected.__name__}, and lacks {missing} and has {more} beside"
    for key, item in value.items():
        kind, plain = fields[key]
        if type(item) not in plain:
            found = _misfit(kind, item, f"{path}[{key!r}]")
            if found:
                return found
    return None


@functools.cache
def _fields(record: Any) -> dict[str, tuple[Any, frozenset[Any]]]:
    """The types of a record's keys, each with those among them that need no closer look."""
    hints = typing.get_type_hints(record)
    # The suite writes null over what the API fills in.
    for table in FILLED:
        if hints.keys() >= {*TABLES[table].names}:
            hints.update({column: hints[column] | None for column in FILLED[table]})
    return {key: (hint, _SCALARS.intersection(_members(hint))) for key, hint in hints.items()}


def _members(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
