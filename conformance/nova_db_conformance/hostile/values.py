"""Hostile values: each made anew for each call, from a generator of random numbers alone."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import enum
import fractions
import ipaddress
import types
import uuid
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from nova_db.constraints import constraint, equal_any
from nova_db_conformance.hostile.objects import (
    DuckMapping,
    IndexLike,
    LyingDict,
    LyingInt,
    LyingText,
    OwnErrors,
    RaisingInt,
    RaisingIterable,
    RaisingMapping,
    RaisingText,
    Slippery,
    raising_class,
    untouchable,
)

Maker = Callable[[Random, OwnErrors], Any]


class Word(enum.StrEnum):
    """A text that is a member of an enumeration."""

    ACTIVE = "active"
    HOST = "host1"


class Level(enum.IntEnum):
    """A number that is a member of an enumeration."""

    ONE = 1


class Plain(enum.Enum):
    """A member of an enumeration that is neither."""

    ONE = "one"


Pair = collections.namedtuple("Pair", "a b")  # noqa: PYI024 - an untyped one is as good here

NUMBERS: tuple[Any, ...] = (
    *(0, 1, -1, True, False, 1.5, 0.0, -0.0, 1.0, float("nan"), float("inf"), float("-inf"), 1e20, 1e308, 5e-324),
    *(2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 10**400, -(10**400), 10**5000),
    *(decimal.Decimal("1.5"), decimal.Decimal(1), decimal.Decimal("NaN"), decimal.Decimal("sNaN")),
    *(decimal.Decimal("1e500"), decimal.Decimal("-Infinity"), fractions.Fraction(1, 3), fractions.Fraction(2), 1j),
    *(fractions.Fraction(10**400, 3), Level.ONE, IndexLike(1), IndexLike(2**70)),
)
TEXTS: tuple[str, ...] = (
    *("", " ", "0", "1", " 1", "1 ", "+1", "-1", "-0", "01", "1.0", "1e3", "0x1", "1_0", "\uff11", "\u0661", "\xb2"),
    *("9" * 19, "9" * 25, "9" * 5000, "nan", "None", "True", "null", "host1", "HOST1", "host1 ", "p1", "cores"),
    *(
        "a\0b",
        "\0",
        "\ud800",
        "a\udfffb",
        "\udc80",
        "\U0001f600",
        "e\u0301",
        "\xe9",
        "\u0301" * 300,
        "\u202ea",
        "\ufeff",
    ),
    *("\ufffe", "\U0010ffff", "\x1a", "\x7f", "\n", "\r\n", "\t", "\x85", "\u2028", "\xdf", "\u0130", "\u017f"),
    *("x" * 255, "x" * 256, "\U0001f600" * 255, "x" * 65_535, "x" * 65_536, "\xe9" * 40_000, "\0" * 300),
    *(
        "%",
        "_",
        "%%",
        "a%",
        "%s",
        "%(a)s",
        "%d",
        "{0}",
        "{a}",
        ":a",
        "?",
        "$1",
        "\\",
        "\\\\",
        "a\\",
        "'",
        "''",
        '"',
        "`",
    ),
    *("';--", "1 OR 1=1", "'; DROP TABLE instances; --", "/*", "*/", "--", "#", "\\'", "\\x00", "E'\\x00'"),
    *(
        "(" * 6000,
        "(",
        ")",
        "[",
        "[]",
        "[a-",
        "*",
        "+",
        "?",
        "a{99999}",
        "a{1,99999}",
        "(?P<a",
        "(?=a)",
        r"\1",
        "(?i)A",
    ),
    *("a" * 300 + "!", "(a+)+$", "^", "$", ".", ".*", r"\d+", r"\Q", r"\p{Greek}", "a|", "[[:alpha:]]", "\\"),
    *("2030-06-15T12:00:00.000250", "2030-06-15", "2030-06-15T12:00:00", "0000-00-00", "9999-12-31T23:59:59.999999"),
    *("10.0.0.1", "10.0.0.256", "::1", "::FFFF:10.0.0.1", "fe80::1%eth0", "10.0.0.0/8", "10.0.0.1/33", "::/129", "1"),
    *("no", "yes", "only", "YES", "allow_none", "asc", "desc", "ASC", "created_at", "id", "deleted", "metadata"),
    *("instances", "shadow_instances", "alembic_version", "sqlite_master", "pg_catalog.pg_class", "Instances"),
)
_UTC, _EAST, _WEST = dt.UTC, dt.timezone(dt.timedelta(hours=23, minutes=59)), dt.timezone(-dt.timedelta(minutes=1439))
TIMES: tuple[Any, ...] = (
    *(dt.datetime.min, dt.datetime.max, dt.datetime(2030, 6, 15), dt.datetime(1, 1, 1, tzinfo=_UTC)),
    *(dt.datetime.min.replace(tzinfo=_EAST), dt.datetime.min.replace(tzinfo=_WEST)),
    *(
        dt.datetime.max.replace(tzinfo=_EAST),
        dt.datetime.max.replace(tzinfo=_WEST),
        dt.datetime(2030, 6, 15, tzinfo=_EAST),
    ),
    *(dt.date(2030, 6, 15), dt.date.min, dt.date.max, dt.time(12), dt.timedelta(seconds=1), dt.timedelta.max, _UTC),
)
TYPES: tuple[Any, ...] = (
    *(None, b"", b"bytes", b"\xff\xfe", bytearray(b"a"), memoryview(b"a"), ..., NotImplemented, object(), type, object),
    *(
        int,
        str,
        dict,
        Exception,
        len,
        print,
        types,
        ValueError("a"),
        uuid.UUID(int=1),
        uuid.UUID(int=2**128 - 1),
        slice(1),
    ),
    *(ipaddress.ip_address("10.0.0.1"), ipaddress.ip_address("::1"), ipaddress.ip_network("10.0.0.0/20"), Plain.ONE),
    *(
        ipaddress.ip_interface("10.0.0.1/8"),
        ipaddress.ip_network("::/116"),
        Word.ACTIVE,
        Word.HOST,
        constraint(),
        property(),
    ),
    *(constraint(host=equal_any("host1")), equal_any(), dt.datetime, str.upper, Random(1), types.SimpleNamespace(a=1)),
)


def _collection(rng: Random, errors: OwnErrors) -> Any:
    """An empty, small or nested collection."""
    makers: tuple[Callable[[], Any], ...] = (
        *(list, tuple, dict, set, frozenset, collections.deque, collections.OrderedDict, collections.UserDict),
        *(lambda: ["a"], lambda: ("a", 1), lambda: {"a": 1}, lambda: {1: 2}, lambda: {None: None}, lambda: {("a",): 1}),
        *(lambda: {"a", 1}, lambda: [[]], lambda: [{}], lambda: {"a": {}}, lambda: {"a": {"b": ["c"]}}, lambda: [None]),
        *(lambda: [scalar(rng, errors)], lambda: [scalar(rng, errors), "a"], lambda: ("host1", scalar(rng, errors))),
        *(lambda: {"host": scalar(rng, errors)}, lambda: {key(rng): "a"}, lambda: {"metadata": {key(rng): "a"}}),
        *(lambda: range(3), lambda: Pair(1, 2), lambda: types.MappingProxyType({"a": 1}), {"a": 1}.keys),
        *(lambda: collections.ChainMap({"a": 1}), lambda: collections.UserDict(a=1), lambda: collections.UserList("a")),
        *(lambda: collections.UserString("host1"), lambda: collections.Counter("aab"), lambda: {"": ""}, lambda: "ab"),
    )
    return rng.choice(makers)()


def _iterator(rng: Random, errors: OwnErrors) -> Any:
    makers: tuple[Callable[[], Any], ...] = (
        *(lambda: iter([]), lambda: iter(["a"]), lambda: (x for x in ("host1", 1)), lambda: map(str, range(2))),
        *(lambda: RaisingIterable(errors, 0), lambda: RaisingIterable(errors, 2), lambda: _half_way(errors)),
        *(lambda: zip("a", "b", strict=True), lambda: open_ended(rng)),
    )
    return rng.choice(makers)()


def open_ended(rng: Random) -> Iterator[Any]:
    """A generator of a thousand texts."""
    return (f"host{number}" for number in range(1000))


def _half_way(errors: OwnErrors) -> Iterator[Any]:
    yield "host1"
    raise errors.new("in a generator")


def _circle(rng: Random, errors: OwnErrors) -> Any:
    """What holds itself, or is nested deeply."""
    one: list[Any] = []
    one.append(one)
    other: dict[str, Any] = {}
    other["host"] = other
    makers: tuple[Callable[[], Any], ...] = (
        *(lambda: one, lambda: other, lambda: (one,), lambda: {"a": one}, lambda: {"metadata": other}),
        *(lambda: [{"host": one, "metadata": other}], lambda: _nested(rng.choice((50, 50, 3000, 100_000)), None)),
        *(lambda: _nested(rng.choice((50, 3000)), "a"), lambda: _nested(3000, "metadata")),
    )
    return rng.choice(makers)()


def _nested(depth: int, key: str | None) -> Any:
    """Lists in one another, or dicts under a key."""
    made: Any = []
    for _ in range(depth):
        made = [made] if key is None else {key: made}
    return made


def _large(rng: Random, errors: OwnErrors) -> Any:
    size = rng.choice((1100, 70_000, 100_000)) if rng.random() < 0.3 else 1100
    makers: tuple[Callable[[], Any], ...] = (
        *(lambda: ["a"] * size, lambda: [f"a{number}" for number in range(size)], lambda: list(range(size))),
        *(lambda: {f"a{number}": "a" for number in range(size)}, lambda: [{"address": "10.9.9.9"}] * size),
        *(lambda: set(range(size)), lambda: (None,) * size, lambda: "x" * (size * 20), lambda: b"x" * size),
    )
    return rng.choice(makers)()


def _strange(rng: Random, errors: OwnErrors) -> Any:
    """An object whose methods raise, or lie."""
    makers: tuple[Callable[[], Any], ...] = (
        *(lambda: untouchable(errors), lambda: untouchable(errors), lambda: untouchable(errors, with_class=True)),
        *(lambda: untouchable(errors, with_attributes=True), lambda: raising_class(errors)),
        *(lambda: RaisingMapping(errors, rng.choice(RaisingMapping.PLACES)), lambda: DuckMapping({"host": "host1"})),
        *(lambda: RaisingMapping(errors, rng.choice(RaisingMapping.PLACES)), lambda: DuckMapping({})),
        *(lambda: LyingText("host1"), lambda: LyingText("1"), lambda: RaisingText.of("host1", errors)),
        *(
            lambda: LyingInt(1),
            lambda: RaisingInt.of(1, errors),
            lambda: LyingDict({"host": "host1"}),
            LyingDict,
        ),
        Slippery,
    )
    return rng.choice(makers)()


def scalar(rng: Random, errors: OwnErrors) -> Any:
    """A hostile value that is no collection."""
    return rng.choice(rng.choice((NUMBERS, TEXTS, TEXTS, TIMES, TYPES)))


def key(rng: Random) -> Any:
    """A hostile key of a mapping."""
    return rng.choice(
        (*TEXTS, None, 1, 0, True, 1.5, float("nan"), b"a", ("a",), frozenset(), Word.HOST, uuid.UUID(int=1))
    )


KINDS: tuple[tuple[int, Maker], ...] = (
    (60, scalar),
    (12, _collection),
    (14, _strange),
    (5, _iterator),
    (4, _circle),
    (1, _large),
)


def hostile(rng: Random, errors: OwnErrors) -> Any:
    """A hostile value."""
    (maker,) = rng.choices([maker for _, maker in KINDS], [weight for weight, _ in KINDS])
    return maker(rng, errors)
