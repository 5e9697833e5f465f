"""Flavors (instance types): made, read, destroyed; who may use them, and their extra specs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nova_db import exceptions
from nova_db.context import has_admin_rights, require_admin, require_context
from nova_db.driver.flavors import FlavorsContract
from nova_db.engine import FALSE, TRUE, Eq, Exists, Ge, Order, Predicate, Query, Row, all_of, any_of
from nova_db.exceptions import NovaException
from nova_db.operations.rows import locks
from nova_db.operations.rows.changes import KeyValues, create, soft_delete, values_by_key
from nova_db.operations.rows.conditions import LIVE, equals, of_project, visible
from nova_db.operations.rows.filters import FilterNames
from nova_db.operations.rows.reading import exists, one
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import NO_MATCH, TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Id, Record, Text, Values, Visibility
    from nova_db.engine import Transaction

FLAVORS = TABLES["instance_types"]
ACCESS = TABLES["instance_type_projects"]
SPECS = KeyValues("instance_type_extra_specs", "instance_type_id")
_FILTERS = FilterNames(
    "instance_type_get_all",
    ("min_memory_mb", "min_root_gb", "disabled", "is_public"),
    meaningless=("project_id",),  # which flavors a project may use is the context's to say
)
_LIVE_FIRST = (Order("deleted"),)


class FlavorsOperations(TransactionalDriver, FlavorsContract):
    """Flavors, access and extra specs."""

    @writes(require_admin, keys={"values": ("name", "flavorid")})
    def instance_type_create(self, tx: Transaction, context: Context, values: Values) -> Record:
        columns = dict(values)
        specs = columns.pop("extra_specs", None)
        name, flavorid = columns["name"], columns["flavorid"]
        if specs is not None and not issubclass(type(specs), Mapping):
            message = f"extra_specs must be a mapping of keys to values, not {type(specs).__name__}"
            raise exceptions.DBDataError(table=SPECS.table.name, columns=["key"], value=specs, message=message)
        row = FLAVORS.insert_values(columns)
        tx.serialize(*locks.flavor_names(row["name"], row["flavorid"]))
        if exists(tx, FLAVORS.name, all_of(Eq("name", row["name"]), LIVE)):
            raise exceptions.InstanceTypeExists(name=name)
        if exists(tx, FLAVORS.name, all_of(Eq("flavorid", row["flavorid"]), LIVE)):
            raise exceptions.InstanceTypeIdExists(flavor_id=flavorid)
        flavor = tx.insert((FLAVORS.name, [row]))[0][0]
        rows = SPECS.rows(flavor["id"], specs)
        flavor["extra_specs"] = values_by_key(tx.insert((SPECS.table.name, rows))[0]) if rows else {}
        return flavor

    @reads(require_context, snapshot=False)
    def instance_type_get_all(
        self, tx: Transaction, context: Context, inactive: bool = False, filters: Values | None = None
    ) -> list[Record]:
        _FILTERS.check(filters or {})
        parts = [TRUE if inactive else LIVE, _usable(context), *_filtered(context, filters or {})]
        flavors = tx.select(Query(FLAVORS.name, all_of(*parts), order=(Order("name"),), load=("extra_specs",)))
        for flavor in flavors:
            flavor["extra_specs"] = values_by_key(flavor["extra_specs"])
        return flavors

    @reads(require_context, snapshot=False)
    def instance_type_get(self, tx: Transaction, context: Context, id: Id) -> Record:
        return _flavor(tx, _seen(context, "id", id), exceptions.InstanceTypeNotFound, instance_type_id=id)

    @reads(require_context, snapshot=False)
    def instance_type_get_by_name(self, tx: Transaction, context: Context, name: Text) -> Record:
        where = _seen(context, "name", name)
        return _flavor(tx, where, exceptions.InstanceTypeNotFoundByName, instance_type_name=name)

    @reads(require_context, snapshot=False)
    def instance_type_get_by_flavor_id(
        self, tx: Transaction, context: Context, id: Id | None, read_deleted: Visibility = None
    ) -> Record:
        where = _seen(context, "flavorid", id, read_deleted)
        return _flavor(tx, where, exceptions.FlavorNotFound, order=_LIVE_FIRST, flavor_id=id)

    @writes(require_admin)
    def instance_type_destroy(self, tx: Transaction, context: Context, name: Text) -> None:
        query = Query(FLAVORS.name, all_of(equals(FLAVORS, "name", name), LIVE), limit=1, lock=True)
        key = one(tx, query, exceptions.InstanceTypeNotFoundByName, instance_type_name=name)["id"]
        soft_delete(tx, FLAVORS.name, all_of(Eq("id", key), LIVE))
        SPECS.remove(tx, key, LIVE)

    @reads(require_admin)
    def instance_type_access_get_by_flavor_id(
        self, tx: Transaction, context: Context, flavor_id: Id | None
    ) -> list[Record]:
        key = _flavor_key(tx, flavor_id, visible(context, FLAVORS))
        return tx.select(Query(ACCESS.name, all_of(Eq("instance_type_id", key), LIVE)))

    @writes(require_admin)
    def instance_type_access_add(
        self, tx: Transaction, context: Context, flavor_id: Id | None, project_id: Text
    ) -> Record:
        key = _flavor_key(tx, flavor_id)
        tx.serialize(locks.flavor_access(key))
        granted = all_of(Eq("instance_type_id", key), equals(ACCESS, "project_id", project_id), LIVE)
        if exists(tx, ACCESS.name, granted):
            raise exceptions.FlavorAccessExists(flavor_id=flavor_id, project_id=project_id)
        return create(tx, ACCESS, {"instance_type_id": key, "project_id": project_id})

    @writes(require_admin)
    def instance_type_access_remove(
        self, tx: Transaction, context: Context, flavor_id: Id | None, project_id: Text
    ) -> None:
        key = _flavor_key(tx, flavor_id)
        granted = all_of(Eq("instance_type_id", key), equals(ACCESS, "project_id", project_id), LIVE)
        if not soft_delete(tx, ACCESS.name, granted):
            raise exceptions.FlavorAccessNotFound(flavor_id=flavor_id, project_id=project_id)

    @reads(require_context, snapshot=False)
    def instance_type_extra_specs_get(self, tx: Transaction, context: Context, flavor_id: Id | None) -> dict[str, Any]:
        flavor = Exists(FLAVORS.name, (("instance_type_id", "id"),), _live_flavor(flavor_id))
        return values_by_key(tx.select(Query(SPECS.table.name, all_of(LIVE, flavor))))

    @writes(require_context)
    def instance_type_extra_specs_delete(
        self, tx: Transaction, context: Context, flavor_id: Id | None, key: Text
    ) -> None:
        for flavor in tx.select(Query(FLAVORS.name, _live_flavor(flavor_id), columns=("id",))):
            SPECS.remove(tx, flavor["id"], all_of(equals(SPECS.table, "key", key), LIVE))

    @writes(require_context)
    def instance_type_extra_specs_update_or_create(
        self, tx: Transaction, context: Context, flavor_id: Id | None, extra_specs: Mapping[str, Any]
    ) -> None:
        # Locked, lest the flavor be destroyed in between and be left with live extra specs.
        SPECS.write(tx, _flavor_key(tx, flavor_id, lock=True), extra_specs, replace=False)


def _flavor(
    tx: Transaction,
    where: Predicate,
    error: type[NovaException],
    *,
    order: tuple[Order, ...] = (),
    **arguments: Any,
) -> Row:
    """The first flavor that matches, with its extra specs as a dict; else the error."""
    flavor = one(tx, Query(FLAVORS.name, where, order=order, limit=1, load=("extra_specs",)), error, **arguments)
    flavor["extra_specs"] = values_by_key(flavor["extra_specs"])
    return flavor


def _live_flavor(flavor_id: Any) -> Predicate:
    return all_of(equals(FLAVORS, "flavorid", flavor_id), LIVE)


def _flavor_key(tx: Transaction, flavor_id: Any, seen: Predicate = LIVE, *, lock: bool = False) -> int:
    """The id of the flavor with a public id; FlavorNotFound."""
    where = all_of(equals(FLAVORS, "flavorid", flavor_id), seen)
    query = Query(FLAVORS.name, where, columns=("id", "deleted"), order=_LIVE_FIRST, limit=1, lock=lock)
    return int(one(tx, query, exceptions.FlavorNotFound, flavor_id=flavor_id)["id"])


def _granted(context: Context) -> Predicate:
    mine = all_of(of_project(context), LIVE)
    return Exists(ACCESS.name, (("id", "instance_type_id"),), mine) if context.project_id is not None else FALSE


def _usable(context: Context) -> Predicate:
    """Public flavors and those that the project has been granted; all for an administrator."""
    return TRUE if has_admin_rights(context) else any_of(Eq("is_public", True), _granted(context))


def _seen(context: Context, column: str, value: Any, read_deleted: Visibility = None) -> Predicate:
    return all_of(equals(FLAVORS, column, value), visible(context, FLAVORS, read_deleted), _usable(context))


def _filtered(context: Context, filters: Mapping[str, Any]) -> list[Predicate]:
    parts: list[Predicate] = []
    for name, column in (("min_memory_mb", "memory_mb"), ("min_root_gb", "root_gb")):
        if filters.get(name) is not None:
            least = FLAVORS.lookup(column, filters[name])
            parts.append(FALSE if least is NO_MATCH else Ge(column, least))
    if "disabled" in filters:
        parts.append(equals(FLAVORS, "disabled", filters["disabled"]))
    public = filters.get("is_public")
    if public is not None:
        wanted = equals(FLAVORS, "is_public", public)
        parts.append(any_of(wanted, _granted(context)) if FLAVORS.lookup("is_public", public) is True else wanted)
    return parts
