"""Every parameter of every DB-API library in a URL works, or is refused at once by a line that names it."""

from __future__ import annotations

import importlib
import inspect
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pymysql
import pytest
import sqlalchemy as sa
from psycopg import pq

from nova_db.context import get_admin_context
from nova_db.exceptions import DBError
from nova_db_sqlalchemy import SQLAlchemyDriver
from nova_db_sqlalchemy.connections.parameters import Parameter, Role, Table
from nova_db_sqlalchemy.mariadb.parameters import MYSQLCLIENT, PYMYSQL
from nova_db_sqlalchemy.postgresql.parameters import PSYCOPG
from nova_db_sqlalchemy.servers import product_of
from nova_db_sqlalchemy.session import create_engine
from nova_db_sqlalchemy.sqlite.parameters import PYSQLITE, URI
from nova_db_sqlalchemy.url import parse
from nova_db_sqlalchemy.url_form import InvalidURL
from tests.failures.helpers import HANG_SECONDS, started
from tests.sqlalchemy.certificates import make_certificate
from tests.sqlalchemy.helpers import NEEDS_MYSQLCLIENT

BAD = ("abc", "-1", "0.5x", "nan", "9" * 30, "\N{SNOWMAN}")
OWN_WORDS = {
    "charset": ["utf8", "utf8mb4"],
    "client_encoding": ["utf8"],
    "check_same_thread": ["false"],
    "use_unicode": ["true"],
    "init_command": ["SET @a = 1"],
    "uri": ["true"],
    "prepare_threshold": ["0", "1", "none"],
    "options": ["-c work_mem=1MB"],
    "require_auth": ["none,scram-sha-256,md5"],
    "bind_address": ["127.0.0.1"],
    "vfs": ["unix"],
    "read_default_group": ["client"],
    "ssl_cipher": ["ECDHE+AESGCM"],
}
"""What texts without a declared form may be."""
ANSWERED = {
    *("channel_binding", "sslmode", "sslnegotiation", "sslrootcert", "sslcertmode", "gssencmode"),
    *("min_protocol_version", "target_session_attrs", "gsslib", "krbsrvname", "oauth_issuer", "service"),
    *("servicefile", "scram_client_key", "scram_server_key", "requirepeer", "unix_socket", "auth_plugin"),
    *("ssl_ca", "ssl_capath", "ssl_mode", "ssl_verify_cert", "ssl_verify_identity", "ssl_check_hostname"),
    *("ssl_cert", "ssl_cipher", "ssl_key", "mode", "immutable", "nolock", "modeof", "hostaddr", "server_public_key"),
    *("user", "database", "db", "dbname", "password", "passwd", "compress", "ssl_key_password", "local_infile_dir"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version"),
}
"""Those that a server here may answer by an error of its own: it has no TLS, nobody of that name, and so on."""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with a certificate and its key, and a file of options."""
    make_certificate(tmp_path)
    (tmp_path / "options.cnf").write_text("[client]\n")
    return tmp_path


def url_of(server: str, name: str, value: str) -> sa.URL:
    """The URL of a database with one parameter more."""
    url = sa.make_url(server)
    if name in URI and url.get_backend_name() == "sqlite":
        return url.set(database=f"file:{url.database}").update_query_dict({"uri": "true", name: value})
    if name == "uri":
        return url.set(database=f"file:{url.database}").update_query_dict({name: value})
    if name == "ssl_cert" and Path(value).exists():
        url = url.update_query_dict({"ssl_key": value.replace("cert.pem", "key.pem")})
    return url.update_query_dict({name: value})


def good_values(name: str, parameter: Parameter, files: Path) -> list[str]:
    """Texts that a parameter may have, by what is declared of it."""
    if name in OWN_WORDS:
        return OWN_WORDS[name]
    expected = parameter.expected
    if expected.startswith("one of "):
        return expected.removeprefix("one of ").split(", ")
    if expected in ("true or false", "1 or 0"):
        return ["true", "0"]
    if expected == "a file that can be read":
        return [str(files / {"ssl_key": "key.pem", "read_default_file": "options.cnf"}.get(name, "cert.pem"))]
    if expected == "a directory":
        return [str(files)]
    if expected.startswith("a public key"):
        return ["-----BEGIN PUBLIC KEY-----"]
    if "seconds" in expected:
        return ["1.5"]
    return [*re.findall(r"\d+", expected)[:1]] or ["reports"]


def table_of(server: str) -> Table:
    """The parameters of the library that the URL names."""
    found = product_of(sa.make_url(server)).table(sa.make_url(server))
    assert found is not None
    return found


def outcome(url: sa.URL) -> str:
    """What becomes of a call, and of an ORM session: the same, in a word."""
    text = url.render_as_string(hide_password=False)
    try:
        parse(text)
        driver = SQLAlchemyDriver(text)
        engine = create_engine(text)
    except InvalidURL as error:
        return f"refused: {error}"
    try:
        driver.service_get_all(get_admin_context())
        with engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
    except (DBError, sa.exc.DBAPIError) as error:
        return f"answered: {error}"
    finally:
        driver.close()
        engine.dispose()
    return "works"


def in_time(url: sa.URL) -> str:
    """The outcome, which must not take long."""
    return started(lambda: outcome(url)).result(HANG_SECONDS)


@pytest.fixture(autouse=True)
def impatient() -> Iterator[None]:
    """What is not there is not waited for."""
    from nova_db.conf import get_conf

    conf = get_conf()
    for name, value in {"max_retries": 0, "db_max_retries": 0, "connect_timeout": 2}.items():
        conf.set_override(name, value, group="database")
    yield
    for name in ("max_retries", "db_max_retries", "connect_timeout"):
        conf.clear_override(name, group="database")


def test_good_values(server: str, files: Path, subtests: Any) -> None:
    for name, parameter in table_of(server).items():
        if parameter.is_refused:
            continue
        for value in good_values(name, parameter, files):
            if name in ("port", "host") or (name == "mode" and value == "memory"):
                continue  # test_urls has them; a database in memory has no tables
            with subtests.test(name=name, value=value):
                found = in_time(url_of(server, name, value))
                assert found == "works" or (name in ANSWERED and found.startswith("answered: ")), found


ANY_TEXT = ("a text", "one statement")
"""What is expected where the server, or the library, judges the text."""


def test_bad_values(server: str, subtests: Any) -> None:
    for name, parameter in table_of(server).items():
        if parameter.is_refused or parameter.expected in ANY_TEXT:
            continue
        for value in BAD:
            with subtests.test(name=name, value=value):
                found = in_time(url_of(server, name, value))
                assert found.startswith(f"refused: The database's URL has {name}=")
                assert found.endswith(f"; {parameter.expected} is expected")
                assert "\n" not in found


def test_any_text(server: str, subtests: Any) -> None:
    for name, parameter in table_of(server).items():
        if parameter.expected not in ANY_TEXT or parameter.part is not None or name in URI:
            continue
        for value in ("nowhere", "\N{SNOWMAN}", "a b'c\\"):
            with subtests.test(name=name, value=value):
                found = in_time(url_of(server, name, value))
                assert found == "works" or found.startswith(("answered: ", "refused: "))


def test_what_is_not_for_a_url(server: str, subtests: Any) -> None:
    for name, parameter in table_of(server).items():
        if not parameter.is_refused:
            continue
        with subtests.test(name=name):
            assert in_time(url_of(server, name, "true")).startswith(f"refused: The database's URL has {name}, which ")


@pytest.mark.parametrize("value", ["1", "", "nowhere"])
def test_an_unknown_parameter(server: str, value: str) -> None:
    usable = [name for name, parameter in table_of(server).items() if not parameter.is_refused]
    with pytest.raises(InvalidURL, match=f"did you mean {usable[0]}|has {usable[0]}x without a value"):
        SQLAlchemyDriver(f"{server}{'&' if '?' in server else '?'}{usable[0]}x={value}")


def test_a_parameter_without_a_value(server: str) -> None:
    name = next(name for name, parameter in table_of(server).items() if not parameter.is_refused)
    for text in (f"{server}?{name}=", f"{server}?{name}"):  # one story
        with pytest.raises(InvalidURL, match=f"has {name} without a value; {name}=value is expected"):
            SQLAlchemyDriver(text)


def test_a_parameter_that_is_given_twice(server: str) -> None:
    name = next(name for name, parameter in table_of(server).items() if parameter.role is Role.OPTION)
    with pytest.raises(InvalidURL, match=f"has {name} 2 times; once is expected"):
        SQLAlchemyDriver(f"{server}?{name}=1&{name}=1")


def test_those_of_the_option_are_told_as_such(server: str) -> None:
    with pytest.raises(InvalidURL, match=r"^\[database\] connection_parameters has 'nope', which is no parameter"):
        parse(server, "nope=1")


def test_pymysql_has_no_others() -> None:
    theirs = set(inspect.signature(pymysql.connections.Connection.__init__).parameters) - {"self"}
    of_tls = {"ssl_capath", "ssl_cipher", "ssl_check_hostname"}  # parts of ``ssl``
    assert PYMYSQL.keys() - of_tls == theirs


@NEEDS_MYSQLCLIENT
def test_mysqlclient_has_no_others() -> None:
    library: Any = importlib.import_module("MySQLdb.connections")
    theirs = set(re.findall(r":param (?:\w+ )?(\w+):", library.Connection.__init__.__doc__))
    assert theirs - MYSQLCLIENT.keys() == set()


def test_psycopg_and_libpq_have_no_others() -> None:
    theirs = {name for name in inspect.signature(psycopg.Connection.connect).parameters if name != "kwargs"}
    below = {option.keyword.decode() for option in pq.Conninfo.get_defaults()}
    assert (theirs | below) - PSYCOPG.keys() == set()


def test_sqlite3_has_no_others() -> None:
    described = str(getattr(sqlite3.connect, "__text_signature__", None) or inspect.signature(sqlite3.connect))
    theirs = set(re.findall(r"(\w+)(?==|,|\))", re.sub(r"=[^,)]*", "", described))) - {"module"}
    assert theirs - PYSQLITE.keys() == set()
    assert theirs >= {"timeout", "uri"}
