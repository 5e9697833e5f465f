"""Ports behind which there is no server: every way to connect gives them up alike, in one line."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from nova_db.exceptions import DBConnectionError
from nova_db_sqlalchemy import SQLEngine
from nova_db_sqlalchemy.session import create_engine
from nova_db_sqlalchemy.settings import Settings
from tests import warm
from tests.failures.helpers import HANG_SECONDS, started

URLS = {
    "postgresql": "postgresql+psycopg://nova:sesame@127.0.0.1:{port}/nova",
    "mariadb": "mariadb+pymysql://nova:sesame@127.0.0.1:{port}/nova",
}
COMMANDS = (
    *(["status"], ["version"], ["check"], ["sync"], ["sync", "--sql"], ["seed"], ["archive"], ["purge", "--all"]),
    ["demo", "--quiet"],
)
PAIRS = (["copy", "--from"], ["compare"])
GARBAGE = b"HTTP/1.1 400 Bad Request\r\n\r\n" * 50


def _garble(client: socket.socket) -> None:
    with contextlib.suppress(OSError):
        client.sendall(GARBAGE)


ANSWERS: dict[str, Callable[[socket.socket], object]] = {
    "silent": lambda client: None,
    "closing": lambda client: client.close(),
    "garbage": _garble,
}


TOLD = {
    "silent": "did not answer within 2 seconds: is a .* server there",
    "closing": None,
    "garbage": "is no .* server",
}
"""What is told of them, beside where it was connected to."""


@contextlib.contextmanager
def listening(listener: socket.socket, answer: Callable[[socket.socket], object]) -> Iterator[None]:
    """Whoever connects is answered so, and their connection kept."""
    kept = []

    def accept() -> None:
        while True:  # ends with the listener
            try:
                client, _ = listener.accept()
            except OSError:
                return
            kept.append(client)
            answer(client)

    listener.listen(64)
    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(HANG_SECONDS)
        for client in kept:
            client.close()


@pytest.fixture(params=ANSWERS)
def answer(request: pytest.FixtureRequest) -> Callable[[socket.socket], object]:
    """What becomes of a connection."""
    return ANSWERS[request.param]


@pytest.fixture
def port(answer: Callable[[socket.socket], object]) -> Iterator[int]:
    """A port that has such an answer."""
    listener = socket.create_server(("127.0.0.1", 0))
    number = int(listener.getsockname()[1])
    with listening(listener, answer):
        yield number


@pytest.mark.parametrize("kind", URLS)
def test_commands(
    kind: str, answer: Callable[[socket.socket], object], port: int, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    url = URLS[kind].format(port=port)
    file = tmp_path / "nova-db.conf"
    file.write_text(f"[database]\nconnection = {url}\nconnect_timeout = 2\ndb_max_retries = 0\n")
    # The connections are alike, and each command is a process: those that look at the schema stand for all.
    commands = COMMANDS if answer is ANSWERS["silent"] else COMMANDS[:4]
    given = [["--config-file", str(file), *command] for command in commands]
    given += [[*pair, f"@{file}", *(["--to"] if "--from" in pair else []), "memory=other"] for pair in PAIRS]
    environment = {**os.environ, "HOME": str(tmp_path)}
    running = [
        subprocess.Popen(
            [*warm.command(), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=tmp_path,
        )
        for arguments in given
    ]
    for arguments, process in zip(given, running, strict=True):
        with subtests.test(command=" ".join(arguments)):
            _, told = process.communicate(timeout=2 * HANG_SECONDS)
            assert process.returncode == 2, told
            assert told.splitlines()[-1].startswith("nova-db: The connection to the database failed: ")
            assert "Traceback" not in told
            assert "sesame" not in told


def _by_engine(url: str, *, plain: bool) -> None:
    engine = SQLEngine(url, Settings(connect_timeout=2, plain_libraries=plain))
    engine.tables()


WAYS: dict[str, Callable[[str], object]] = {
    "engine": lambda url: _by_engine(url, plain=False),
    "plain": lambda url: _by_engine(url, plain=True),
    "session": lambda url: create_engine(f"{url}&connect_timeout=2").connect(),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("kind", URLS)
def test_connections(
    kind: str, way: Callable[[str], object], answer: Callable[[socket.socket], object], port: int
) -> None:
    parameter = "application_name" if kind == "postgresql" else "program_name"
    url = f"{URLS[kind].format(port=port)}?{parameter}=reports"
    [told] = [TOLD[name] for name, known in ANSWERS.items() if known is answer]
    with pytest.raises((DBConnectionError, sa.exc.DBAPIError), match=told) as caught:
        started(lambda: way(url)).result(HANG_SECONDS)
    assert told is None or f"127.0.0.1:{port} " in str(caught.value)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("kind", URLS)
def test_sockets_of_this_machine(
    kind: str, way: Callable[[str], object], answer: Callable[[socket.socket], object], tmp_path: Path
) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / ".s.PGSQL.5432"))
    named = f"host={tmp_path}" if kind == "postgresql" else f"unix_socket={tmp_path}/.s.PGSQL.5432"
    scheme, _, _ = URLS[kind].partition("@")
    with listening(listener, answer), pytest.raises((DBConnectionError, sa.exc.DBAPIError)):
        started(lambda: way(f"{scheme}@/nova?{named}")).result(HANG_SECONDS)
