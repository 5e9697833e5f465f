"""Consoles and console pools: the contract of the proxies through which instances' consoles are reached.

A pool belongs to a proxy (``host``), a hypervisor (``compute_host``) and a ``console_type``, and may carry
``consoles``, a list of all its consoles. A console may carry ``pool``, or None.
"""

from __future__ import annotations

import abc

from nova_db.driver.records import Console, ConsolePool, ConsolePoolWithConsoles, ConsoleWithPool
from nova_db.driver.types import Context, Id, Text, Values


class ConsolesContract(abc.ABC):
    """What a driver does for consoles and their pools."""

    @abc.abstractmethod
    def console_pool_create(self, context: Context, values: Values) -> ConsolePool:
        """Insert a pool with the columns in ``values``, and return it.

        Auth: anyone.
        """

    @abc.abstractmethod
    def console_pool_get_by_host_type(
        self, context: Context, compute_host: Text, proxy_host: Text, console_type: Text
    ) -> ConsolePoolWithConsoles:
        """Return the first pool of ``console_type`` for ``compute_host`` on ``proxy_host``, carrying ``consoles``.

        Auth: anyone. Rows: live.

        :raises ConsolePoolNotFoundForHostType: no such pool; ``host`` is the proxy's.
        """

    @abc.abstractmethod
    def console_pool_get_all_by_host_type(
        self, context: Context, host: Text, console_type: Text
    ) -> list[ConsolePoolWithConsoles]:
        """Return the pools of ``console_type`` on the proxy ``host``, carrying ``consoles``.

        Auth: anyone. Rows: live.
        """

    @abc.abstractmethod
    def console_create(self, context: Context, values: Values) -> Console:
        """Insert a console with the columns in ``values``, and return it.

        Auth: anyone.

        :raises DBReferenceError: no such instance or pool.
        """

    @abc.abstractmethod
    def console_delete(self, context: Context, console_id: Id) -> None:
        """Remove the console ``console_id``, if there is one, for good.

        Auth: anyone. Rows: all.
        """

    @abc.abstractmethod
    def console_get(self, context: Context, console_id: Id, instance_uuid: Text = None) -> ConsoleWithPool:
        """Return the console ``console_id``, carrying ``pool``.

        Auth: anyone. Rows: all.

        Unless ``instance_uuid`` is None, the console must be of that instance.

        :raises ConsoleNotFoundForInstance: no such console of that instance. It is a ``ConsoleNotFound``.
        :raises ConsoleNotFound: no such console, and no instance was named.
        """

    @abc.abstractmethod
    def console_get_by_pool_instance(
        self, context: Context, pool_id: Id | None, instance_uuid: Text
    ) -> ConsoleWithPool:
        """Return the first console of the instance ``instance_uuid`` in the pool ``pool_id``, carrying ``pool``.

        Auth: anyone. Rows: all.

        :raises ConsoleNotFoundInPoolForInstance: no such console. It is a ``ConsoleNotFound``.
        """

    @abc.abstractmethod
    def console_get_all_by_instance(self, context: Context, instance_uuid: Text) -> list[Console]:
        """Return the consoles of the instance ``instance_uuid``.

        Auth: anyone. Rows: all.
        """
