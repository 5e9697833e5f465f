"""Further attempts to connect for the first time: a service may start before its server."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from nova_db.exceptions import DBConnectionError

if TYPE_CHECKING:
    from nova_db_sqlalchemy.settings import Settings

T = TypeVar("T")
_LOG = logging.getLogger(__name__)


class Retries:
    """The further attempts that ``[database] max_retries`` grants; none once a connection was made."""

    def __init__(self, settings: Settings) -> None:
        self._most = settings.connect_retries
        self._interval = settings.connect_interval
        self._failed = 0

    def run(self, connect: Callable[[], T]) -> T:
        """What ``connect`` gives; until it has given something once, it is called again if that may help.

        :raises DBConnectionError: no attempt is left, or none would help.
        """
        while True:  # ends with a connection, or after max_retries, unless that is -1
            try:
                made = connect()
            except DBConnectionError as error:
                if 0 <= self._most <= self._failed or not error.may_pass:
                    raise
                self._failed += 1  # safe without a lock: a count that is lost is one attempt more
                _LOG.warning("%s Trying again in %g seconds.", error, self._interval)
                time.sleep(self._interval)
            else:
                self._most = 0
                return made
