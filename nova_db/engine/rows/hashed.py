"""Hash indexes: from a value to the rows that have it.

Most values belong to one row or to a handful, so what they lead to is the row itself, then a tuple of rows by primary
key, and only beyond that a dict by primary key, in which the one row of thousands is replaced at once.  That it is rows
and not their keys spares a read one look-up a row, which in a large table leads to memory that is in no cache.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import groupby
from operator import is_
from typing import Any, Final, final

from nova_db.engine.rows.layout import Columns, value_of
from nova_db.engine.values import Row

_FEW: Final = 16
"""So many rows at most are held in a tuple, which is made anew for each change."""


class _Many(dict[Any, Row]):
    """More rows of one value than a tuple holds, by primary key."""

    __slots__ = ()


def rows_of(bucket: Row | _Many) -> Iterable[Row]:
    """The rows of a bucket that is no tuple."""
    return (bucket,) if type(bucket) is dict else map(bucket.__getitem__, sorted(bucket))


@final
class HashIndex:
    """The rows by the value of a column, or by the values of several; null is not indexed."""

    __slots__ = ("buckets", "by_key", "value_of")

    def __init__(self, columns: Columns, by_key: Callable[[Row], Any]) -> None:
        """``by_key`` gives the primary key of a row."""
        self.value_of = value_of(columns)
        self.by_key = by_key
        self.buckets: dict[Any, Any] = {}
        """By value a row, a tuple of two or more by primary key, or ``_Many``; see ``rows_of``."""

    def copy(self) -> HashIndex:
        """An index of the same that changes independently."""
        twin = HashIndex.__new__(HashIndex)
        twin.value_of, twin.by_key = self.value_of, self.by_key
        twin.buckets = {
            value: _Many(bucket) if type(bucket) is _Many else bucket for value, bucket in self.buckets.items()
        }
        return twin

    def rows(self, value: Any) -> Iterable[Row]:
        """The rows that have a value, by primary key; to be gone over before any changes, perhaps not to the end."""
        bucket = self.buckets.get(value, ())
        return bucket if type(bucket) is tuple else rows_of(bucket)

    def keys(self, value: Any) -> Collection[Any]:
        """The primary keys of the rows that have a value."""
        bucket = self.buckets.get(value, ())
        if type(bucket) is _Many:
            return bucket.keys()
        return (self.by_key(bucket),) if type(bucket) is dict else [*map(self.by_key, bucket)]

    def move(self, key: Any, old: Row | None, new: Row | None) -> None:
        """Follow a row from one version to the next.  Interrupted anywhere, it can be done again."""
        after = None if new is None else self.value_of(new)
        if old is not None:
            before = self.value_of(old)
            if before is not None:
                if before != after:
                    self._remove(before, key)
                elif self._replace(before, key, old, new):
                    return
        # Most values are new, and lead to this one row.
        if after is not None and self.buckets.setdefault(after, new) is not new:
            self.put(after, key, new)

    def put(self, value: Any, key: Any, new: Any) -> None:
        """Let a value that leads somewhere already lead to a version of a row as well, in the place of an earlier."""
        bucket = self.buckets[value]
        if type(bucket) is _Many:
            bucket[key] = new
        else:
            self._join(value, (new,))

    def follow(self, old: Sequence[Row] | None, new: Sequence[Row] | None) -> None:
        """Follow rows from one version to the next, in the order of their keys.  It can be done again, too."""
        if new is None:
            self._leave(old or ())
        elif old is None:
            self._enter(new)
        else:
            self._change(old, new)

    def _enter(self, new: Sequence[Row]) -> None:
        buckets = self.buckets
        for value, rows in groupby(new, self.value_of):
            if value is None:
                continue
            if value in buckets:
                self._join(value, tuple(rows))
            else:
                buckets[value] = self._bucket(tuple(rows))

    def _leave(self, old: Sequence[Row]) -> None:
        buckets, by_key = self.buckets, self.by_key
        for value, rows in groupby(old, self.value_of):
            if value is None:
                continue
            bucket, gone = buckets.get(value, ()), [*rows]
            if type(bucket) is _Many:
                for row in gone:
                    bucket.pop(by_key(row), None)
                if not bucket:
                    del buckets[value]
            elif bucket:
                known = (bucket,) if type(bucket) is dict else bucket
                if len(known) == len(gone) and all(map(is_, known, gone)):
                    del buckets[value]
                    continue
                keys = {*map(by_key, gone)}
                left = tuple([row for row in known if by_key(row) not in keys])
                if left:
                    buckets[value] = self._bucket(left)
                else:
                    del buckets[value]

    def _change(self, old: Sequence[Row], new: Sequence[Row]) -> None:
        before = [*map(self.value_of, old)]
        if before == [*map(self.value_of, new)]:
            at = 0
            for value, same in groupby(before):
                end = at + len([*same])
                if value is not None and not self._change_in(value, old[at:end], new[at:end]):
                    break
                at = end
            else:
                return
        for earlier, later in zip(old, new, strict=True):
            self.move(self.by_key(later), earlier, later)

    def _change_in(self, value: Any, old: Sequence[Row], new: Sequence[Row]) -> bool:
        """Put versions of rows where those before are; False where one of these is not there."""
        bucket = self.buckets.get(value, ())
        if type(bucket) is _Many:
            bucket.update(zip(map(self.by_key, new), new, strict=True))
            return True
        known = (bucket,) if type(bucket) is dict else bucket
        if len(known) == len(old) and all(map(is_, known, old)):
            self.buckets[value] = self._bucket(tuple(new))
            return True
        later = dict(zip(map(id, old), new, strict=True))
        if not later.keys() <= {*map(id, known)}:
            return False
        self.buckets[value] = self._bucket(tuple([later.get(id(row), row) for row in known]))
        return True

    def _join(self, value: Any, new: tuple[Row, ...]) -> None:
        """Let a value that leads somewhere lead to rows as well, which take the place of versions of theirs."""
        by_key, bucket = self.by_key, self.buckets[value]
        if type(bucket) is _Many:
            bucket.update(zip(map(by_key, new), new, strict=True))
            return
        known = (bucket,) if type(bucket) is dict else bucket
        if by_key(known[-1]) < by_key(new[0]):
            rows = known + new
        else:
            found = {by_key(row): row for row in (*known, *new)}
            rows = tuple([found[key] for key in sorted(found)])
        self.buckets[value] = self._bucket(rows)

    def _bucket(self, rows: tuple[Row, ...]) -> Any:
        """What leads to some rows, which are in the order of their keys."""
        if len(rows) == 1:
            return rows[0]
        return rows if len(rows) <= _FEW else _Many(zip(map(self.by_key, rows), rows, strict=True))

    def _replace(self, value: Any, key: Any, old: Row, new: Any) -> bool:
        """Put a version of a row where the one before is, unless that is gone, or has to be looked for by its key."""
        bucket = self.buckets.get(value, ())
        if bucket is old:
            self.buckets[value] = new
        elif type(bucket) is _Many:
            bucket[key] = new
        elif type(bucket) is tuple:
            for place, row in enumerate(bucket):
                if row is old:
                    self.buckets[value] = (*bucket[:place], new, *bucket[place + 1 :])
                    return True
            return False
        else:
            return False
        return True

    def _remove(self, value: Any, key: Any) -> None:
        buckets, by_key = self.buckets, self.by_key
        bucket = buckets.get(value, ())
        if type(bucket) is _Many:
            bucket.pop(key, None)
            if not bucket:
                del buckets[value]
        elif type(bucket) is tuple:
            rows = tuple([row for row in bucket if by_key(row) != key])
            if rows:
                buckets[value] = rows if len(rows) > 1 else rows[0]
        elif by_key(bucket) == key:
            buckets.pop(value, None)
