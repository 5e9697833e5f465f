"""Passwords that a URL or an option cannot hold as they are: a hint to write them otherwise, and nothing of them."""

from __future__ import annotations

import pathlib
import traceback
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from oslo_config import cfg

from nova_db import api
from nova_db.cli import main
from nova_db.conf import UnreadableOption, get_conf, register_opts, set_conf
from nova_db.context import get_admin_context
from nova_db_sqlalchemy import SQLAlchemyDriver, session
from nova_db_sqlalchemy.provisioning import make_database
from nova_db_sqlalchemy.url import parse, shown

PARTS = ("xyl", "qrz")
PLACES = ("host/nova", "host:5432/nova?connect_timeout=3", "/nova?host=one&host=two:33")
PASSWORDS = [
    f"{PARTS[0]}{between}{PARTS[1]}" for between in ("@", "@/", "@:", "@#", "@?", "@%", "/@", "?@", "@?x=", "@/x?y=&z=")
]


def without_parts(error: BaseException) -> str:
    """All that an error tells, in which no part of the password is."""
    told = [repr(error), repr(error.args), repr(error.__context__), *traceback.format_exception(error)[-1:]]
    text = "\n".join(told)
    assert not [part for part in PARTS if part in text], text
    return str(error)


@pytest.fixture
def conf() -> Iterator[cfg.ConfigOpts]:
    """A configuration of the test's own, in use."""
    before, made = get_conf(), cfg.ConfigOpts()
    register_opts(made)
    made(args=[], default_config_files=[])
    set_conf(made)
    api.reset()
    yield made
    api.reset()
    set_conf(before)
    before.reset()
    before.clear_default("max_retries", group="database")


ENTRIES: dict[str, Callable[[str], object]] = {
    "a driver": SQLAlchemyDriver,
    "an ORM engine": session.create_engine,
    "a database for tests": make_database,
}


@pytest.mark.parametrize("entry", ENTRIES)
@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg", "mariadb", "mysql+pymysql"])
def test_a_password_that_is_not_encoded(entry: str, scheme: str, subtests: pytest.Subtests) -> None:
    for password in PASSWORDS:
        for place in PLACES:
            with subtests.test(password=password, place=place):
                with pytest.raises(ValueError, match="@ as %40, / as %2F") as caught:
                    ENTRIES[entry](f"{scheme}://nova:{password}@{place}")
                without_parts(caught.value)


@pytest.mark.parametrize("password", ["/", "?", "#", ":", "%", "%zz", "$", "="])
def test_what_a_url_can_hold_as_it_is(password: str) -> None:
    url = parse(f"postgresql://nova:x{password}y@host/nova")

    assert (url.password, url.host, url.database) == (f"x{password}y", "host", "nova")
    assert shown(url) == "postgresql+psycopg://nova:***@host/nova"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user@server:p@host/nova",
        "postgresql://nova:p@host/nova?password=a@b",
        "postgresql://nova:p@[::1]:5432/nova",
        "postgresql://nova:p%40%2F@/nova?host=/run/postgresql",
        "sqlite:////tmp/a@b/c:d@e",
    ],
)
def test_an_at_that_means_no_harm(url: str) -> None:
    assert parse(url).get_backend_name() == url.partition(":")[0]


def test_the_commands(capsys: pytest.CaptureFixture[str], conf: cfg.ConfigOpts, tmp_path: pathlib.Path) -> None:
    url = f"postgresql://nova:{PARTS[0]}@{PARTS[1]}/x@host/nova"
    file = tmp_path / "nova.conf"
    file.write_text(f"[database]\nconnection = {url}\n")
    statuses = [
        main(["--connection", url, "status"]),
        main(["--config-file", str(file), "version"]),
        main(["compare", url, f"sqlite:///{tmp_path}/a"]),
        main(["copy", "--from", f"@{file}", "--to", f"sqlite:///{tmp_path}/a"]),
    ]

    told = capsys.readouterr()
    assert statuses == [2] * 4
    assert told.err.count("%40") == 4
    assert not [part for part in PARTS if part in told.out + told.err]


@pytest.mark.parametrize("words", ["status {}", "{}", "--conection {}", "status --json={}", "archive --before {}"])
def test_a_url_in_the_wrong_place(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words.format(f"postgresql://nova:{PARTS[0]}@{PARTS[1]}@host/nova").split()) == 2
    told = capsys.readouterr()
    assert "nova-db" in told.err
    assert not [part for part in PARTS if part in told.out + told.err]


DOLLAR = f"postgresql://nova:{PARTS[0]}${PARTS[1]}@host/nova"
DOLLARS = [DOLLAR, DOLLAR.replace("$", "$a."), f"p=${{{PARTS[1]}}}"]


@pytest.mark.parametrize("value", DOLLARS)
@pytest.mark.parametrize("option", ["connection", "slave_connection", "connection_parameters"])
def test_a_dollar_that_is_none(option: str, value: str, conf: cfg.ConfigOpts, subtests: pytest.Subtests) -> None:
    conf.set_override("connection", "sqlite://", group="database")
    conf.set_override(option, value, group="database")
    uses: dict[str, Callable[[], object]] = {
        "a call": lambda: api.API.service_get_all(get_admin_context()),
        "a driver": SQLAlchemyDriver,
        "an ORM session": session.get_engine,
        "the URL": session.database_url,
    }
    for use, do in uses.items():
        with subtests.test(use=use):
            with pytest.raises(UnreadableOption, match=rf"\[database\] {option} .*: \$\$") as caught:
                do()
            without_parts(caught.value)


@pytest.mark.parametrize("value", DOLLARS)
def test_a_dollar_in_a_file(
    value: str, conf: cfg.ConfigOpts, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "nova.conf"
    file.write_text(f"[database]\nconnection = {value}\n")
    for argv in (["--config-file", str(file), "status"], ["compare", f"@{file}", "sqlite://"]):  # one story
        assert main(argv) == 2
        told = capsys.readouterr()
        assert "nova-db: [database] connection cannot be read" in told.err
        assert "$$" in told.err
        assert not [part for part in PARTS if part in told.out + told.err]


def test_a_dollar_that_is_doubled(conf: cfg.ConfigOpts, tmp_path: pathlib.Path) -> None:
    file = tmp_path / "nova.conf"
    file.write_text(f"[database]\nconnection = {DOLLAR.replace('$', '$$')}\n")
    conf(args=[], default_config_files=[str(file)])

    assert session.database_url() == sa.make_url(DOLLAR.replace("postgresql:", "postgresql+psycopg:"))


@pytest.mark.parametrize("content", ["[database]\nparameters {}", " connection = {}", "[database\nconnection = {}"])
def test_a_line_that_is_none(
    content: str, conf: cfg.ConfigOpts, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "nova.conf"
    file.write_text(content.format("".join(PARTS)) + "\n")

    assert main(["--config-file", str(file), "status"]) == 2
    assert main(["compare", f"@{file}", "sqlite://"]) == 2
    told = capsys.readouterr()
    assert told.err.count("nova-db: Failed to parse") == 2
    assert not [part for part in PARTS if part in told.out + told.err]
