"""What a connection to MariaDB or MySQL is told, whatever the server's own settings are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from nova_db.exceptions import DBConnectionError

if TYPE_CHECKING:
    from nova_db_sqlalchemy.settings import Settings

OLDEST: Final = {True: (10, 6), False: (8, 0, 13)}
"""The oldest versions with what is needed (SKIP LOCKED, JSON arrays): of MariaDB (True), and of MySQL."""
_MODES: Final = (
    "STRICT_ALL_TABLES",
    "STRICT_TRANS_TABLES",
    "NO_ZERO_IN_DATE",
    "NO_ZERO_DATE",
    "ERROR_FOR_DIVISION_BY_ZERO",
    "NO_ENGINE_SUBSTITUTION",
    "NO_AUTO_VALUE_ON_ZERO",
)
SORTED_BYTES: Final = 65_535
"""How many bytes of a text are compared when rows are sorted: all of the longest ``TEXT``."""
_SORT_LENGTH: Final = SORTED_BYTES + 1025
"""``max_sort_length``, in which a text's length has to fit, too; 1024 unless it is set."""
_SORT_MEMORY: Final = 1 << 21
"""The smallest ``sort_buffer_size`` that serves: a sort wants memory for some dozens of its keys."""
_VERSION: Final = re.compile(r"(?:5\.5\.5-)?(\d+)\.(\d+)\.(\d+)")
"""MariaDB puts 5.5.5 before its own version, for replicas that believe in nothing newer."""


COLLATIONS: Final = {True: "utf8mb4_nopad_bin", False: "utf8mb4_0900_bin"}
"""The collation by code point in which trailing blanks count: of MariaDB (True), and of MySQL."""


class ServerVersion(NamedTuple):
    """Which server a connection leads to."""

    is_mariadb: bool
    version: tuple[int, ...]

    def __str__(self) -> str:
        return f"{'MariaDB' if self.is_mariadb else 'MySQL'} {'.'.join(map(str, self.version))}"

    @property
    def collation(self) -> str:
        """The collation by code point in which trailing blanks count."""
        return COLLATIONS[self.is_mariadb]


def server_of(text: str) -> ServerVersion:
    """The server that greets with a version.

    :raises DBConnectionError: it is too old.
    """
    found = _VERSION.match(text)
    server = ServerVersion("mariadb" in text.lower(), tuple(map(int, found.groups())) if found else ())
    oldest = OLDEST[server.is_mariadb]
    if server.version < oldest:
        needed = str(ServerVersion(server.is_mariadb, oldest))
        raise DBConnectionError(message=f"The server is {server if found else text}; {needed} or newer is needed.")
    return server


def settings_of(server: ServerVersion) -> str:
    """The statement that sets what values and comparisons depend on."""
    modes = [*_MODES, *(["SIMULTANEOUS_ASSIGNMENT"] if server.is_mariadb else [])]
    settings = {
        "character_set_client": "'utf8mb4'",
        "character_set_results": "'utf8mb4'",
        "collation_connection": f"'{server.collation}'",  # a literal must not decide how a column is compared
        "completion_type": "'NO_CHAIN'",
        "default_storage_engine": "'InnoDB'",
        "div_precision_increment": "4",
        "foreign_key_checks": "1",
        "lc_messages": "'en_US'",  # names are read from messages
        "group_concat_max_len": str(1 << 30),
        "max_sort_length": str(_SORT_LENGTH),
        "sort_buffer_size": f"GREATEST(@@sort_buffer_size, {_SORT_MEMORY})",
        "sql_auto_is_null": "0",
        "sql_big_selects": "1",
        "sql_mode": f"'{','.join(modes)}'",
        "sql_quote_show_create": "1",  # from which SQLAlchemy reads what a table is like
        "sql_safe_updates": "0",
        "sql_select_limit": "DEFAULT",
        "timestamp": "DEFAULT",
        "time_zone": "'+00:00'",
        "unique_checks": "1",
    }
    return "SET " + ", ".join(f"SESSION {name} = {value}" for name, value in settings.items())


def preparation(server: ServerVersion, settings: Settings, own: Sequence[str] = ()) -> list[str]:
    """The statements that prepare a session, ``own`` ones among them.

    A statement waits for ``lock_timeout``, be it for a row, or for a table whose schema somebody changes.
    """
    seconds = max(1, round(settings.lock_timeout))
    waiting = settings.wsrep_sync_wait
    return [
        settings_of(server),
        f"SET SESSION innodb_lock_wait_timeout = {seconds}, SESSION lock_wait_timeout = {seconds}",
        *own,
        "BEGIN",  # which a node refuses that is not a part of its cluster, while it answers much else
        "ROLLBACK",
        *([] if waiting is None else [f"SET SESSION wsrep_sync_wait = {waiting}"]),
    ]


def own_settings(options: Mapping[str, Any]) -> dict[str, Any]:
    """The DB-API library's options from a URL, without those that we decide."""
    decided = ("charset", "collation", "sql_mode", "autocommit", "use_unicode", "cursorclass", "conv", "client_flag")
    return {name: value for name, value in options.items() if name not in decided}
