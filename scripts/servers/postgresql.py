"""A private PostgreSQL."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from scripts.servers.private import PrivateServer

ROLE = "nova_db"

SETTINGS = """
port = {port}
listen_addresses = '127.0.0.1'
unix_socket_directories = '{home}'
max_connections = 200
# Nothing here must survive a crash.
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
# A deadlock, which the tests provoke, is noticed after this.
deadlock_timeout = 100ms
# Set against us: what is stored and returned must not depend on the server's zone.
timezone = 'Asia/Kathmandu'
"""


def _release(program: Path) -> tuple[int, ...]:
    """The release that a folder such as /usr/lib/postgresql/15/bin is named after; () for any other folder."""
    found = re.search(r"/postgresql/(\d+(?:\.\d+)*)/", str(program))
    return tuple(map(int, found[1].split("."))) if found else ()


class PostgreSQL(PrivateServer):
    """The newest PostgreSQL installed: on the PATH, or where Debian keeps one folder a release."""

    name = "postgresql"
    title = "PostgreSQL"
    user = "postgres"
    packages = ("postgresql",)

    def installed(self) -> bool:
        return self._programs() is not None

    def running_port(self) -> int | None:
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return None
        port = lines[3] if len(lines) > 3 else "0"
        answers = self.run(self._program("pg_isready"), "--quiet", "--host=127.0.0.1", f"--port={port}")
        return int(port) if answers and self.run(self._program("pg_ctl"), "status", "-s", "-D", self.data) else None

    def initialize(self) -> bool:
        initdb = self._program("initdb")
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", f"--username={ROLE}", "--no-sync"]
        help_text = subprocess.run([initdb, "--help"], capture_output=True, text=True, check=True).stdout
        if "--icu-locale" in help_text:
            # Set against us: text must be ordered by code point because we say so, not because the server does.
            options += ["--locale-provider=icu", "--icu-locale=en-US"]
        if not self.run(initdb, "--pgdata", self.data, *options):
            return False
        with (self.data / "postgresql.conf").open("a") as configuration:
            configuration.write(f"include '{self._settings.name}'\n")
        return True

    def launch(self, port: int) -> bool:
        self._settings.write_text(self.settings(port))
        options = ("-s", "-w", "-t", "120")
        return self.run(self._program("pg_ctl"), "start", *options, "-D", self.data, "-l", self.log)

    def shut_down(self) -> None:
        self.run(self._program("pg_ctl"), "stop", "-s", "-w", "-m", "fast", "-D", self.data)

    def connection_url(self, port: int) -> str:
        return f"postgresql+psycopg://{ROLE}@127.0.0.1:{port}/postgres"

    def settings(self, port: int) -> str:
        """What its configuration file includes."""
        return SETTINGS.format(port=port, home=self.home)

    @property
    def _settings(self) -> Path:
        return self.data / "nova_db.conf"

    def _programs(self) -> Path | None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_release)
        if found:
            return found[-1].parent
        on_path = shutil.which("initdb")
        return Path(on_path).resolve().parent if on_path else None

    def _program(self, name: str) -> Path:
        folder = self._programs()
        if folder is None:
            raise FileNotFoundError(f"PostgreSQL's {name}")
        return folder / name
