"""What a session on PostgreSQL is told, whatever the settings of server, database and role are.

Behind a pooler that has a session for each transaction (PgBouncer, ``pool_mode = transaction``) nothing that a session
is told is there any more in the next transaction, and others' transactions have it instead.  So there it is told to
each transaction, and to no session.
"""

from __future__ import annotations

from typing import Final

_EXACT: Final = {
    "array_nulls": "on",
    "backslash_quote": "safe_encoding",
    "bytea_output": "hex",
    "DateStyle": "ISO, MDY",
    "exit_on_error": "off",
    "extra_float_digits": "1",  # the shortest text that is read back as the same number
    "IntervalStyle": "postgres",
    "quote_all_identifiers": "off",  # indexes are compared by how the server writes them
    "standard_conforming_strings": "on",
    "TimeZone": "UTC",
    "transform_null_equals": "off",
}
"""What values and comparisons depend on."""
_TRANSACTIONS: Final = {
    "default_transaction_deferrable": "off",
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
}
"""What transactions are where they are not begun otherwise."""
CHECKED: Final = "session_replication_role"
"""What leaves foreign keys unchecked unless it is ``origin``; only a superuser may set it."""


class Told:
    """What sessions of one kind are told.

    :param lock_timeout: for how many seconds a statement waits for what another transaction holds.
    :param pooled: whether there is a session for each transaction; None: that is found out.
    :param further: settings of one kind of sessions.
    """

    def __init__(self, lock_timeout: float, pooled: bool | None, further: dict[str, str] | None = None) -> None:
        self._pooled = pooled
        told = {**_EXACT, "lock_timeout": f"{max(1, round(lock_timeout * 1000))}", **(further or {})}
        # With SET, as a select would have a snapshot, and it is too early for that: locks are waited for first.
        self.transaction = "".join(f";SET LOCAL {name} = '{value}'" for name, value in told.items())
        """The statements for each transaction behind a pooler, which follow the one that begins it."""
        everything = {**told, **_TRANSACTIONS}
        self._settings = "".join(f", set_config('{name}', '{value}', %s)" for name, value in everything.items())

    def session(self, process: int | None) -> str:
        """The statement for a new session: a select of whether it is a pooler's, and of the setting that is checked.

        :param process: the server's process, as the connection was told when it was made; None: it was not.
        """
        # A pooler makes up a number, as there are many processes behind one connection of ours.  To set something for
        # the transaction alone, which ends with this statement, is to set nothing that others could find.
        found_out = f"pg_backend_pid() <> {process}" if process else "false"
        pooled = found_out if self._pooled is None else str(self._pooled).lower()
        return f"SELECT {pooled}, current_setting('{CHECKED}'){self._settings.replace('%s', pooled)}"
