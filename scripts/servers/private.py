"""A private server: the life cycle that PostgreSQL and MariaDB share."""

from __future__ import annotations

import os
import shutil
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from scripts.servers import host

ATTEMPTS = 3


class PrivateServer(ABC):
    """One server of this source tree's own; of several processes that ask for it at once, one starts it."""

    name: ClassVar[str]
    title: ClassVar[str]
    user: ClassVar[str]  # the account to run as when we are root
    packages: ClassVar[tuple[str, ...]]  # Debian's names

    def __init__(self) -> None:
        self.folder = host.tree_folder()
        self.home = self.folder / self.name
        self.data = self.home / "data"
        self.log = self.home / "log"

    @property
    def variable(self) -> str:
        """The environment variable that names a server to be used instead."""
        return f"NOVA_DB_TEST_{self.name.upper()}"

    def url(self) -> str:
        """The connection URL of a server that is up, starting ours when none is given and it is down."""
        if given := os.environ.get(self.variable):
            return given
        with host.locked(self.folder):
            return self.connection_url(self._running_port() or self._start())

    def is_up(self) -> bool:
        """Whether our server runs and answers."""
        return self._running_port() is not None

    def stop(self) -> None:
        """Stop our server if it runs; its data stays for the next start."""
        if self.home.exists():
            with host.locked(self.folder):
                self._shut_down()

    def remove(self) -> None:
        """Stop our server and delete everything it left."""
        if self.home.exists():
            with host.locked(self.folder):
                self._shut_down()
                shutil.rmtree(self.home)
                if not any(self.folder.iterdir()):
                    self.folder.rmdir()

    # What a kind of server knows --------------------------------------------------------------------------------------

    @abstractmethod
    def installed(self) -> bool:
        """Whether its programs are on this machine."""

    @abstractmethod
    def running_port(self) -> int | None:
        """The port on which our server answers, or None."""

    @abstractmethod
    def initialize(self) -> bool:
        """Make an empty data directory at `data`; whether that worked."""

    @abstractmethod
    def launch(self, port: int) -> bool:
        """Start the server as a daemon and wait until it answers; whether it does."""

    @abstractmethod
    def shut_down(self) -> None:
        """Stop the running server and wait until it is gone."""

    @abstractmethod
    def connection_url(self, port: int) -> str:
        """The SQLAlchemy URL of an existing database, as an account that may create others."""

    # What all share ---------------------------------------------------------------------------------------------------

    def run(self, *command: str | Path) -> bool:
        """Run one of the server's programs as its account, logging what it says."""
        return host.run(list(command), self.log, self.process_options())

    def process_options(self) -> dict[str, Any]:
        """Arguments for `subprocess` that every program of the server is started with."""
        return host.process_options(host.account(self.user), self.home)

    def _running_port(self) -> int | None:
        return self.running_port() if self.installed() else None

    def _shut_down(self) -> None:
        if self._running_port() is not None:
            self.shut_down()

    def _start(self) -> int:
        if not self.installed():
            host.install(self.title, self.packages)
            if not self.installed():
                raise host.ServerError(f"installed {' '.join(self.packages)}, but {self.title} is still not there")
        for _ in range(ATTEMPTS):
            self._make_home()
            if not self.data.exists() and not self.initialize():
                break
            port = host.free_port()
            if self.launch(port):
                return port
            # The port was taken meanwhile, or the data was ruined by a crash or made by another release.
            shutil.rmtree(self.data, ignore_errors=True)
        host.fail_with_log(f"{self.title} did not start", self.log)

    def _make_home(self) -> None:
        self.home.mkdir(mode=0o755, exist_ok=True)
        self.log.touch()
        if (user := host.account(self.user)) is not None:
            os.chown(self.home, user.pw_uid, user.pw_gid)
            os.chown(self.log, user.pw_uid, user.pw_gid)
