"""A password is nowhere to be read, whatever fails and however much is logged."""

from __future__ import annotations

import copy
import logging
import traceback
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from oslo_config import cfg

from nova_db.cli.command import main
from nova_db.conf import register_opts
from nova_db.exceptions import DBError
from nova_db.operations import Session
from nova_db_sqlalchemy import SQLAlchemyDriver
from tests.failures.conftest import PASSWORD, Drivers
from tests.failures.helpers import ADMIN, Holder, add, hosts
from tests.failures.operators import Operator

SECRET = "sesame"
"""What a password of these tests has in it, right or wrong."""


def texts(call: Callable[[], object]) -> str:
    """All that the error of a call has to tell."""
    with pytest.raises(DBError) as caught:
        call()
    error = caught.value
    sent = copy.copy(error)  # as it is pickled
    told = [repr(error), str(sent), repr(vars(sent)), repr(error.inner_exception), *traceback.format_exception(error)]
    return "\n".join(told)


def kill_and_go_on(driver: SQLAlchemyDriver, operator: Operator) -> None:
    """A transaction that loses its connection."""

    def work(session: Session) -> None:
        add(driver, "a")
        operator.end_all()
        add(driver, "b")

    driver.run(ADMIN, work)


def kill_and_commit(driver: SQLAlchemyDriver, operator: Operator) -> None:
    """A transaction that loses its connection before the last word."""
    with driver.transaction(ADMIN):
        add(driver, "a")
        operator.end_all()


def test_errors_and_the_log(
    drivers: Drivers, operator: Operator, account: sa.URL, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    driver = drivers(account, connection_debug=100, db_max_retries=1)
    found = texts(lambda: kill_and_go_on(driver, operator))
    found += texts(lambda: kill_and_commit(driver, operator))
    found += texts(lambda: driver.service_create(ADMIN, {"report_count": 2**40}))
    operator.bound_user(str(account.username), 1)
    holder = Holder(driver, hosts)
    for url in (
        account,
        account.set(port=1),
        account.set(host="nowhere.invalid"),
        account.set(database="nova_db_test_nowhere"),
        account.set(username="nobody", password="wrong-sesame"),
    ):
        found += texts(lambda url=url: hosts(drivers(url, max_retries=1, retry_interval=0, db_max_retries=1)))  # type: ignore[misc]
    with pytest.raises(ValueError, match="no_such_parameter") as caught:
        drivers(account.update_query_dict({"no_such_parameter": "1"}))
    found += "".join(traceback.format_exception(caught.value))
    holder.end()
    assert "services" in caplog.text  # statements and rows are logged
    assert "Trying again" in caplog.text
    assert SECRET not in found + caplog.text


def test_what_describes_a_driver(drivers: Drivers, account: sa.URL) -> None:
    driver = drivers(account.set(password=None), connection_parameters=f"password={PASSWORD}")
    found = f"{driver!r} {driver.engine!r} {driver.engine.url!r} {driver.engine.settings!r} {driver.describe()}"
    assert "***" in driver.describe()["url"]
    assert SECRET not in found


def test_the_command(drivers: Drivers, account: sa.URL, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = account.set(database="nova_db_test_nowhere")
    for url, commands in ((account, ["status"]), (nowhere, ["status", "version", "check", "sync", "seed"])):
        for command in commands:
            main(["--connection", url.render_as_string(hide_password=False), command])
    shown = capsys.readouterr()
    assert str(account.username) in shown.out
    assert "nova_db_test_nowhere" in shown.err
    assert SECRET not in shown.out + shown.err


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://nova:p@host:sesame/nova",
        "mariadb://nova:p@host:sesame/nova",
        "sesame",
        "host=db user=nova password=sesame",
        "oracle://nova:sesame@host/nova",
        "postgresql+asyncpg://nova:sesame@host/nova",
        "mariadb://nova:sesame@/nova?host=a:b:c",
    ],
)
def test_a_url_that_is_none(url: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the text is looked at
        SQLAlchemyDriver(url)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_options_that_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    conf = cfg.ConfigOpts()
    register_opts(conf)
    conf(args=[], default_config_files=[])
    url = f"mariadb://nova:{PASSWORD}@host/nova"
    for name, value in {"connection": url, "slave_connection": url, "connection_parameters": PASSWORD}.items():
        conf.set_override(name, value, group="database")
    conf.log_opt_values(logging.getLogger(), logging.DEBUG)
    assert "database.slave_connection" in caplog.text
    assert SECRET not in caplog.text
