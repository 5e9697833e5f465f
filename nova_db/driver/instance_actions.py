"""Instance actions and their events: the contract of the log of what was done to instances.

An action belongs to an instance and a request; where several share both, the first is meant. Nothing checks that the
instance exists, or to whom it belongs. ``start_time`` and ``finish_time`` may be given as text of the form
``YYYY-MM-DDTHH:MM:SS.ffffff``.
"""

from __future__ import annotations

import abc

from nova_db.driver.records import InstanceAction, InstanceActionEvent
from nova_db.driver.types import Context, Id, Text, Values


class InstanceActionsContract(abc.ABC):
    """What a driver does for the actions on instances and for their events."""

    @abc.abstractmethod
    def action_start(self, context: Context, values: Values) -> InstanceAction:
        """Record the start of an action, and return the action.

        Auth: anyone.

        ``values`` holds columns: ``action``, ``instance_uuid`` (required), ``request_id``, ``user_id``,
        ``project_id``, ``message`` and others. ``start_time`` is now unless given.

        :raises DBDataError: ``instance_uuid`` is missing or None.
        :raises ValueError: a time is given as text of another form.
        """

    @abc.abstractmethod
    def action_finish(self, context: Context, values: Values) -> InstanceAction:
        """Change the action of an instance and a request, and return it.

        Auth: anyone. Rows: visible.

        ``values`` names the action by ``instance_uuid`` and ``request_id``, and holds the columns to set. Nothing is
        set by itself, ``finish_time`` included.

        :raises KeyError: ``instance_uuid`` or ``request_id`` is missing.
        :raises InstanceActionNotFound: no such action. This is no ``NotFound``.
        :raises ValueError: a time is given as text of another form.
        """

    @abc.abstractmethod
    def actions_get(self, context: Context, uuid: Text) -> list[InstanceAction]:
        """Return the actions on the instance ``uuid``, newest first: by ``created_at``, then ``id``, both descending.

        Auth: anyone. Rows: visible.
        """

    @abc.abstractmethod
    def action_get_by_request_id(self, context: Context, uuid: Text, request_id: Text) -> InstanceAction | None:
        """Return the first action on the instance ``uuid`` that ``request_id`` made, or None.

        Auth: anyone. Rows: visible.
        """

    @abc.abstractmethod
    def action_event_start(self, context: Context, values: Values) -> InstanceActionEvent:
        """Record the start of an event within an action, and return the event.

        Auth: anyone. Rows: visible.

        ``values`` names the action by ``instance_uuid`` and ``request_id``, and holds columns of the event:
        ``event``, ``result``, ``traceback`` and others. ``start_time`` is now unless given. Each call makes an event,
        also if the action has one of that name.

        :raises KeyError: ``instance_uuid`` or ``request_id`` is missing.
        :raises InstanceActionNotFound: no such action. This is no ``NotFound``.
        :raises ValueError: a time is given as text of another form.
        """

    @abc.abstractmethod
    def action_event_finish(self, context: Context, values: Values) -> InstanceActionEvent:
        """Change the event of an action, and return it.

        Auth: anyone. Rows: visible.

        ``values`` names the action by ``instance_uuid`` and ``request_id``, and the event by ``event``: of several of
        that name the first. ``result`` is required; if it is ``error``, in whatever case, the action's ``message``
        becomes ``Error``. The columns given are set, and nothing by itself, ``finish_time`` included.

        :raises KeyError: one of the four keys is missing.
        :raises InstanceActionNotFound: no such action. This is no ``NotFound``.
        :raises InstanceActionEventNotFound: no event of that name in the action. This is no ``NotFound`` either.
        :raises DBDataError: ``result`` is None.
        :raises ValueError: a time is given as text of another form.
        """

    @abc.abstractmethod
    def action_events_get(self, context: Context, action_id: Id) -> list[InstanceActionEvent]:
        """Return the events of the action ``action_id``, newest first: by ``created_at``, then ``id``, both descending.

        Auth: anyone. Rows: visible.
        """

    @abc.abstractmethod
    def action_event_get_by_id(self, context: Context, action_id: Id, event_id: Id) -> InstanceActionEvent | None:
        """Return the event ``event_id`` if it belongs to the action ``action_id``, else None.

        Auth: anyone. Rows: visible.
        """
