"""The log of periodic tasks: one record a task, host and period."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from nova_db import exceptions
from nova_db.context import require_admin
from nova_db.driver.task_log import TaskLogContract
from nova_db.engine import TRUE, Predicate, Query, all_of
from nova_db.operations.rows.changes import condition_update, create
from nova_db.operations.rows.conditions import equals, matches, visible
from nova_db.operations.rows.reading import first
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Record, Text
    from nova_db.engine import Transaction

TASK_LOG = TABLES["task_log"]


class TaskLogOperations(TransactionalDriver, TaskLogContract):
    """The task log."""

    @reads(require_admin, snapshot=False)
    def task_log_get(
        self,
        tx: Transaction,
        context: Context,
        task_name: str,
        period_beginning: dt.datetime,
        period_ending: dt.datetime,
        host: Text,
        state: Text = None,
    ) -> Record | None:
        where = _recorded(context, task_name, period_beginning, period_ending, host, state)
        return first(tx, Query(TASK_LOG.name, where, limit=1))

    @reads(require_admin, snapshot=False)
    def task_log_get_all(
        self,
        tx: Transaction,
        context: Context,
        task_name: str,
        period_beginning: dt.datetime,
        period_ending: dt.datetime,
        host: Text = None,
        state: Text = None,
    ) -> list[Record]:
        return tx.select(
            Query(TASK_LOG.name, _recorded(context, task_name, period_beginning, period_ending, host, state))
        )

    @writes(require_admin)
    def task_log_begin_task(
        self,
        tx: Transaction,
        context: Context,
        task_name: str,
        period_beginning: dt.datetime,
        period_ending: dt.datetime,
        host: str,
        task_items: int | None = None,
        message: Text = None,
    ) -> None:
        values = {
            "task_name": task_name,
            "period_beginning": period_beginning,
            "period_ending": period_ending,
            "host": host,
            "state": "RUNNING",
            "errors": 0,
            "task_items": task_items or 0,
            "message": message or "",
        }
        try:
            create(tx, TASK_LOG, values)
        except exceptions.DBDuplicateEntry as error:
            raise exceptions.TaskAlreadyRunning(task_name=task_name, host=host) from error

    @writes(require_admin)
    def task_log_end_task(
        self,
        tx: Transaction,
        context: Context,
        task_name: str,
        period_beginning: dt.datetime,
        period_ending: dt.datetime,
        host: Text,
        errors: int,
        message: Text = None,
    ) -> None:
        values: dict[str, Any] = {"state": "DONE", "errors": errors}
        if message:
            values["message"] = message
        where = all_of(_period(context, task_name, period_beginning, period_ending), equals(TASK_LOG, "host", host))
        if not tx.update(TASK_LOG.name, where, condition_update(TASK_LOG, values)):
            raise exceptions.TaskNotRunning(task_name=task_name, host=host)


def _period(context: Context, task_name: str, beginning: dt.datetime, ending: dt.datetime) -> Predicate:
    named = matches(TASK_LOG, task_name=task_name, period_beginning=beginning, period_ending=ending)
    return all_of(named, visible(context, TASK_LOG))


def _recorded(
    context: Context,
    task_name: str,
    beginning: dt.datetime,
    ending: dt.datetime,
    host: Text,
    state: Text,
) -> Predicate:
    on_host = TRUE if host is None else equals(TASK_LOG, "host", host)
    in_state = TRUE if state is None else equals(TASK_LOG, "state", state)
    return all_of(_period(context, task_name, beginning, ending), on_host, in_state)
