"""libpq's environment does not decide which database it is, as far as the URL leaves nothing to a service."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from nova_db.exceptions import DBConnectionError
from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.session import create_engine
from nova_db_sqlalchemy.settings import Settings

ELSEWHERE = {"host": "nowhere.invalid", "hostaddr": "192.0.2.1", "port": "1", "options": "-c search_path=nowhere"}


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of services in which ``other`` is another database, and the environment's choice of it."""
    file = tmp_path / "services.conf"
    lines = [f"{name}={value}" for name, value in {**ELSEWHERE, "dbname": "nova_db_test_nowhere"}.items()]
    file.write_text("\n".join(["[other]", *lines]))
    monkeypatch.setenv("PGSERVICEFILE", str(file))
    monkeypatch.setenv("PGSERVICE", "other")
    return file


def _path_of_engine(url: str) -> str:
    engine = SQLEngine(url, Settings(connect_timeout=2))
    connection = engine.pool.take()
    try:
        [(found,)] = connection.dbapi.execute(b"SELECT current_database() || ' ' || current_setting('search_path')")
        return str(found)
    finally:
        engine.pool.drop(connection)
        engine.close()


def _path_of_session(url: str) -> str:
    engine = create_engine(url)
    with engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT current_database() || ' ' || current_setting('search_path')")
        text = str(found.scalar_one())
    engine.dispose()
    return text


every_way = pytest.mark.parametrize("way", [_path_of_engine, _path_of_session], ids=["engine", "session"])


@every_way
@pytest.mark.usefixtures("service")
def test_it_names_no_other_database(way: Callable[[str], str], server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**ELSEWHERE, "database": "nova_db_test_nowhere"}.items():
        monkeypatch.setenv(f"PG{name.upper()}", value)
    assert way(server) == f'{sa.make_url(server).database} "$user", public'


@every_way
def test_it_names_no_host(way: Callable[[str], str], server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    url = sa.make_url(server)
    monkeypatch.setenv("PGHOST", str(url.host))
    monkeypatch.setenv("PGPORT", str(url.port))
    with pytest.raises((DBConnectionError, sa.exc.OperationalError), match=r"\.s\.PGSQL\.5432"):
        way(f"postgresql://{url.username}@/{url.database}")


@every_way
def test_a_service_of_the_url_names_everything(way: Callable[[str], str], server: str, service: Path) -> None:
    url = sa.make_url(server)
    service.write_text(f"[ours]\nhost={url.host}\nport={url.port}\ndbname={url.database}\noptions=-c search_path=x\n")
    assert way(f"postgresql://{url.username}@/?service=ours") == f"{url.database} x"


def test_where_a_service_leads_to_is_told(engine: SQLEngine, service: Path) -> None:
    if engine.url.get_backend_name() != "postgresql":
        return  # elsewhere there are no services
    url = engine.url
    known = {"host": url.host, "port": url.port, "dbname": url.database, "user": url.username, "password": url.password}
    lines = [f"{name}={value}" for name, value in known.items() if value is not None]
    service.write_text("\n".join([service.read_text(), "[cloud]", *lines]))
    asked = SQLEngine(sa.make_url("postgresql+psycopg://?service=cloud"))
    assert asked.identify()["server"].endswith(f" at {url.host}:{url.port}/{url.database}")
    assert " at " not in engine.identify()["server"]
