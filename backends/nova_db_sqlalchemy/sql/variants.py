"""Statements kept by shape, each in as many variants as its lists have classes of lengths.

Nothing here takes a lock, and nothing needs one, in Python with a global lock and without (3.13t): a dict looks up and
takes in a key at once, and a variant never changes once it is kept.  Two threads that miss the same statement both
build it, alike, and either may be kept; who is told of a statement while all are let go goes on with it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    from nova_db_sqlalchemy.sql.conversion import Bind
    from nova_db_sqlalchemy.sql.grammar import Sql
    from nova_db_sqlalchemy.sql.hiding import Mask

MOST_STATEMENTS: Final = 4096
"""How many are kept; callers choose sort keys and the columns of an update, so there is no natural bound."""
MOST_TEXT: Final = 4 << 20
"""How many characters they have together.  With its shape and what is generated for it, a statement takes some ten
times as many bytes as its text."""
LONGEST_KEPT: Final = MOST_TEXT // 16
"""How many characters one has that is kept: a longer one would not be worth what goes for it."""
Shape = TypeVarTuple("Shape")
R = TypeVar("R")
CacheT = TypeVar("CacheT", bound="StatementCache")


class Statement(Generic[R]):
    """A compiled statement and the functions around it."""

    __slots__ = ("bind", "load", "mask", "read", "sql")

    def __init__(
        self,
        sql: Sql,
        bind: Bind | None,
        read: Callable[[Any], R],
        load: tuple[str, ...] = (),
        mask: Mask | None = None,
    ) -> None:
        self.sql = sql
        self.bind = bind
        self.read = read
        """From what is fetched to what it means."""
        self.load = load
        """Relations that the statement does not bring along."""
        self.mask = mask
        """What of its rows is not shown; None: that is not known."""


def nothing(rows: object) -> None:
    """What the rows of a statement mean that gives none."""


class Variants(Generic[R]):
    """The statements of one shape: one, or one for each combination of length classes of its lists."""

    __slots__ = ("_admit", "_build", "_by_sizes", "_list_class", "_only", "_places", "text")

    def __init__(
        self,
        build: Callable[[Sequence[int]], Statement[R]],
        list_class: Callable[[int], int],
        places: Sequence[int] = (),
        admit: Callable[[Statement[R]], bool] = lambda statement: True,
    ) -> None:
        self.text = 0
        """How many characters the statements have, those counted twice that two threads have built at once."""
        self._admit = admit
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
            statement = self._build(sizes)
        if not self._admit(statement):
            return statement
        self._by_sizes[sizes] = statement
        self.text += len(statement.sql)
        if not self._places:
            self._only = statement
        return statement


class StatementCache:
    """The variants of statements, by shape."""

    def __init__(self, list_class: Callable[[int], int]) -> None:
        self._list_class = list_class
        self._variants: dict[Hashable, Any] = {}
        self._masks: dict[Sql, Mask | None] = {}

    @property
    def text(self) -> int:
        """How many characters the statements have that are kept."""
        return sum([variants.text for variants in list(self._variants.values())])

    def mask_of(self, sql: Sql) -> Mask | None:
        """What is not shown of the rows of a statement that is kept; None where that is not known."""
        return self._masks.get(sql)

    def keep(
        self, key: Hashable, build: Callable[[Sequence[int]], Statement[R]], places: Sequence[int] = ()
    ) -> Variants[R]:
        """Remember what builds a statement from the length classes of its lists.

        :param places: those of the lists among the values of a call.
        """
        if len(self._variants) >= MOST_STATEMENTS:
            self._let_go()
        variants = self._variants[key] = Variants(build, self._list_class, places, partial(self._admit, key))
        return variants

    def _admit(self, key: Hashable, statement: Statement[Any]) -> bool:
        """Whether a statement of this length is kept; where there is no room left, all others are let go."""
        length = len(statement.sql)
        if length > LONGEST_KEPT:
            self._variants.pop(key, None)  # a shape of that length, too, is not kept for nothing
            return False
        if length + self.text > MOST_TEXT:
            self._let_go()
        self._masks[statement.sql] = statement.mask
        return True

    def _let_go(self) -> None:
        self._variants.clear()
        self._masks.clear()


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
