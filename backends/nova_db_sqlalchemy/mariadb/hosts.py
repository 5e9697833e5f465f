"""The hosts that a URL names, tried in turn: the nodes of a cluster."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from nova_db import forking
from nova_db.exceptions import DBConnectionError
from nova_db_sqlalchemy.mariadb.errors import code_of, is_lost, is_of_library
from nova_db_sqlalchemy.mariadb.urls import addresses

T = TypeVar("T")
AVOIDED_SECONDS: Final = 30.0
"""How long a host that could not be reached is tried after the others, and not in its place."""
_BUSY_OR_DOWN: Final = frozenset({1040, 1129, 1203, 2002, 2003, 2005})


class Hosts:
    """The hosts of one URL, and which of them did not answer lately."""

    def __init__(self, url: sa.URL) -> None:
        self._all = addresses(url) or [{}]
        self._avoided: dict[int, float] = {}
        self._lock = forking.lock(self, "_lock")

    def connect(self, connect: Callable[[dict[str, Any]], T]) -> T:
        """What ``connect`` makes of the options of the first host that can be reached.

        They are tried in the order of the URL, those that lately could not be reached last.  One that refuses the user
        or lacks the database is an answer like any other.

        :raises DBConnectionError: none can be reached.
        """
        last: BaseException | None = None
        reasons: list[str] = []
        for number in self._in_turn():
            try:
                made = connect(self._all[number])
            except DBConnectionError as error:
                if len(self._all) == 1 or not is_unreachable(error.inner_exception):
                    raise
                self._avoid(number)
                last = error.inner_exception
                reasons.append(_reason(self._all[number], last))
            else:
                self._trust(number)
                return made
        raise DBConnectionError(last, message=f"None of the hosts can be reached: {'; '.join(reasons)}.") from last

    def _in_turn(self) -> list[int]:
        now = time.monotonic()
        with self._lock:
            return sorted(range(len(self._all)), key=lambda number: self._avoided.get(number, 0.0) > now)

    def _avoid(self, number: int) -> None:
        with self._lock:
            self._avoided[number] = time.monotonic() + AVOIDED_SECONDS

    def _trust(self, number: int) -> None:
        if self._avoided:
            with self._lock:
                self._avoided.pop(number, None)


def is_unreachable(error: BaseException | None) -> bool:
    """Whether an error of connecting says that another host may do better."""
    return error is not None and (code_of(error) in _BUSY_OR_DOWN or is_lost(error))


def _reason(address: dict[str, Any], error: BaseException | None) -> str:
    text = str(error.args[-1]) if error is not None and is_of_library(error) and error.args else str(error)
    return f"{address.get('host')}:{address.get('port', 3306)}: {text}"
