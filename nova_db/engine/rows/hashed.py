"""Hash indexes: from a value to the rows that have it.

Most values belong to one row or to a handful, so what they lead to is the row itself, then a tuple of rows by primary
key, and only beyond that a dict by primary key, in which the one row of thousands is replaced at once.  That it is rows
and not their keys spares a read one look-up a row, which in a large table leads to memory that is in no cache.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
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
        buckets, by_key = self.buckets, self.by_key
        bucket = buckets[value]
        if type(bucket) is dict:
            other = by_key(bucket)
            if other != key:
                new = (bucket, new) if other < key else (new, bucket)
            buckets[value] = new
        elif type(bucket) is _Many:
            bucket[key] = new
        elif by_key(bucket[-1]) < key:
            buckets[value] = (
                (*bucket, new) if len(bucket) < _FEW else _Many((by_key(row), row) for row in (*bucket, new))
            )
        else:
            rows = {by_key(row): row for row in bucket}
            is_known = key in rows
            rows[key] = new
            few = tuple(rows.values()) if is_known else tuple([rows[place] for place in sorted(rows)])
            buckets[value] = few if len(few) <= _FEW else _Many(rows)

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
