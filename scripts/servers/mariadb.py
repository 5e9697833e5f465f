"""A private MariaDB."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path
from typing import ClassVar

from scripts.servers.private import PrivateServer

PATIENCE = 120.0  # seconds for a start or a stop, on a busy machine

SETTINGS = (
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--max-connections=200",
    # Nothing here must survive a crash.
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--debug-no-sync",  # changes of a schema, and of a counter, wait for the disk several times each
    "--skip-log-bin",
    # Set against us: order by code point, naive UTC, strictness and the rest must not come from the server.
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_unicode_ci",
    "--default-time-zone=+05:45",
    "--sql-mode=ANSI,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH",
    "--group-concat-max-len=4",
)


class MariaDB(PrivateServer):
    """The MariaDB on the PATH, or in /usr/sbin, where Debian keeps the server."""

    name = "mariadb"
    title = "MariaDB"
    user = "mysql"
    packages = ("mariadb-server",)
    settings: ClassVar[tuple[str, ...]] = SETTINGS
    process: subprocess.Popen[bytes] | None = None
    """Its process, if this one has started it."""

    @property
    def socket(self) -> Path:
        """The server's Unix socket."""
        return self.home / "socket"

    def installed(self) -> bool:
        return all(_which(name) for name in ("mariadbd", "mariadb-install-db", "mariadb", "mariadb-admin"))

    def running_port(self) -> int | None:
        if not self.socket.exists():
            return None
        query = ["--batch", "--skip-column-names", "--execute=SELECT @@port"]
        done = subprocess.run(
            [_program("mariadb"), "--no-defaults", f"--socket={self.socket}", "--user=root", *query],
            capture_output=True, text=True, check=False, **self.process_options(),
        )  # fmt: skip
        return int(done.stdout) if done.returncode == 0 else None

    def initialize(self) -> bool:
        options = ("--no-defaults", "--auth-root-authentication-method=normal", "--skip-name-resolve")
        return self.run(_program("mariadb-install-db"), *options, f"--datadir={self.data}")

    def launch(self, port: int) -> bool:
        files = (f"--datadir={self.data}", f"--socket={self.socket}", f"--pid-file={self.home / 'pid'}")
        command = [_program("mariadbd"), "--no-defaults", *files, f"--port={port}", *self.settings]
        with self.log.open("ab") as log:
            server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, **self.process_options())
        self.process = server
        deadline = time.monotonic() + PATIENCE
        while server.poll() is None and time.monotonic() < deadline:
            if self.running_port() == port:
                return True
            time.sleep(0.1)
        server.kill()
        server.wait()
        return False

    def shut_down(self) -> None:
        pid_file = self.home / "pid"
        self.run(_program("mariadb-admin"), "--no-defaults", f"--socket={self.socket}", "--user=root", "shutdown")
        deadline = time.monotonic() + PATIENCE
        while pid_file.exists() and time.monotonic() < deadline:
            time.sleep(0.1)

    def connection_url(self, port: int) -> str:
        return f"mariadb+pymysql://root@127.0.0.1:{port}/test"


def _which(name: str) -> str | None:
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")


def _program(name: str) -> str:
    found = _which(name)
    if found is None:
        raise FileNotFoundError(f"MariaDB's {name}")
    return found
