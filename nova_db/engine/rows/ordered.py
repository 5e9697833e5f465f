"""Rows kept in an order, for lists of which a page is wanted: no more are looked at than it takes to fill the page.

Keeping an order costs each write a little, so one is built when it is first asked for, by a list that has a limit.
"""

from __future__ import annotations

import functools
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import repeat
from operator import itemgetter
from typing import Any, Final, NamedTuple, final

from nova_db.engine.matching import translate
from nova_db.engine.ordering import total_order
from nova_db.engine.predicates import Shape
from nova_db.engine.query import Order
from nova_db.engine.rows.access import conjuncts
from nova_db.engine.rows.layout import Columns, kept, layout
from nova_db.engine.values import Row

_LENGTH: Final = 1024
"""So long a part of an order is when it is new, and at most twice that: it is moved about for each row that comes."""
_last: Final = itemgetter(-1)

Entry = tuple[Any, ...]
"""The values of a row by which it is sorted, the last of which is its key."""


@final
class _Least:
    """What stands for null in an entry, where anything is greater."""

    __slots__ = ()

    def __lt__(self, other: object) -> bool:
        return other is not self

    def __gt__(self, other: object) -> bool:
        return False


_LEAST: Final = _Least()


class Ordering(NamedTuple):
    """An order that is kept of a table: of the rows that have the same ``given`` values, by those of ``sorted``."""

    given: Columns
    sorted: Columns

    def entry(self) -> Callable[[Row], Entry]:
        """The function from a row to its entry."""
        read = itemgetter(*self.sorted)

        def entry(row: Row) -> Entry:
            values: Entry = read(row)
            return ranked(values) if None in values else values

        return entry

    def given_of(self) -> Callable[[Row], Entry]:
        """The function from a row to its given values."""
        if len(self.given) > 1:
            return itemgetter(*self.given)
        return lambda row: tuple([row[column] for column in self.given])


def ranked(values: Iterable[Any]) -> Entry:
    """Values, perhaps null, as those of an entry."""
    return tuple([_LEAST if value is None else value for value in values])


class Walk(NamedTuple):
    """How the rows of a shape are gone over in an order."""

    ordering: Ordering
    descending: bool
    given: tuple[int | None, ...]
    """By column of ``ordering.given`` where its value stands among the parameters; None for null."""
    test: Callable[..., Callable[[Row], bool]]

    def keys(self, index: OrderedIndex, parameters: Sequence[Any], after: Sequence[Any] | None) -> Iterator[Any]:
        """The keys that an index has of the rows, in order, of those that come after a place."""
        given = tuple([None if at is None else parameters[at] for at in self.given])
        return index.keys(given, None if after is None else ranked(after), descending=self.descending)


@functools.lru_cache(maxsize=4096)
def walk(table: str, shape: Shape, order: tuple[Order, ...]) -> Walk | None:
    """The way along a declared index; None where none has the order, or a look-up leads to fewer rows."""
    found = layout(table)
    total = total_order(order, found.key)
    columns = tuple(part.column for part in total)
    if len(columns) < 2 or len({part.descending for part in total}) > 1:
        return None
    conditions = list(conjuncts(shape))
    equal = {part[1]: None if part[0] == "null" else at for part, at in conditions if part[0] in ("eq", "null")}
    looked_up = {part[1] for part, _ in conditions if part[0] in ("eq", "in")} & {found.key, *found.lookups}
    fit = [index.columns[: -len(columns)] for index in kept(found.table) if index.columns[-len(columns) :] == columns]
    fit = [given for given in fit if looked_up <= set(given) <= equal.keys()]
    if not fit:
        return None
    given = max(fit, key=len)
    ordering = Ordering(given, columns)
    return Walk(ordering, total[0].descending, tuple([equal[column] for column in given]), translate(shape))


@final
class SortedEntries:
    """Entries in order, in parts, so that none comes or goes by moving all the others."""

    __slots__ = ("parts",)

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        found = sorted(entries)
        self.parts = [found[at : at + _LENGTH] for at in range(0, len(found), _LENGTH)]
        """None of them is empty."""

    def copy(self) -> SortedEntries:
        """The same, to be changed independently."""
        twin = SortedEntries()
        twin.parts = [part.copy() for part in self.parts]
        return twin

    def add(self, entry: Entry) -> None:
        """Put an entry in its place, unless it is there."""
        parts = self.parts
        if not parts:
            parts.append([entry])
            return
        at = len(parts) - 1
        part = parts[at]
        if part[-1] < entry:  # as that of a row which was just made mostly is
            part.append(entry)
        else:
            at = bisect_left(parts, entry, key=_last)
            part = parts[at]
            place = bisect_left(part, entry)
            if part[place] != entry:
                part.insert(place, entry)
        if len(part) > 2 * _LENGTH:
            parts[at : at + 1] = [part[:_LENGTH], part[_LENGTH:]]

    def remove(self, entry: Entry) -> None:
        """Take an entry out, if it is there."""
        parts = self.parts
        at = bisect_left(parts, entry, key=_last)
        if at == len(parts):
            return
        part = parts[at]
        place = bisect_left(part, entry)
        if part[place] == entry:
            if len(part) == 1:
                del parts[at]
            else:
                del part[place]

    def upwards(self, after: Entry | None) -> Iterator[Entry]:
        """The entries, the least first, of those that are greater than ``after``."""
        parts = self.parts
        at = 0 if after is None else bisect_right(parts, after, key=_last)
        for part in parts[at:]:
            yield from part if after is None else part[bisect_right(part, after) :]
            after = None

    def downwards(self, after: Entry | None) -> Iterator[Entry]:
        """The entries, the greatest first, of those that are less than ``after``."""
        parts = self.parts
        at = len(parts) if after is None else bisect_left(parts, after, key=_last) + 1
        for part in reversed(parts[:at]):
            yield from reversed(part if after is None else part[: bisect_left(part, after)])
            after = None


@final
class OrderedIndex:
    """The keys of rows in an order, by the values that are the same in them; it follows the rows as hash indexes do."""

    __slots__ = ("_deciding", "entry", "given", "ordering", "sorted")

    def __init__(self, ordering: Ordering, rows: Iterable[Row] = ()) -> None:
        self.ordering = ordering
        self.entry, self.given = ordering.entry(), ordering.given_of()
        self._deciding = itemgetter(*ordering.given, *ordering.sorted)
        found: dict[Entry, list[Entry]] = {}
        for row in rows:
            found.setdefault(self.given(row), []).append(self.entry(row))
        self.sorted = {given: SortedEntries(entries) for given, entries in found.items()}

    def copy(self) -> OrderedIndex:
        """An index of the same that changes independently."""
        twin = OrderedIndex(self.ordering)
        twin.sorted = {given: entries.copy() for given, entries in self.sorted.items()}
        return twin

    def keys(self, given: Entry, after: Entry | None, *, descending: bool) -> Iterator[Any]:
        """The keys of the rows that have these values, in order, of those that come after a place."""
        entries = self.sorted.get(given)
        if entries is None:
            return iter(())
        return map(_last, entries.downwards(after) if descending else entries.upwards(after))

    def follow(self, old: Sequence[Row] | None, new: Sequence[Row] | None) -> None:
        """Follow rows from one version to the next, as ``move`` does."""
        if old is None or new is None or [*map(self._deciding, old)] != [*map(self._deciding, new)]:
            for earlier, later in zip(old or repeat(None), new or repeat(None), strict=False):
                self.move(earlier, later)

    def move(self, old: Row | None, new: Row | None) -> None:
        """Follow a row from one version to the next.  Interrupted anywhere, it can be done again."""
        if old is not None:
            if new is not None and self._deciding(old) == self._deciding(new):
                return
            given = self.given(old)
            entries = self.sorted.get(given)
            if entries is not None:
                entries.remove(self.entry(old))
                if not entries.parts:
                    self.sorted.pop(given, None)
        if new is not None:
            given = self.given(new)
            entries = self.sorted.get(given)
            if entries is None:
                entries = self.sorted[given] = SortedEntries()
            entries.add(self.entry(new))
