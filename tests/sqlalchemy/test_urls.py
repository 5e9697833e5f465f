"""URLs that name no database, or none that there could be, are told in one line before anything is connected."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from oslo_config import cfg

from nova_db.cli import main
from nova_db.conf import register_opts, set_conf
from nova_db.exceptions import DBConnectionError
from nova_db_sqlalchemy import SQLAlchemyDriver
from nova_db_sqlalchemy.provisioning import make_database
from nova_db_sqlalchemy.session import create_engine, get_session
from nova_db_sqlalchemy.sqlalchemy_engines import meant
from nova_db_sqlalchemy.url import parse, shown
from nova_db_sqlalchemy.url_form import InvalidURL

WAYS: dict[str, Callable[[str], object]] = {
    "driver": SQLAlchemyDriver,
    "engine": create_engine,
    "session": get_session,
    "database for tests": make_database,
}
every_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
MISTAKES = {
    "mariadb://nova@db": "names no database; mariadb://user:password@host/DATABASE is expected",
    "mariadb://nova@db/": "names no database; mariadb://user:password@host/DATABASE is expected",
    "mysql://u:p@127.0.0.1:x/d": "something else than a number where a port is expected, behind the : of the host",
    "mysql://u:p@127.0.0.1:/d": "nothing where a port is expected, behind the : of the host",
    "mysql://u:p@[::1]:/d": "nothing where a port is expected, behind the : of the host",
    "postgresql://u:p@::1:1/d": r"an IPv6 address stands in brackets, as in \[::1\]",
    "postgresql://::1/d": r"an IPv6 address stands in brackets, as in \[::1\]",
    "mysql://u:p@[::1/d": r"an IPv6 address stands in brackets, as in \[::1\]",
    "MYSQL://u:p@db/d": r"begins with MYSQL://; supported are .*; did you mean 'mysql'?",
    "sqlite:y.db": "expected sqlite:///y.db$",
    "sqlite:y": "expected sqlite:///y$",
    "y.db": "expected sqlite:///y.db$",
    "/tmp/y.db": "expected sqlite:////tmp/y.db$",
    "mysql://root@127.0.0.1:3306/d?init_command=SET @a=5": "has an @ behind the ?; it is written %40 there",
    "mysql://127.0.0.1:3306/d?init_command=SET @a=5": "has an @ behind the ?; it is written %40 there",
    "mariadb://nova@db:0/nova": "has the port 0; 1 to 65535 is expected",
    "mariadb://nova@db:99999/nova": "has the port 99999; 1 to 65535 is expected",
    "mariadb://nova@db/nova?port=99999": "has port='99999'; a whole number from 1 to 65535 is expected",
    "mariadb://nova@/nova?host=a&host=b:99999": "has host=b:99999; a port from 1 to 65535 is expected",
    "mariadb://nova@c/nova?host=a": "names a host before the database: the others, too",
    "mariadb://nova@/nova?host=a&host=b:c": "has host=b:c, which is not of the form host or host:port",
    "mariadb://nova@db/nova?hots=a": "has 'hots', which is no parameter of the DB-API library; did you mean host?",
    "mariadb://nova@db/nova?init_command=SELECT 1; SELECT 2": "has init_command=.*; one statement is expected",
    "postgresql://nova@db": "names no database; postgresql://user:password@host/DATABASE is expected",
    "postgresql://nova@db/?sslmode=require": "names no database; postgresql://user:password@host/DATABASE is expected",
    "postgresql://nova@db:0/nova": "has the port 0; 1 to 65535 is expected",
    "postgresql://nova@db:99999/nova": "has the port 99999; 1 to 65535 is expected",
    "postgresql://nova@/nova?host=a,b,c&port=1,2": "has hosts and ports that do not go together",
    "postgresql://nova@/nova?host=a:1&host=b:99999": "has hosts and ports that do not go together",
    "postgresql://nova@db/nova?port=1,99999": "has port='1,99999'; a port from 1 to 65535, or several",
    "postgresql://nova@db/nova?ssl_mode=require": "has 'ssl_mode', which .*; did you mean sslmode?",
    "postgresql://nova@db/nova?ssl_ca=x": "has 'ssl_ca', which .*; did you mean sslrootcert?",
    "mariadb://nova@db/nova?ssl_mode=REQUIRED": "has 'ssl_mode', which .*; did you mean ssl_verify_identity?",
    "mariadb://nova@db/nova?q=x": r"has 'q', which .*; there are (\w+, ){4}and \d+ more in docs/operations.md",
    "postgresql://nova@db/nova?sslmode": "has sslmode without a value; sslmode=value is expected",
    "postgresql://nova:p\udce9@db/nova": "has a password that is no text in UTF-8",
    "mariadb://nova:p\udce9@db/nova": "has a password that is no text in UTF-8",
    "sqlite://db/nova": "names a host or a user, which SQLite has not",
    "sqlite:///nova.sqlite?mode=ro": "only, as in sqlite:///file:nova.sqlite?uri=true&mode=ro",
    "sqlite:///nova.sqlite?mode=ro&uri=true": "has uri=true; a database of the form file:NAME is expected",
}


@every_way
@pytest.mark.parametrize("url", MISTAKES)
def test_a_mistake(url: str, way: Callable[[str], object]) -> None:
    with pytest.raises(InvalidURL, match=MISTAKES[url].replace("?", r"\?")) as caught:
        way(url)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("command", ["status", "version", "check", "sync"])
@pytest.mark.parametrize("url", MISTAKES)
def test_a_mistake_of_the_command(url: str, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--connection", url, command]) == 2
    line = capsys.readouterr().err
    assert line.startswith("nova-db: The database's URL ")
    assert line.count("\n") == 1


@pytest.fixture
def configure() -> Iterator[Callable[..., None]]:
    """``configure(**options)``: a configuration with such options of ``[database]`` is in use."""

    def use(**options: Any) -> None:
        conf = cfg.ConfigOpts()
        register_opts(conf)
        conf(args=[], default_config_files=[])
        for name, value in options.items():
            conf.set_override(name, value, group="database")
        set_conf(conf)

    yield use
    set_conf(None)


@pytest.mark.parametrize("begins", ["", "?", "&"])
def test_parameters_are_checked_however_they_begin(begins: str, configure: Callable[..., None]) -> None:
    configure(connection="postgresql://nova@db/nova", connection_parameters=f"{begins}nosuch=1")
    with pytest.raises(InvalidURL, match=r"^\[database\] connection_parameters has 'nosuch', which is no parameter"):
        SQLAlchemyDriver("postgresql://nova@db/nova")


PARAMETERS = "sslmode=verify-full&password=secret&user=admin&host=a&application_name=reports"


def test_parameters_for_another_database_demand_tls_and_hold_no_secret(configure: Callable[..., None]) -> None:
    configure(connection="postgresql://nova@db/nova", connection_parameters=PARAMETERS)
    expected = {"sslmode": "verify-full", "application_name": "own"}
    text = "postgresql://me@other/nova?application_name=own"
    for url in (meant(text)[0], SQLAlchemyDriver(text).engine.url, create_engine(text).url):  # one story
        assert dict(url.query) == expected
        assert (url.username, url.password, url.host) == ("me", None, "other")


def test_parameters_hold_as_a_whole_for_the_configured_database_and_its_replica(
    configure: Callable[..., None],
) -> None:
    urls = {"connection": "postgresql://nova@db1/nova", "slave_connection": "postgresql://nova@db2/nova"}
    configure(**urls, connection_parameters="sslmode=verify-full&password=secret")
    for text in urls.values():  # one story
        url = meant(text)[0]
        assert dict(url.query) == {"sslmode": "verify-full"}
        assert url.password == "secret"


def test_parameters_of_one_library_are_none_of_another(configure: Callable[..., None]) -> None:
    configure(connection="postgresql://nova@db/nova", connection_parameters="sslmode=verify-full")
    for text in ("mariadb://nova@db/nova", "sqlite:///nova.sqlite", "postgresql+psycopg2://nova@db2/nova"):  # one story
        assert dict(meant(text)[0].query) == {}


def test_parameters_alone_are_for_the_url_that_is_given(configure: Callable[..., None]) -> None:
    configure(connection_parameters="sslmode=verify-full&password=secret")
    url = meant("postgresql://nova@db/nova")[0]
    assert (dict(url.query), url.password) == ({"sslmode": "verify-full"}, "secret")


def test_databases_for_tests_are_made_with_the_configured_options(configure: Callable[..., None]) -> None:
    configure(connection="postgresql://nova@db/nova", connection_parameters="sslmode=require", connect_timeout=2)
    for text in ("postgresql://nova@127.0.0.1:1/nova", "postgresql://nova@127.0.0.1:1/other"):  # one story
        with pytest.raises(DBConnectionError, match="refused"):
            make_database(text)
    assert meant("postgresql://nova@127.0.0.1:1/other")[1].connect_timeout == 2


def test_a_host_of_ipv6_and_several_hosts_are_understood() -> None:
    one = SQLAlchemyDriver("mariadb://nova@[::1]:3307/nova").engine.url
    several = SQLAlchemyDriver("mariadb://nova@/nova?host=[::1]:3307&host=b").engine.url
    assert (one.host, one.port, several.query["host"]) == ("::1", 3307, ("[::1]:3307", "b"))


@pytest.mark.parametrize(
    "around, told",
    [
        ("{} # mine", "a comment in a file has a line of its own"),
        ("{}\t; mine", "a comment in a file has a line of its own"),
        ("{} ", "begins or ends with a blank or a line end"),
        (" {}", "begins or ends with a blank or a line end"),
        ("{}\n", "begins or ends with a blank or a line end"),
        ("{}\nmore", "has a line end, a tab or another control character in it"),
        ("{}\x00", "has a line end, a tab or another control character in it"),
        ("{}\u2028more", "has a line end, a tab or another control character in it"),
    ],
)
@pytest.mark.parametrize(
    "connection", ["sqlite:///x", "postgresql://nova:hunter2@db/nova", "mysql://nova:hunter2@db/nova"]
)
def test_what_an_editor_or_a_shell_has_left_is_refused(around: str, told: str, connection: str) -> None:
    with pytest.raises(ValueError, match=f"^The database's URL .*{told}") as refused:
        parse(around.format(connection))
    assert "hunter2" not in str(refused.value)
    with pytest.raises(ValueError, match=rf"^\[database\] connection_parameters .*{told}"):
        parse(connection, around.format("timeout=3"))


def test_a_blank_or_a_sharp_that_is_meant() -> None:
    assert parse("sqlite:///my folder/x%23 y").database in ("my folder/x# y", "my folder/x%23 y")
    assert parse("postgresql://nova:a%20%23b@db/nova").password == "a #b"


def test_an_at_in_a_parameter_that_may_be_one_of_the_password_is_told() -> None:
    with pytest.raises(InvalidURL, match=r"^The password .*; so is an @ that is meant in a parameter, behind the \?$"):
        parse("mysql://u:p@h/d?init_command=SET @a=5/2")


def test_values_of_settings_that_are_not_the_server_s_own_are_not_shown() -> None:
    url = parse("postgresql://u@h/d?options=-c foo.bar=TOKEN -c work_mem=5MB --app.x=TO\\ KEN")
    assert "TO" not in shown(url)
    assert "KEN" not in shown(url)
    assert "foo.bar%3D***" in shown(url)
    assert "work_mem%3D5MB" in shown(url)
