"""The table of mistakes in docs/operations.md: each of them made, and what is told of it."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from nova_db.api import load_backend
from nova_db.context import get_admin_context
from nova_db_sqlalchemy import SQLAlchemyDriver
from tests import warm
from tests.cli.cases import COMMAND, shell

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "operations.md"
HEADING = "## Mistakes, and what you see"
SERVERS = {"pg": "NOVA_DB_TEST_POSTGRESQL", "maria": "NOVA_DB_TEST_MARIADB"}
"""How the table calls the servers, to the variables that hold their URLs."""
IN_ANOTHER_ENCODING = {
    "pg": "CREATE DATABASE {name} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0",
    "maria": "CREATE DATABASE {name} CHARACTER SET utf8mb3",
}


def code_spans(cell: str) -> list[str]:
    """What a cell has between backticks, single or double ones."""
    return [found[2] for found in re.finditer(r"(?<!`)(`{1,2})(?!`)(.+?)(?<!`)\1(?!`)", cell)]


def table() -> list[tuple[str, str]]:
    """Mistakes, and what is told of them."""
    section = PAGE.read_text(encoding="utf-8").split(f"{HEADING}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    assert len(rows) > 30
    return [(mistake.strip(), told.strip()) for mistake, told in rows]


@contextlib.contextmanager
def database(server: str, name: str) -> Iterator[str]:
    """The URL of a database such as a row speaks of, on a real server."""
    url = sa.make_url(os.environ[SERVERS[server]])
    if name == "nowhere":
        yield url.set(database=name).render_as_string(hide_password=False)
        return
    if name == "latin":
        with elsewhere(url, IN_ANOTHER_ENCODING[server]) as made:
            yield made
        return
    made = SQLAlchemyDriver.provision(os.environ[SERVERS[server]])
    try:
        if name == "empty":
            drop_tables(made)
        else:
            with contextlib.closing(load_backend("sqlalchemy", made)) as driver:
                driver.instance_create(get_admin_context(), {"project_id": "shop"})
        yield made
    finally:
        SQLAlchemyDriver.discard(made)


@contextlib.contextmanager
def elsewhere(url: sa.URL, statement: str) -> Iterator[str]:
    """The URL of a database made by a statement."""
    name = f"nova_db_test_mistakes_{os.getpid()}"
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(statement.format(name=name))
        try:
            yield url.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.exec_driver_sql(f"DROP DATABASE {name}")
    engine.dispose()


def drop_tables(url: str) -> None:
    """Leave nothing in a database."""
    from nova_db_sqlalchemy.tables.metadata import SQL_METADATA

    engine = sa.create_engine(url)
    SQL_METADATA.drop_all(engine)
    engine.dispose()


@pytest.mark.parametrize("mistake,told", [pytest.param(*row, id=row[0][:60]) for row in table()])
def test_a_mistake_is_told_as_the_table_says(
    mistake: str,
    told: str,
    tmp_path: pathlib.Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    home = tmp_path_factory.mktemp("home")  # where stevedore may keep what it has found
    words = code_spans(mistake)
    if words[0].startswith("["):
        (tmp_path / "nova.conf").write_text("\n".join(words) + "\n")
        line = "nova-db --config-file nova.conf status"
    else:
        line = words[0]
    with contextlib.ExitStack() as stack:
        if found := re.search(r"\w+://(pg|maria)/(\w+)", line):
            if SERVERS[found[1]] not in os.environ:
                pytest.skip(f"{SERVERS[found[1]]} is not set")
            line = line.replace(found[0], stack.enter_context(database(found[1], found[2])))
        before = sorted(tmp_path.iterdir())
        command = COMMAND if ">" in line else " ".join(warm.command())  # a stream that is closed is met at the start
        ran = shell(re.sub(r"\bnova-db ", "$nova_db ", line, count=1), HOME=str(home), nova_db=command)
    assert ran.returncode == 2, ran.stderr
    [pattern] = code_spans(told)
    last = re.sub(r"^nova-db(?: \w+)?: ", "", ran.stderr.splitlines()[-1])
    expected = ".*".join(re.escape(part) for part in pattern.split("..."))
    assert re.fullmatch(expected, last), f"{last!r} is told, not {pattern!r}"
    assert sorted(tmp_path.iterdir()) == before
    assert "Traceback" not in ran.stderr
