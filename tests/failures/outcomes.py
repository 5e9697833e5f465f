"""What callers were told about their calls, compared with what is stored."""

from __future__ import annotations

from collections import Counter

from nova_db.exceptions import DBCommitUnknown, DBConnectionError
from nova_db.operations import Session
from nova_db_sqlalchemy import SQLAlchemyDriver
from tests.failures.helpers import ADMIN, add, hosts


class Outcomes:
    """What callers were told about their calls, each of which makes two services of one name."""

    def __init__(self) -> None:
        self.done: set[str] = set()
        self.unknown: set[str] = set()
        self.failed: set[str] = set()

    def call(self, driver: SQLAlchemyDriver, name: str) -> None:
        """Make a call."""

        def work(session: Session) -> None:
            add(driver, name)
            add(driver, name)

        try:
            driver.run(ADMIN, work)
        except DBCommitUnknown:
            self.unknown.add(name)
        except DBConnectionError:
            self.failed.add(name)
        else:
            self.done.add(name)

    def calls(self, driver: SQLAlchemyDriver, caller: int, count: int) -> None:
        """Make calls one after the other."""
        for number in range(count):
            self.call(driver, f"{caller}.{number}")

    def known(self) -> int:
        """How many calls have come to an end."""
        return len(self.done) + len(self.unknown) + len(self.failed)

    def check(self, driver: SQLAlchemyDriver) -> None:
        """What is stored is what callers were told."""
        found = Counter(hosts(driver))
        assert set(found.values()) <= {2}
        assert self.done <= found.keys() <= self.done | self.unknown
