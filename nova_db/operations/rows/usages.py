"""What a project uses of its quotas, while reservations are made."""

from __future__ import annotations

import datetime as dt
import logging
import uuid as uuidlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from nova_db import exceptions
from nova_db.clock import utcnow
from nova_db.engine import Query, Row, all_of
from nova_db.operations.rows.conditions import LIVE, equals
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Text
    from nova_db.engine import Transaction

LOG = logging.getLogger(__name__)
USAGES = TABLES["quota_usages"]
Sync = Callable[[str], Mapping[str, int]]
_TEXT: Final = frozenset({str})


class Usages:
    """The live usages of a project during one reservation; changes are kept and written by ``store``."""

    def __init__(self, tx: Transaction, project: Text, until_refresh: int | None, max_age: float) -> None:
        self._tx = tx
        self._project = project
        self._until_refresh = until_refresh
        self._max_age = max_age
        self._now = utcnow()
        where = all_of(equals(USAGES, "project_id", project), LIVE)
        self.rows: dict[str, Row] = {row["resource"]: row for row in tx.select(Query("quota_usages", where, lock=True))}
        self._changes: defaultdict[str, dict[str, Any]] = defaultdict(dict)

    def refresh(self, resources: Iterable[str], sync: Sync) -> None:
        """Count anew what is new, in doubt or due; a count may come with counts of other resources."""
        counted: set[str] = set()
        for resource in resources:
            if resource in counted or not self._is_due(resource):
                continue
            for name, count in by_stored_name(sync(resource)).items():
                self._set(name, in_use=count, until_refresh=self._until_refresh)
                counted.add(name)

    def overs(self, deltas: Mapping[str, int], quotas: Mapping[str, int | None]) -> list[str]:
        """The resources whose limit the deltas would exceed, sorted."""
        found = []
        for resource, delta in deltas.items():
            limit = quotas[resource]
            usage = self.rows[resource]
            if delta < 0 and usage["in_use"] + delta < 0:
                LOG.warning("Reserving %s of %s takes the usage of project %s below 0", delta, resource, self._project)
            if limit is not None and limit >= 0 and delta >= 0 and limit < usage["in_use"] + usage["reserved"] + delta:
                found.append(resource)
        return sorted(found)

    def reserve(self, deltas: Mapping[str, int], expire: dt.datetime | None) -> list[dict[str, Any]]:
        """Count the deltas as reserved; the values of their reservations."""
        if expire is None:
            message = "reservations.expire must not be null"
            raise exceptions.DBDataError(table="reservations", columns=["expire"], value=None, message=message)
        rows = []
        for resource, delta in deltas.items():
            if delta > 0:
                self._set(resource, reserved=self.rows[resource]["reserved"] + delta)
            uuid = str(uuidlib.uuid4())
            rows.append(
                {"uuid": uuid, "project_id": self._project, "resource": resource, "delta": delta, "expire": expire}
            )
        return rows

    def totals(self) -> dict[str, dict[str, int]]:
        """What is in use and reserved of every resource of the project."""
        return {name: {"in_use": row["in_use"], "reserved": row["reserved"]} for name, row in self.rows.items()}

    def store(self) -> None:
        """Write what has changed: new usages are inserted, others updated."""
        new = {name: None for name, row in self.rows.items() if row.get("id") is None}
        if new:
            times = {"created_at": self._now, "updated_at": self._now}
            rows = [USAGES.insert_values({**self.rows[name], **times}) for name in new]
            made = self._tx.insert(("quota_usages", rows))[0]
            self.rows.update(zip(new, made, strict=True))
        alike: defaultdict[tuple[str, ...], list[tuple[Any, dict[str, Any]]]] = defaultdict(list)
        for name, changes in self._changes.items():
            if name not in new:
                values = {**changes, "updated_at": self._now}
                alike[tuple(sorted(values))].append((self.rows[name]["id"], values))
        for updates in alike.values():
            self._tx.update_each("quota_usages", updates)

    def _is_due(self, resource: str) -> bool:
        usage = self.rows.get(resource)
        if usage is None:
            self._set(resource, in_use=0, until_refresh=self._until_refresh)
            return True
        if usage["in_use"] < 0:
            return True
        if usage["until_refresh"] is not None:
            self._set(resource, until_refresh=usage["until_refresh"] - 1)
            return bool(self.rows[resource]["until_refresh"] <= 0)
        if not self._max_age:
            return False
        changed = usage["updated_at"] or usage["created_at"]
        return changed is None or (self._now - changed).total_seconds() >= self._max_age

    def _set(self, resource: str, **values: Any) -> None:
        usage = self.rows.setdefault(
            resource, {"project_id": self._project, "resource": resource, "in_use": 0, "reserved": 0}
        )
        changes = USAGES.update_values(values)
        usage.update(changes)
        self._changes[resource].update(changes)


def by_stored_name(by_resource: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """The same by the names of resources as they are stored; of names that are stored alike the last counts."""
    if _TEXT.issuperset(map(type, by_resource)):
        return by_resource  # what is too long or no Unicode text is refused where it is stored
    stored = USAGES.update_values
    return {stored({"resource": name})["resource"]: value for name, value in by_resource.items()}
