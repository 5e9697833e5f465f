"""Task log: the contract of which periodic task ran for which period on which host.

Task, host and period together are unique, deleted rows included, so a task runs once per period. A period is given by
its beginning and its end, which are compared for equality. ``state`` is ``RUNNING``, then ``DONE``.
"""

from __future__ import annotations

import abc
from datetime import datetime

from nova_db.driver.records import TaskLog
from nova_db.driver.types import Context, Text


class TaskLogContract(abc.ABC):
    """What a driver does for the task log."""

    @abc.abstractmethod
    def task_log_begin_task(
        self,
        context: Context,
        task_name: str,
        period_beginning: datetime,
        period_ending: datetime,
        host: str,
        task_items: int | None = None,
        message: Text = None,
    ) -> None:
        """Record that ``task_name`` runs on ``host`` for the period from ``period_beginning`` to ``period_ending``.

        Auth: admin.

        ``task_items`` is 0 and ``message`` empty unless given. Racing: one caller succeeds.

        :raises TaskAlreadyRunning: it does, or it did.
        :raises DBDataError: ``host`` is None.
        """

    @abc.abstractmethod
    def task_log_end_task(
        self,
        context: Context,
        task_name: str,
        period_beginning: datetime,
        period_ending: datetime,
        host: Text,
        errors: int,
        message: Text = None,
    ) -> None:
        """Record that ``task_name`` is done on ``host`` for the period from ``period_beginning`` to ``period_ending``.

        Auth: admin. Rows: visible.

        ``errors`` and, unless empty, ``message`` are stored, whatever the state was: a task may end again.

        :raises TaskNotRunning: it was never begun; always, if ``host`` is None.
        """

    @abc.abstractmethod
    def task_log_get(
        self,
        context: Context,
        task_name: str,
        period_beginning: datetime,
        period_ending: datetime,
        host: Text,
        state: Text = None,
    ) -> TaskLog | None:
        """Return the record of ``task_name`` on ``host`` for a period, in ``state`` unless that is None, or None.

        Auth: admin. Rows: visible.

        The period goes from ``period_beginning`` to ``period_ending``. With None for ``host``, the first of any host.
        """

    @abc.abstractmethod
    def task_log_get_all(
        self,
        context: Context,
        task_name: str,
        period_beginning: datetime,
        period_ending: datetime,
        host: Text = None,
        state: Text = None,
    ) -> list[TaskLog]:
        """Return the records of ``task_name`` for the period from ``period_beginning`` to ``period_ending``.

        Auth: admin. Rows: visible.

        Only those of ``host`` and in ``state``, unless these are None.
        """
