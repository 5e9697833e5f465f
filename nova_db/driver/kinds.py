"""What each kind of argument takes: the one place where the arguments of all functions are checked.

The kind of an argument is the annotation that it has in the contract. What is of no use is refused by its type, before
any method of its own runs; what is only spelled otherwise (a :class:`uuid.UUID`, an address object, a mapping that is
no dict, a generator) becomes what everything after it knows. Values are checked where they meet their columns.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from math import isfinite, isnan
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from nova_db.clock import naive_utc, utcnow
from nova_db.constraints import Constraint
from nova_db.exceptions import Invalid
from nova_db.schema.coercion import described, float_of, is_number, text_of

_NONE: Final[type] = type(None)
_TEXTS: Final[frozenset[type]] = frozenset({str, int, bool, float, _NONE})
_MANY: Final = 2**63 - 1
"""More rows than there are, and the largest number that every server knows."""
_OTHERS: Final = frozenset(
    {list, tuple, dict, set, frozenset, bytes, bytearray, complex, dt.date, dt.datetime, dt.time, dt.timedelta}
)
"""Types of which no value is text, and whose values are known to do nothing when they are looked at."""
_LISTS: Final = (list, tuple, set, frozenset)


class Unfit(Exception):
    """A value that its argument does not take; ``kind`` is the exception that says so to the caller."""

    def __init__(self, what: str, kind: type[Exception] = TypeError) -> None:
        super().__init__(what)
        self.what = what
        self.kind = kind


class ArgumentKind(NamedTuple):
    """A kind of argument.

    ``expected`` names it. Every value of the types in ``plain`` is fine as it is. ``take`` makes of any other value
    what the function goes on with, or raises ``Unfit``.
    """

    expected: str
    plain: frozenset[type]
    take: Callable[[Any], Any]


def _text(value: Any) -> Any:
    """What a column is compared with or set to, which finds nothing, or is refused, where it is neither."""
    kind = type(value)
    if issubclass(kind, int):
        return int.__index__(value)
    if is_number(kind) or kind in _OTHERS:
        return value
    text = text_of(value)
    if text is None:
        raise Unfit(described(value))
    return text


def _scalar(value: Any) -> Any:
    """What a column takes, or refuses by its type."""
    return value if issubclass(type(value), dt.datetime) else _text(value)


def _key(value: Any) -> Any:
    """What a function returns results by."""
    key = _text(value)
    try:
        hash(key)
    except TypeError:  # a list, a Decimal that is no number
        raise Unfit(described(value)) from None
    return key


def _word(value: Any) -> str:
    if issubclass(type(value), str):
        return str.__str__(value)
    raise Unfit(described(value))


def _count(value: Any) -> int:
    if not issubclass(type(value), int) or type(value) is bool:
        raise Unfit(described(value))
    number = int.__index__(value)
    if number < 0:
        raise Unfit(str(number) if number > -_MANY else "a negative number", ValueError)
    return min(number, _MANY)


def _flag(value: Any) -> bool:
    raise Unfit(described(value))


def _one_of(*words: str) -> Callable[[Any], str]:
    def take(value: Any) -> str:
        text = str.__str__(value) if issubclass(type(value), str) else None
        if text in words:
            return text
        raise Unfit(described(value) if text is None else ascii(text[:40]), ValueError)

    return take


def _visibility(value: Any) -> str | None:
    return None if type(value) in _TEXTS and not value else _seen(value)


def _seconds(value: Any) -> Any:
    number = _age(value)
    try:
        if isfinite(number):
            utcnow() - dt.timedelta(seconds=number)
            return number
    except OverflowError:
        pass
    raise Unfit(f"{described(value)}, which is no time ago that a calendar has", Invalid)


def _age(value: Any) -> Any:
    if not is_number(type(value)):
        raise Unfit(described(value))
    try:
        number = float_of(value)
    except (OverflowError, ValueError) as error:  # an int, a Decimal
        raise Unfit(f"a number that is no float: {error}", Invalid) from None
    if isnan(number):
        raise Unfit(described(number), Invalid)
    return number


def _moment(value: Any) -> dt.datetime:
    if not issubclass(type(value), dt.datetime):
        raise Unfit(described(value))
    moment: dt.datetime = value
    try:
        return naive_utc(moment)
    except OverflowError:
        raise Unfit("a time that has no counterpart in UTC", Invalid) from None


def _mapping(value: Any) -> Any:
    kind = type(value)
    if issubclass(kind, Mapping) or (hasattr(kind, "keys") and hasattr(kind, "__getitem__")):
        return dict(value)
    raise Unfit(described(value))


def _iterable(value: Any) -> list[Any]:
    """What an iterable gives, read once: a call may be run again."""
    kind = type(value)
    if kind in _LISTS:
        return list(value)
    # A network gives its addresses, by the million.
    if issubclass(kind, (str, bytes, bytearray)) or not issubclass(kind, Iterable) or text_of(value) is not None:
        raise Unfit(described(value))
    return list(value)


def _relations(value: Any) -> list[Any]:
    if issubclass(type(value), str):
        letters = f", of which {value[0]!r} would be the first name" if value else ""
        raise Unfit(f"one text{letters}", Invalid)
    return _texts(value)


def _list_of(element: ArgumentKind) -> Callable[[Any], list[Any]]:
    def take(value: Any) -> list[Any]:
        elements = _iterable(value)
        if element.plain.issuperset(map(type, elements)):
            return elements
        for place, one in enumerate(elements):
            if type(one) not in element.plain:
                try:
                    elements[place] = element.take(one)
                except Unfit as error:
                    raise Unfit(f"{error.what} as number {place}", error.kind) from None
        return elements

    return take


def _collection(value: Any) -> Any:
    """A collection of anything, which keeps its type where it is a plain one: errors show it."""
    return value if type(value) in _LISTS else _iterable(value)


def _constraint(value: Any) -> Constraint:
    if type(value) is Constraint:
        return value
    raise Unfit(described(value))


def _anything(value: Any) -> Any:
    return value


def _or_none(kind: ArgumentKind) -> ArgumentKind:
    return kind._replace(expected=f"{kind.expected}, or None", plain=kind.plain | {_NONE})


TEXT: Final = ArgumentKind("text (or a number, a UUID or an address, which are their text)", _TEXTS, _text)
ID: Final = ArgumentKind("a key, as a number or as text", _TEXTS, _text)
_seen: Final = _one_of("no", "yes", "only")
VISIBILITY: Final = ArgumentKind("'no', 'yes', 'only' or None", frozenset({_NONE}), _visibility)
WORD: Final = ArgumentKind("text", frozenset({str}), _word)
COUNT: Final = ArgumentKind("an int of at least 0, or None", frozenset({_NONE}), _count)
FLAG: Final = ArgumentKind("True or False", _TEXTS, _flag)
SCOPE: Final = ArgumentKind("True, False or 'allow_none'", _TEXTS, _flag)
DIRECTION: Final = ArgumentKind("'asc' or 'desc'", frozenset(), _one_of("asc", "desc"))
SECONDS: Final = ArgumentKind("a number of seconds", frozenset(), _seconds)
AGE: Final = ArgumentKind("a number of seconds, or None", frozenset({int, _NONE}), _age)
MOMENT: Final = ArgumentKind("a datetime", frozenset(), _moment)
VALUES: Final = ArgumentKind("a mapping of names to values", frozenset({dict}), _mapping)
ITEMS: Final = _or_none(VALUES)
CONDITION: Final = ArgumentKind("what nova_db.constraint() returns, or None", frozenset({_NONE}), _constraint)
LIST: Final = ArgumentKind("a list", frozenset(), _iterable)
STATES: Final = ArgumentKind("a list of states", frozenset(), _collection)
NUMBER: Final = ArgumentKind("a number", _TEXTS, _scalar)
TIME: Final = ArgumentKind("a datetime", _TEXTS | {dt.datetime}, _scalar)
ANYTHING: Final = ArgumentKind("what its column takes", _TEXTS | {dt.datetime, object}, _anything)
_texts: Final = _list_of(TEXT)
TEXTS: Final = ArgumentKind("a list of texts", frozenset(), _texts)
KEYS: Final = ArgumentKind("a list of texts", frozenset(), _list_of(TEXT._replace(take=_key)))
RELATIONS: Final = ArgumentKind("a list of names, or None", frozenset({_NONE}), _relations)
MAPPINGS: Final = ArgumentKind("a list of mappings", frozenset(), _list_of(VALUES))

KINDS: Final[Mapping[str, ArgumentKind]] = MappingProxyType(
    {
        "Any": ANYTHING,
        "Collection[Any]": STATES,
        "Constraint | None": CONDITION,
        "Count": COUNT,
        "Direction": DIRECTION,
        "Id": ID,
        "Id | None": ID,
        "Iterable[TextT]": KEYS,
        "Iterable[Values]": MAPPINGS,
        "Iterable[Uuid]": TEXTS,
        "Iterable[str]": TEXTS,
        "Mapping[str, Any]": VALUES,
        "Mapping[str, Any] | None": ITEMS,
        "Mapping[str, QuotaResource]": VALUES,
        "Mapping[str, int | None]": VALUES,
        "Mapping[str, int]": VALUES,
        "Moment": MOMENT,
        "Moment | None": _or_none(MOMENT),
        "Seconds": SECONDS,
        "Sequence[Uuid]": TEXTS,
        "Sequence[str]": TEXTS,
        "Sequence[str] | None": RELATIONS,
        "Session": ANYTHING,
        "Text": TEXT,
        **dict.fromkeys(("Uuid", "Uuid | None"), TEXT),
        "Values": VALUES,
        "Values | None": ITEMS,
        "Visibility": VISIBILITY,
        "Word": WORD,
        "bool": FLAG,
        "bool | str": SCOPE,
        **dict.fromkeys(("datetime", "datetime | None", "dt.datetime", "dt.datetime | None"), TIME),
        **dict.fromkeys(("int", "int | None"), NUMBER),
        "float | None": AGE,
        "str": TEXT,
        "str | None": TEXT,
        "str | int | None": TEXT,
    }
)
"""The kind of an argument by its annotation."""


def kind_of(annotation: object) -> ArgumentKind:
    """The kind of an argument; where the contract does not use its annotation, a list of anything, or anything."""
    name = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    return KINDS.get(name) or (LIST if name.partition("[")[0] in ("Iterable", "Sequence") else ANYTHING)


def take(where: str, kind: ArgumentKind, value: Any) -> Any:
    """What a function goes on with of an argument, or of a part of one.

    :raises TypeError: the value is not of the kind.
    :raises ValueError: it is a number that the kind does not have.
    :raises Invalid: the same, of other values.
    """
    if type(value) in kind.plain:
        return value
    try:
        return kind.take(value)
    except Unfit as error:
        raise refusal(where, kind, error) from None


def refusal(where: str, kind: ArgumentKind, error: Unfit) -> Exception:
    """What tells the caller that a value is none of a kind."""
    return error.kind(f"{where} must be {kind.expected}, not {error.what}.")
