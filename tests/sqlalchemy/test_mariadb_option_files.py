"""Files of options, and passwords that are not in ASCII: read as the servers' own clients do, and never quoted."""

from __future__ import annotations

import secrets
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from nova_db.exceptions import DBConnectionError
from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.session import create_engine
from nova_db_sqlalchemy.settings import Settings

SECRET = "S3CR3T"
FILES = {
    f"password = {SECRET}\n": "line 1 stands before the first group",
    f"[client]\npassword = {SECRET}\npassword = {SECRET}\n": "line 3 has an option that the group has before",
    f"[client]\n[client]\npassword = {SECRET}\n": "line 2 begins a group that is there before",
    f"[client]\n= {SECRET}\n": "line 2 is not of the form",
    f"[client]\npassword = {SECRET}\udce9\n": "it is no text in UTF-8",
}


def _by_engine(url: sa.URL) -> None:
    engine = SQLEngine(url)
    try:
        engine.tables()
    finally:
        engine.close()


def _plainly(url: sa.URL) -> None:
    engine = SQLEngine(url, Settings(plain_libraries=True))
    try:
        engine.tables()
    finally:
        engine.close()


def _by_session(url: sa.URL) -> None:
    engine = create_engine(url)
    try:
        engine.connect().close()
    finally:
        engine.dispose()


every_way = pytest.mark.parametrize("way", [_by_engine, _plainly, _by_session])


@every_way
@pytest.mark.parametrize("content", FILES)
def test_a_file_that_is_of_no_use(content: str, way: Callable[[sa.URL], None], server: str, tmp_path: Path) -> None:
    file = tmp_path / "my.cnf"
    file.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(DBConnectionError) as caught:
        way(sa.make_url(server).update_query_dict({"read_default_file": str(file)}))
    assert str(caught.value).startswith(f"The option file {file} cannot be read: {FILES[content]}")
    assert not caught.value.may_pass
    assert caught.value.__context__ is None or SECRET not in str(caught.value.__context__)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


@pytest.fixture
def account(server: str) -> Iterator[Callable[[str], sa.URL]]:
    """``account(password)``: the URL with a user who has that password."""
    engine = create_engine(server)
    names: list[str] = []

    def make(password: str) -> sa.URL:
        names.append(f"nova_db_test_{secrets.token_hex(4)}")
        with engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE USER {names[-1]}@'%%' IDENTIFIED BY '{password}'")
            connection.exec_driver_sql(f"GRANT ALL ON *.* TO {names[-1]}@'%%'")
        return sa.make_url(server).set(username=names[-1], password=password)

    yield make
    with engine.begin() as connection:
        for name in names:
            connection.exec_driver_sql(f"DROP USER {name}@'%%'")
    engine.dispose()


@every_way
@pytest.mark.parametrize("password", ["p\u00e9", "p\u20ac", "p\U0001f511"])
def test_a_password_that_is_no_ascii(
    password: str, way: Callable[[sa.URL], None], account: Callable[[str], sa.URL], tmp_path: Path
) -> None:
    url = account(password)
    way(url)
    file = tmp_path / "my.cnf"
    file.write_text(f"[client]\npassword = '{password}'\n", encoding="utf-8")
    way(url._replace(password=None).update_query_dict({"read_default_file": str(file)}))
