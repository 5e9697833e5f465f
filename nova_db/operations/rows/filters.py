"""The names of filters: those that are known, those that callers pass along and that mean nothing here, and all others.

Others are ignored, as callers of the API have always been able to rely on; but a misspelt one gives rows that nobody
asked for, so each is told of, or refused where somebody wants that.
"""

from __future__ import annotations

import logging
import reprlib
from collections.abc import Iterable, Mapping
from typing import Any

from nova_db import conf
from nova_db.exceptions import UnknownFilter
from nova_db.exceptions.wording import most_alike, suggestion

_LOG = logging.getLogger(__name__)
MOST_TOLD = 1000
"""How many unknown names a process tells of: whoever may filter by what he likes must not fill log and memory."""
# By function and name.  It only ever grows, by single calls of a dict, so that no lock is needed.
_told: dict[tuple[str, str], object] = {}
_short = reprlib.Repr()
_short.maxstring = 100


class FilterNames:
    """The names that the filters of one function have.

    :param known: those with a meaning.
    :param meaningless: those that are passed over without a word.
    :param elsewhere: what is called otherwise by others, and its name here.
    """

    def __init__(
        self,
        function: str,
        known: Iterable[str],
        *,
        meaningless: Iterable[str] = (),
        elsewhere: Mapping[str, str] | None = None,
    ) -> None:
        self._function = function
        self._known = tuple(known)
        self._all = frozenset((*self._known, *meaningless))
        self._elsewhere = elsewhere or {}

    def check(self, filters: Mapping[str, Any]) -> None:
        """Tell of each unknown name, once in a process.

        :raises UnknownFilter: there is one, and ``[database] strict_filters`` is true.
        """
        if self._all.issuperset(filters):
            return
        strict = conf.option("strict_filters", "database")
        for name in filters:
            if name not in self._all:
                if strict:
                    raise UnknownFilter(function=self._function, key=name, nearest=self._nearest(name))
                self._tell(name)

    def _nearest(self, name: object) -> str | None:
        text = str(name)[: _short.maxstring]  # finding out takes longer the longer it is
        return self._elsewhere.get(text) or most_alike(text, self._known)

    def _tell(self, name: object) -> None:
        shown = _short.repr(name)
        mine = object()
        if len(_told) >= MOST_TOLD or _told.setdefault((self._function, shown), mine) is not mine:
            return
        hint = suggestion(self._nearest(name))
        _LOG.warning("%s ignores the unknown filter %s%s", self._function, shown, hint)
        if len(_told) == MOST_TOLD:
            _LOG.warning("Further unknown filters are ignored without a word: %d were told of.", MOST_TOLD)
