"""The filters, sorting and paging of ``instance_get_all_by_filters``."""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypedDict

from nova_db import exceptions
from nova_db.driver.kinds import FLAG, MOMENT, VALUES, take
from nova_db.engine import FALSE, TRUE, Col, Eq, Gt, Ne, Order, Predicate, Query, Regexp, all_of, any_of, exists_each
from nova_db.engine.regexp import Pattern, compile_patterns
from nova_db.exceptions.redaction import HIDDEN, is_secret
from nova_db.operations.instances.finding import INSTANCES
from nova_db.operations.rows.conditions import LIVE, among, equals, one_of, scoped, visible_with
from nova_db.operations.rows.filters import FilterNames
from nova_db.operations.rows.reading import one
from nova_db.schema import NO_MATCH, TABLES
from nova_db.schema.coercion import text_of

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Direction, Uuid, Word
    from nova_db.engine import Transaction

_EXACT = frozenset(("project_id", "user_id", "image_ref", "vm_state", "instance_type_id", "uuid", "host", "task_state"))
NAMES = FilterNames(
    "instance_get_all_by_filters",
    ("changes-since", "metadata", "system_metadata", *INSTANCES.names),
    # What an API server leaves among them: what it has made uuids of, what it has looked at itself, and, of an
    # administrator's, the rest of the query.
    meaningless=("ip", "ip6", "all_tenants", "limit", "marker"),
    elsewhere={
        "name": "display_name",
        "image": "image_ref",
        "tenant_id": "project_id",
        "flavor": "instance_type_id",
        "status": "vm_state",
        "fixed_ip": "uuid",
    },
)
_COLLECTIONS = (list, tuple, set, frozenset)


class Page(TypedDict):
    """Where a page begins, how it is sorted and how long it is."""

    order: tuple[Order, ...]
    after: tuple[Any, ...] | None
    limit: int | None


def filtered(context: Context, filters: Mapping[str, Any]) -> Predicate:
    """All filters, as one condition; a user context sees its own project only."""
    mine = scoped(context)
    wanted = [name for name in filters if name != "project_id" or mine is TRUE]
    return all_of(*[_condition(name, filters[name]) for name in wanted], mine)


def paging(
    tx: Transaction, context: Context, sort_key: Word, sort_dir: Direction, limit: int | None, marker: Uuid | None
) -> Page:
    """Check and translate the arguments of sorting and paging; raises before anything but the marker is read."""
    if sort_key not in INSTANCES.column:
        raise exceptions.InvalidSortKey(key=sort_key, computed=sort_key in INSTANCES.computed)
    order = _order(sort_key, sort_dir == "desc")
    after = None
    if marker is not None:
        where = visible_with(context, INSTANCES, "uuid", marker, is_scoped=True)
        columns = tuple([part.column for part in order])
        found = one(tx, Query("instances", where, columns=columns, limit=1), exceptions.MarkerNotFound, marker=marker)
        after = tuple([found[column] for column in columns])
    return {"order": order, "after": after, "limit": limit}


@functools.cache  # of the columns of a table
def _order(sort_key: Word, descending: bool) -> tuple[Order, ...]:
    return tuple([Order(column, descending) for column in dict.fromkeys((sort_key, "created_at", "id"))])


def _condition(name: str, value: Any) -> Predicate:
    if name == "changes-since":
        return _changed_since(value)
    if name == "deleted":
        return _deleted(value)
    if name in ("metadata", "system_metadata"):
        return _has_items(f"instance_{name}", value)
    if name not in INSTANCES.column:
        return TRUE
    if name in _EXACT:
        return among(INSTANCES, name, value) if type(value) in _COLLECTIONS else equals(INSTANCES, name, value)
    return _searched(name, value)


def _changed_since(value: Any) -> Predicate:
    return Gt("updated_at", take("instance_get_all_by_filters(): the filter 'changes-since'", MOMENT, value))


def _deleted(wanted: Any) -> Predicate:
    if take("instance_get_all_by_filters(): the filter 'deleted'", FLAG, wanted):
        return any_of(Eq("deleted", Col("id")), Eq("vm_state", "soft-delete"))
    return all_of(LIVE, any_of(Ne("vm_state", "soft-delete"), Eq("vm_state", None)))


def _has_items(table: str, wanted: Any) -> Predicate:
    """Each pair is held by one live row; a mapping, or a list of mappings, of keys to values."""
    parts = wanted if type(wanted) in (list, tuple) else [{} if wanted is None else wanted]
    lookup = TABLES[table].lookup
    found = []
    for part in parts:
        pairs = take(f"instance_get_all_by_filters(): each filter of {table}", VALUES, part)
        found += [(lookup("key", key), lookup("value", value)) for key, value in pairs.items()]
    if any(NO_MATCH in pair for pair in found):
        return FALSE
    return exists_each(table, (("uuid", "instance_uuid"),), ("key", "value"), found, LIVE)


def _searched(name: str, value: Any) -> Predicate:
    """The text of the column is searched; of several values any may match."""
    if type(value) in _COLLECTIONS:
        texts = [each for each in value if type(each) is str]
        others = [each for each in value if type(each) is not str]
        found = Regexp(name, _compiled(name, texts)) if texts else FALSE
        return any_of(found, one_of(INSTANCES, name, others)) if others else found
    if value is None or type(value) is bool:
        return equals(INSTANCES, name, value)
    return _found(name, value)


def _found(name: str, value: Any) -> Predicate:
    text = str(value) if type(value) is dt.datetime else text_of(value)
    return equals(INSTANCES, name, value) if text is None else Regexp(name, _compiled(name, [text]))


def _compiled(name: str, texts: list[str]) -> Pattern:
    """The patterns for a column; of one that may hold a secret none is shown, by the errors either."""
    if not is_secret("instances", [name]):
        return compile_patterns(texts)
    # Raised beside the first error, and not from it, which quotes the pattern, as its own cause does.
    with contextlib.suppress(exceptions.Invalid):
        return compile_patterns(texts)
    raise exceptions.Invalid(
        f"Invalid regular expression {HIDDEN} for {name}: RE2 does not accept it, or it is too large."
    )
