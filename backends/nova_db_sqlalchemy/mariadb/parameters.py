"""The parameters of PyMySQL and mysqlclient in a URL."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from typing import Any, Final

from nova_db_sqlalchemy.connections.parameters import (
    DECIDED,
    OBJECT,
    YEAR,
    YES,
    Parameter,
    Table,
    file,
    flag,
    folder,
    one_of,
    ours,
    refused,
    seconds,
    text,
    whole,
)

FILES: Final = ("read_default_file", "read_default_group")
"""What names a file that may say where the database is."""
PORT: Final = whole(1, 65_535)
_TEXTS: Final = re.compile(r"""(['"`])(?:\\.|(?!\1).)*\1""", re.DOTALL)
"""What a statement has in quotation marks."""
_PEM: Final = "-----BEGIN"


def _public_key(given: str) -> bytes:
    if not given.startswith(_PEM):
        raise ValueError(given)
    return given.encode("ascii")


def _statement(given: str) -> str:
    """A statement without another behind it, which only some of our connections would run."""
    if ";" in _TEXTS.sub("", given).rstrip("; "):
        raise ValueError(given)
    return given


_COMMON: Final[Table] = {
    "user": text().placed("username"),
    "password": text().hidden("password"),
    "passwd": text().hidden("password"),
    "host": text().placed(),
    "database": text().placed("database"),
    "db": text().placed("database"),
    "port": PORT.placed("port"),
    "unix_socket": text().placed(),
    "read_default_file": file().placed(),
    "read_default_group": text().placed(),
    "connect_timeout": whole(1, YEAR),
    "init_command": Parameter("one statement", _statement),
    "local_infile": flag(),
    "charset": ours("utf8mb4", "utf8mb3", "utf8"),
    "use_unicode": ours(*YES),
    "autocommit": DECIDED,
    "client_flag": DECIDED,
    "collation": DECIDED,
    "conv": OBJECT,
    "cursorclass": OBJECT,
    "sql_mode": DECIDED,
    "ssl": refused("which is an object of Python: use ssl_ca, ssl_cert, ssl_key and so on"),
    "ssl_ca": file(),
    "ssl_capath": folder(),
    "ssl_cert": file(),
    "ssl_cipher": text(),
    "ssl_key": file(),
}
"""What both have, and the parts of ``ssl`` under the names that SQLAlchemy has given them."""

PYMYSQL: Final[Table] = {
    **_COMMON,
    "read_timeout": seconds(),
    "write_timeout": seconds(),
    "auth_plugin_map": OBJECT,
    "binary_prefix": flag(),
    "bind_address": text(),
    "compress": refused("which PyMySQL does not have"),
    "defer_connect": DECIDED,
    "max_allowed_packet": whole(1, 1 << 30),
    "named_pipe": refused("which PyMySQL does not have"),
    "program_name": text(),
    "server_public_key": Parameter("a public key in PEM", _public_key),
    "ssl_check_hostname": flag(),
    "ssl_disabled": flag(),
    "ssl_key_password": text().hidden(),
    "ssl_verify_cert": flag(),
    "ssl_verify_identity": flag(),
}

MYSQLCLIENT: Final[Table] = {
    **_COMMON,
    "read_timeout": whole(1, YEAR),
    "write_timeout": whole(1, YEAR),
    "auth_plugin": text(),
    "binary_prefix": flag(),
    "compress": flag(),
    "executemany_fallback": DECIDED,
    "local_infile_dir": folder(),
    "multi_statements": DECIDED,
    "named_pipe": refused("which is for Windows"),
    "server_public_key_path": file(),
    "ssl_check_hostname": refused("which mysqlclient does not have: use ssl_mode=VERIFY_IDENTITY"),
    "ssl_mode": one_of("DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"),
}

TABLES: Final[Mapping[str, Table]] = {"pymysql": PYMYSQL, "mysqldb": MYSQLCLIENT}
_TLS: Final = {
    "ssl_ca": "ca",
    "ssl_capath": "capath",
    "ssl_cert": "cert",
    "ssl_cipher": "cipher",
    "ssl_key": "key",
}
_PARTS: Final = (*_TLS, "ssl_check_hostname", "ssl_key_password", "ssl_verify_cert", "ssl_verify_identity")


def with_tls_files(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options for mysqlclient, which wants what is said of TLS in a dict."""
    found = {part: options[name] for name, part in _TLS.items() if name in options}
    return {**{name: value for name, value in options.items() if name not in _TLS}, **({"ssl": found} if found else {})}


def with_tls_context(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options for PyMySQL, with a context for what is said of TLS.

    The library makes none that compares the host's name with a certificate of an authority of the system's.

    :raises ValueError: the files, or the ciphers, are of no use.
    """
    given = {name: value for name, value in options.items() if name in _PARTS}
    others = {name: value for name, value in options.items() if name not in _PARTS}
    if not given or options.get("ssl_disabled"):
        return others
    try:
        return {**others, "ssl": _context(given)}
    except OSError as error:  # which errors of TLS are
        names = ", ".join(name for name in _PARTS if name in given)
        raise ValueError(f"The database's URL has {names}, of which no TLS can be made: {error}") from error


def _context(given: Mapping[str, Any]) -> ssl.SSLContext:
    has_authority = "ssl_ca" in given or "ssl_capath" in given
    made = ssl.create_default_context(cafile=given.get("ssl_ca"), capath=given.get("ssl_capath"))
    made.verify_flags &= ~ssl.VERIFY_X509_STRICT  # which the certificates that servers make for themselves do not pass
    checks_name = given.get("ssl_verify_identity", given.get("ssl_check_hostname", has_authority))
    made.check_hostname = checks_name and given.get("ssl_verify_cert", True)
    is_verified = made.check_hostname or given.get("ssl_verify_cert", has_authority)
    made.verify_mode = ssl.CERT_REQUIRED if is_verified else ssl.CERT_NONE
    if "ssl_cert" in given:
        # Without a password it would be asked for on the terminal.
        secret = given.get("ssl_key_password", "")
        made.load_cert_chain(given["ssl_cert"], given.get("ssl_key"), lambda: secret)
    if "ssl_cipher" in given:
        made.set_ciphers(given["ssl_cipher"])
    return made
