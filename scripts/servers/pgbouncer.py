"""A PgBouncer in front of the private PostgreSQL that gives each transaction another connection of the server.

Few connections, so that clients really share them; and nobody tidies up behind a client (``server_reset_query`` is not
used with ``pool_mode = transaction``).
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

from scripts.servers.postgresql import PostgreSQL
from scripts.servers.private import PrivateServer

SETTINGS = """
[databases]
* = {server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
# Fewer than a test has clients.
default_pool_size = 3
max_client_conn = 500
# Databases come and go with the tests.
autodb_idle_timeout = 5
server_idle_timeout = 5
logfile = {home}/log
pidfile = {home}/pid
"""


class PgBouncer(PrivateServer):
    """The PgBouncer on the PATH, or in /usr/sbin, where Debian keeps it."""

    name = "pgbouncer"
    title = "PgBouncer"
    user = "postgres"
    packages = ("pgbouncer",)

    def url(self) -> str:
        """The URL of the private PostgreSQL by way of the pooler; both are started where they are down."""
        self._server = urlsplit(PostgreSQL().url())
        return super().url()

    def installed(self) -> bool:
        return _program() is not None

    def running_port(self) -> int | None:
        pid, port = self._number("pid"), self._number("port")
        if not pid or not port or not Path(f"/proc/{pid}").exists():
            return None
        with socket.socket() as probe:
            return port if probe.connect_ex(("127.0.0.1", port)) == 0 else None

    def initialize(self) -> bool:
        self.data.mkdir()
        return True

    def launch(self, port: int) -> bool:
        where = self._server
        server = f"host={where.hostname} port={where.port or 5432} user={where.username}"
        if where.password:
            server += f" password={where.password}"
        settings = self.home / "pgbouncer.ini"
        settings.touch(mode=0o644)
        settings.write_text(SETTINGS.format(server=server, port=port, home=self.home))
        (self.home / "port").write_text(str(port))
        program = _program()
        return program is not None and self.run(program, "--daemon", settings) and self._answers()

    def shut_down(self) -> None:
        pid = self._number("pid")
        if pid:
            os.kill(pid, signal.SIGINT)

    def connection_url(self, port: int) -> str:
        return f"postgresql+psycopg://{self._server.username}@127.0.0.1:{port}{self._server.path}"

    def _answers(self) -> bool:
        for _ in range(100):
            if self.running_port() is not None:
                return True
            time.sleep(0.1)
        return False

    def _number(self, name: str) -> int:
        try:
            return int((self.home / name).read_text())
        except (FileNotFoundError, ValueError):
            return 0


def _program() -> str | None:
    return shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
