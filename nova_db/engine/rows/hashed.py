"""Hash indexes: from a value to the primary keys of the rows that have it.

Most values belong to one row or to a handful, so what they lead to is the key itself, then a tuple of keys in order,
and only beyond that a dict without values, from which the one key of thousands is taken out at once.  The garbage
collector visits none of the three, so large tables do not slow it down.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, final

from nova_db.engine.rows.layout import Columns, value_of
from nova_db.engine.values import Row

_FEW: Final = 16
"""So many keys at most are held in a tuple, which is made anew for each change."""


@final
class HashIndex:
    """The primary keys of rows by the value of a column, or by the values of several; null is not indexed."""

    __slots__ = ("buckets", "value_of")

    def __init__(self, columns: Columns) -> None:
        self.value_of = value_of(columns)
        self.buckets: dict[Any, Any] = {}
        """By value a key, a tuple of two or more, or a dict of more still; a key is never a tuple or a dict."""

    def copy(self) -> HashIndex:
        """An index of the same that changes independently."""
        twin = HashIndex.__new__(HashIndex)
        twin.value_of = self.value_of
        twin.buckets = {
            value: bucket.copy() if type(bucket) is dict else bucket for value, bucket in self.buckets.items()
        }
        return twin

    def keys(self, value: Any) -> Collection[Any]:
        """The keys of the rows that have a value."""
        bucket = self.buckets.get(value)
        if bucket is None:
            return ()
        return bucket if type(bucket) is tuple or type(bucket) is dict else (bucket,)

    def move(self, key: Any, old: Row | None, new: Row | None) -> None:
        """Follow a row from one version to the next.  Interrupted anywhere, it can be done again."""
        after = None if new is None else self.value_of(new)
        if old is not None:
            before = self.value_of(old)
            if before == after:
                return
            if before is not None:
                self._remove(before, key)
        # Most values are new, and lead to this one row.
        if after is not None and self.buckets.setdefault(after, key) is not key:
            self._add(after, key)

    def _add(self, value: Any, key: Any) -> None:
        """Add a key to those that a value leads to already."""
        bucket = self.buckets[value]
        if type(bucket) is dict:
            bucket[key] = None
            return
        keys = bucket if type(bucket) is tuple else (bucket,)
        if key in keys:
            return
        if len(keys) == _FEW:
            self.buckets[value] = dict.fromkeys([*keys, key])
        elif key > keys[-1]:
            self.buckets[value] = (*keys, key)
        else:
            self.buckets[value] = tuple(sorted([*keys, key]))

    def _remove(self, value: Any, key: Any) -> None:
        buckets = self.buckets
        bucket = buckets.get(value)
        if type(bucket) is dict:
            bucket.pop(key, None)
            if not bucket:
                del buckets[value]
        elif type(bucket) is tuple:
            keys = tuple([other for other in bucket if other != key])
            buckets[value] = keys if len(keys) > 1 else keys[0]
        elif bucket == key:
            buckets.pop(value, None)
