"""Actions on instances, and the events of which they consist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nova_db import exceptions
from nova_db.driver.instance_actions import InstanceActionsContract
from nova_db.engine import Eq, Order, Query, Row, all_of
from nova_db.operations.rows.changes import create, update_record
from nova_db.operations.rows.conditions import equals, matches, visible, visible_with
from nova_db.operations.rows.reading import first, one
from nova_db.operations.rows.times import parsed
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Id, Record, Text, Values
    from nova_db.engine import Transaction

ACTIONS = TABLES["instance_actions"]
EVENTS = TABLES["instance_actions_events"]
_TIMES = ("start_time", "finish_time")
_REQUEST = ("instance_uuid", "request_id")
"""The keys that name an action."""
_NEWEST_FIRST = (Order("created_at", descending=True), Order("id", descending=True))


class InstanceActionsOperations(TransactionalDriver, InstanceActionsContract):
    """Actions and events."""

    @writes()
    def action_start(self, tx: Transaction, context: Context, values: Values) -> Record:
        given = parsed("action_start", values, _TIMES)
        if given.get("instance_uuid") is None:
            message = "instance_actions.instance_uuid must not be null"
            raise exceptions.DBDataError(table=ACTIONS.name, columns=["instance_uuid"], value=None, message=message)
        return create(tx, ACTIONS, given)

    @writes(keys={"values": _REQUEST})
    def action_finish(self, tx: Transaction, context: Context, values: Values) -> Record:
        given = parsed("action_finish", values, _TIMES)
        action = _action(tx, context, given)
        record = update_record(tx, ACTIONS, Eq("id", action["id"]), given)
        return record if record is not None else action

    @reads(snapshot=False)
    def actions_get(self, tx: Transaction, context: Context, uuid: Text) -> list[Record]:
        where = visible_with(context, ACTIONS, "instance_uuid", uuid)
        return tx.select(Query(ACTIONS.name, where, order=_NEWEST_FIRST))

    @reads(snapshot=False)
    def action_get_by_request_id(
        self, tx: Transaction, context: Context, uuid: Text, request_id: Text
    ) -> Record | None:
        return first(tx, _of_request(context, uuid, request_id))

    @writes(keys={"values": _REQUEST})
    def action_event_start(self, tx: Transaction, context: Context, values: Values) -> Record:
        given = parsed("action_event_start", values, _TIMES)
        action = _action(tx, context, given)
        for name in _REQUEST:
            del given[name]
        return create(tx, EVENTS, {**given, "action_id": action["id"]})

    @writes(keys={"values": (*_REQUEST, "event", "result")})
    def action_event_finish(self, tx: Transaction, context: Context, values: Values) -> Record:
        given = parsed("action_event_finish", values, _TIMES)
        action = _action(tx, context, given)
        for name in _REQUEST:
            del given[name]
        event, result = given["event"], given["result"]
        if result is None:
            message = "instance_actions_events.result must not be null where an event ends"
            raise exceptions.DBDataError(table=EVENTS.name, columns=["result"], value=None, message=message)
        where = all_of(Eq("action_id", action["id"]), equals(EVENTS, "event", event), visible(context, EVENTS))
        record = update_record(tx, EVENTS, where, given, first=True)
        if record is None:
            raise exceptions.InstanceActionEventNotFound(action_id=action["id"], event=event)
        if record["result"].lower() == "error":
            update_record(tx, ACTIONS, Eq("id", action["id"]), {"message": "Error"})
        return record

    @reads(snapshot=False)
    def action_events_get(self, tx: Transaction, context: Context, action_id: Id) -> list[Record]:
        where = visible_with(context, EVENTS, "action_id", action_id)
        return tx.select(Query(EVENTS.name, where, order=_NEWEST_FIRST))

    @reads(snapshot=False)
    def action_event_get_by_id(self, tx: Transaction, context: Context, action_id: Id, event_id: Id) -> Record | None:
        where = all_of(matches(EVENTS, id=event_id, action_id=action_id), visible(context, EVENTS))
        return first(tx, Query(EVENTS.name, where))


def _of_request(context: Context, uuid: object, request_id: object) -> Query:
    """The first action of a request on an instance."""
    where = all_of(matches(ACTIONS, instance_uuid=uuid, request_id=request_id), visible(context, ACTIONS))
    return Query(ACTIONS.name, where, limit=1)


def _action(tx: Transaction, context: Context, values: Values) -> Row:
    """The action that values name; InstanceActionNotFound if there is none."""
    uuid, request_id = values["instance_uuid"], values["request_id"]
    missing = {"request_id": request_id, "instance_uuid": uuid}
    return one(tx, _of_request(context, uuid, request_id), exceptions.InstanceActionNotFound, **missing)
