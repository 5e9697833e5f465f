"""What the tests of task log share."""

from __future__ import annotations

import datetime as dt
from typing import Any

from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase

BEGIN = dt.datetime(2013, 2, 1, 0, 0, 0, 7)
END = dt.datetime(2013, 3, 1, 0, 0, 0, 8)
TABLE = "task_log"


class TaskLogTestCase(ConformanceTestCase):
    """The clock stands still."""

    task: str

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.new_task(0)

    def new_task(self, number: int) -> None:
        """Go on with a task that has never run."""
        self.task = f"task {number}"

    def begin(self, host: Any = "host1", begin: Any = BEGIN, end: Any = END, **more: Any) -> None:
        """Begin the task on a host for a period."""
        context, task = more.pop("context", self.admin), more.pop("task", self.task)
        self.assertIsNone(self.db.task_log_begin_task(context, task, begin, end, host, **more))

    def end(self, host: Any = "host1", begin: Any = BEGIN, end: Any = END, errors: Any = 0, **more: Any) -> None:
        """End the task."""
        context, task = more.pop("context", self.admin), more.pop("task", self.task)
        self.assertIsNone(self.db.task_log_end_task(context, task, begin, end, host, errors, **more))

    def get(self, host: Any = "host1", begin: Any = BEGIN, end: Any = END, **more: Any) -> Any:
        """The record of the task on a host."""
        context, task = more.pop("context", self.admin), more.pop("task", self.task)
        return self.db.task_log_get(context, task, begin, end, host, **more)

    def all(self, begin: Any = BEGIN, end: Any = END, **more: Any) -> Any:
        """The records of the task."""
        context, task = more.pop("context", self.admin), more.pop("task", self.task)
        return self.db.task_log_get_all(context, task, begin, end, **more)
