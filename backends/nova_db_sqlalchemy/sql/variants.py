"""Statements kept by shape, each in as many variants as its lists have classes of lengths.

Nothing here takes a lock, and nothing needs one, in Python with a global lock and without (3.13t): a dict looks up and
takes in a key at once, and a variant never changes once it is kept.  Two threads that miss the same statement both
build it, alike, and either may be kept; who is told of a statement while all are let go goes on with it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    from nova_db_sqlalchemy.sql.conversion import Bind
    from nova_db_sqlalchemy.sql.grammar import Sql

MOST_STATEMENTS: Final = 4096
"""How many are kept; callers choose sort keys and the columns of an update, so there is no natural bound."""
Shape = TypeVarTuple("Shape")
R = TypeVar("R")
CacheT = TypeVar("CacheT", bound="StatementCache")


class Statement(Generic[R]):
    """A compiled statement and the functions around it."""

    __slots__ = ("bind", "load", "read", "sql")

    def __init__(self, sql: Sql, bind: Bind | None, read: Callable[[Any], R], load: tuple[str, ...] = ()) -> None:
        self.sql = sql
        self.bind = bind
        self.read = read
        """From what is fetched to what it means."""
        self.load = load
        """Relations that the statement does not bring along."""


def nothing(rows: object) -> None:
    """What the rows of a statement mean that gives none."""


class Variants(Generic[R]):
    """The statements of one shape: one, or one for each combination of length classes of its lists."""

    __slots__ = ("_build", "_by_sizes", "_list_class", "_only", "_places")

    def __init__(
        self,
        build: Callable[[Sequence[int]], Statement[R]],
        list_class: Callable[[int], int],
        places: Sequence[int] = (),
    ) -> None:
        self._build = build
        self._list_class = list_class
        self._places = tuple(places)
        self._by_sizes: dict[tuple[int, ...], Statement[R]] = {}
        self._only: Statement[R] | None = None

    def fitting(self, values: Sequence[Any]) -> Statement[R]:
        """The statement for the values of a call."""
        if self._only is not None:
            return self._only
        sizes = tuple([self._list_class(len(values[place])) for place in self._places])
        try:
            return self._by_sizes[sizes]
        except KeyError:
            statement = self._by_sizes[sizes] = self._build(sizes)
        if not self._places:
            self._only = statement
        return statement


class StatementCache:
    """The variants of statements, by shape."""

    def __init__(self, list_class: Callable[[int], int]) -> None:
        self._list_class = list_class
        self._variants: dict[Hashable, Any] = {}

    def keep(
        self, key: Hashable, build: Callable[[Sequence[int]], Statement[R]], places: Sequence[int] = ()
    ) -> Variants[R]:
        """Remember what builds a statement from the length classes of its lists.

        :param places: those of the lists among the values of a call.
        """
        if len(self._variants) >= MOST_STATEMENTS:
            self._variants.clear()
        variants = self._variants[key] = Variants(build, self._list_class, places)
        return variants


def by_shape(
    places: Callable[[*Shape], Sequence[int]],
) -> Callable[[Callable[[CacheT, Sequence[int], *Shape], Statement[R]]], Callable[[CacheT, *Shape], Variants[R]]]:
    """Make of a method that builds a statement the one that looks it up, by the shape that its other arguments are.

    :param places: from that shape to the places of the lists among the values of a call.
    """

    def decorate(
        build: Callable[[CacheT, Sequence[int], *Shape], Statement[R]],
    ) -> Callable[[CacheT, *Shape], Variants[R]]:
        name = build.__name__

        @wraps(build)
        def look_up(self: CacheT, /, *shape: *Shape) -> Variants[R]:
            key = (name, shape)
            found: Variants[R] | None = self._variants.get(key)
            if found is None:
                found = self.keep(key, lambda sizes: build(self, sizes, *shape), places(*shape))
            return found

        return look_up

    return decorate
