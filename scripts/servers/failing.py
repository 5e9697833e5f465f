"""Servers that a test stops, kills, starts again and runs out of disk, for `make test-failures` alone.

Other tests have servers of their own.  Here, what was committed outlives the server's process, though not the machine.
"""

from __future__ import annotations

import abc
import shutil
import socket
import subprocess
import time
from pathlib import Path

from scripts.servers import host
from scripts.servers.mariadb import SETTINGS, MariaDB
from scripts.servers.mariadb import _program as mariadb_program
from scripts.servers.postgresql import PostgreSQL
from scripts.servers.private import PrivateServer

PATIENCE = 60.0


class FailingServer(PrivateServer):
    """A server that can be made to fail."""

    port: int

    def begin(self) -> str:
        """Start it anew, without the data of any run before; its URL."""
        self.remove()
        url = self.url()
        self.port = self._running_port() or 0
        return url

    def resume(self) -> None:
        """Start it again on its port."""
        with host.locked(self.folder):
            if not self.launch(self.port):
                host.fail_with_log(f"{self.title} did not start on port {self.port}", self.log)

    def crash(self) -> None:
        """End it at once, without a word to those who are connected."""
        with host.locked(self.folder):
            self.kill()
            deadline = time.monotonic() + PATIENCE
            while self._is_listening() and time.monotonic() < deadline:
                time.sleep(0.01)

    def mount(self, folder: Path, megabytes: int) -> SmallDisk:
        """Put a small disk on a folder, which is made if it is not there."""
        return SmallDisk(folder, megabytes, self.user)

    @abc.abstractmethod
    def demote(self) -> None:
        """Make it one that is only read from, as the former primary after a failover."""

    @abc.abstractmethod
    def promote(self) -> None:
        """Make it a primary again."""

    @abc.abstractmethod
    def kill(self) -> None:
        """Let its processes end as they would in a crash."""

    def _is_listening(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class FailingPostgreSQL(PostgreSQL, FailingServer):
    """A PostgreSQL that can be made to fail."""

    name = "failing-postgresql"

    def settings(self, port: int) -> str:
        return super().settings(port) + "synchronous_commit = on\nwal_level = replica\n"

    def demote(self) -> None:
        self.stop()
        (self.data / "standby.signal").touch()
        self.resume()

    def promote(self) -> None:
        (self.data / "standby.signal").unlink()
        self.stop()
        self.resume()

    def kill(self) -> None:
        self.run(self._program("pg_ctl"), "stop", "-s", "-w", "-m", "immediate", "-D", self.data)


class FailingMariaDB(MariaDB, FailingServer):
    """A MariaDB that can be made to fail."""

    name = "failing-mariadb"
    settings = (*SETTINGS, "--innodb-flush-log-at-trx-commit=2")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(PATIENCE)

    def demote(self) -> None:
        self._set_read_only(1)

    def promote(self) -> None:
        self._set_read_only(0)

    def _set_read_only(self, value: int) -> None:
        client = (mariadb_program("mariadb"), "--no-defaults", f"--socket={self.socket}", "--user=root")
        self.run(*client, f"--execute=SET GLOBAL read_only = {value}")

    def shut_down(self) -> None:
        super().shut_down()
        if self.process is not None:
            self.process.wait(PATIENCE)


class SmallDisk:
    """A file system in memory, of a size that is soon used up."""

    def __init__(self, folder: Path, megabytes: int, user: str | None = None) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        owner = host.account(user) if user else None
        rights = f",uid={owner.pw_uid},gid={owner.pw_gid}" if owner else ""
        self._mount(f"size={megabytes}m,mode=0700{rights}", "-t", "tmpfs", "tmpfs")

    def enlarge(self, megabytes: int) -> None:
        """Make room."""
        self._mount(f"remount,size={megabytes}m")

    def remove(self) -> None:
        """Take it away, with what is on it."""
        subprocess.run([_program("umount"), "--lazy", self.folder], check=True)

    def _mount(self, options: str, *what: str) -> None:
        done = subprocess.run(
            [_program("mount"), "-o", options, *what, self.folder], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise host.ServerError(f"a small disk cannot be mounted, which takes root: {done.stderr.strip()}")


def _program(name: str) -> str:
    return shutil.which(name) or f"/bin/{name}"
