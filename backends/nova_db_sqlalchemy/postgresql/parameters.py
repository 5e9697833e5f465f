"""The parameters of psycopg, and of libpq below it, in a URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from nova_db_sqlalchemy.connections.parameters import (
    DECIDED,
    OBJECT,
    YEAR,
    Parameter,
    Table,
    file,
    folder,
    number_flag,
    one_of,
    ours,
    refused,
    text,
    whole,
)

MOST: Final = 2**31 - 1
_TLS_VERSIONS: Final = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")


def _ports(given: str) -> str:
    """One port, or several with commas between, any of which may be left out."""
    for port in given.split(","):
        if port and not 1 <= int(port) <= 65_535:
            raise ValueError(given)
    return given


PSYCOPG: Final[Table] = {
    "conninfo": refused("which is the URL itself"),
    "autocommit": DECIDED,
    "context": OBJECT,
    "cursor_factory": OBJECT,
    "prepare_threshold": whole(0, MOST, none=None),
    "row_factory": OBJECT,
    # From here on libpq's.
    "application_name": text(),
    "channel_binding": one_of("disable", "prefer", "require"),
    "client_encoding": ours("utf8", "utf-8", "unicode"),
    "connect_timeout": whole(1, YEAR),
    "dbname": text().placed("database"),
    "fallback_application_name": text(),
    "gssdelegation": number_flag(),
    "gssencmode": one_of("disable", "prefer", "require"),
    "gsslib": text(),
    "host": text().placed(),
    "hostaddr": text().placed(),
    "keepalives": number_flag(),
    "keepalives_count": whole(1, 127),
    "keepalives_idle": whole(1, 32_767),
    "keepalives_interval": whole(1, 32_767),
    "krbsrvname": text(),
    "load_balance_hosts": one_of("disable", "random"),
    "max_protocol_version": one_of("3.0", "3.2", "latest"),
    "min_protocol_version": one_of("3.0", "3.2", "latest"),
    "oauth_client_id": text().placed(),
    "oauth_client_secret": text().hidden(),
    "oauth_issuer": text().placed(),
    "oauth_scope": text().placed(),
    "options": text(),
    "passfile": file().placed(),
    "password": text().hidden("password"),
    "port": Parameter("a port from 1 to 65535, or several with commas between,", _ports).placed(),
    "replication": refused("which is for connections without statements"),
    "require_auth": text(),
    "requirepeer": text(),
    "scram_client_key": text().hidden(),
    "scram_server_key": text().hidden(),
    "service": text().placed(),
    "servicefile": file().placed(),
    "sslcert": file(),
    "sslcertmode": one_of("disable", "allow", "require"),
    "sslcompression": number_flag(),
    "sslcrl": file(),
    "sslcrldir": folder(),
    "sslkey": text(),
    "sslkeylogfile": text(),
    "ssl_max_protocol_version": one_of(*_TLS_VERSIONS),
    "ssl_min_protocol_version": one_of(*_TLS_VERSIONS),
    "sslmode": one_of("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "sslnegotiation": one_of("postgres", "direct"),
    "sslpassword": text().hidden(),
    "sslrootcert": text(),
    "sslsni": number_flag(),
    "target_session_attrs": one_of("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
    "tcp_user_timeout": whole(0, MOST),
    "user": text().placed("username"),
}

TABLES: Final[Mapping[str, Table]] = {"psycopg": PSYCOPG}
