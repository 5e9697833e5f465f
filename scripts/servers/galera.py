"""A private Galera cluster: three MariaDB nodes on the loopback interface, in a temporary folder, gone at the end.

    python -m scripts.servers.galera

starts one, prints the connection URL that names its nodes, and stops it when interrupted.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scripts.servers import host
from scripts.servers.galera_setup import DETECTION, SETTINGS, provider
from scripts.servers.mariadb import _program

PATIENCE = 120.0  # seconds for a node to start, to take over the data and to be synced

_POSITION = re.compile(r"Recovered position:\s*(\S+)")


class Node:
    """One server of the cluster."""

    def __init__(self, cluster: GaleraCluster, number: int, ports: list[int]) -> None:
        self.cluster = cluster
        self.name = f"node{number + 1}"
        self.home = cluster.folder / self.name
        self.data = self.home / "data"
        self.log = self.home / "log"
        self.port, self.group_port, self.transfer_port, self.state_port = ports
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """Host and port for clients."""
        return f"127.0.0.1:{self.port}"

    @property
    def is_running(self) -> bool:
        """Whether its process is there."""
        return self._process is not None and self._process.poll() is None

    def make(self) -> None:
        """Make its folders, empty: a node that joins takes all data over from another."""
        self.home.mkdir(mode=0o755)
        self.data.mkdir(mode=0o755)
        self.log.touch()
        if (user := host.account("mysql")) is not None:
            for path in (self.home, self.data, self.log):
                os.chown(path, user.pw_uid, user.pw_gid)

    def initialize(self) -> None:
        """Make the data that a cluster begins with."""
        options = ("--no-defaults", "--auth-root-authentication-method=normal", "--skip-name-resolve")
        command: list[str | Path] = [_program("mariadb-install-db"), *options, f"--datadir={self.data}"]
        if not host.run(command, self.log, self._options()):
            host.fail_with_log(f"{self.name} has no data", self.log)

    def start(self, *, bootstrap: bool = False) -> None:
        """Start the process: it founds the cluster, or joins it; `wait` tells when it is part of it."""
        command = [*self._command(), *self._joining(bootstrap), *self._position(bootstrap)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, **self._options())

    def wait(self) -> None:
        """Wait until it is a part of the cluster that has all data."""
        self.wait_for("wsrep_local_state_comment", lambda state: state == "Synced")
        self.wait_for("wsrep_ready", lambda ready: ready == "ON")

    def wait_for(self, name: str, accept: Callable[[str], bool]) -> None:
        """Wait until a status value is as wanted.

        :raises ServerError: it does not become so, or the process ends.
        """
        deadline = time.monotonic() + PATIENCE
        while self.is_running and time.monotonic() < deadline:
            value = self.status(name)
            if value is not None and accept(value):
                return
            time.sleep(0.1)
        host.fail_with_log(f"{self.name} does not get to {name} as wanted ({self.status(name)})", self.log)

    def status(self, name: str) -> str | None:
        """A value of SHOW GLOBAL STATUS; None while the node does not answer."""
        rows = self.query(f"SHOW GLOBAL STATUS LIKE '{name}'")
        return rows[0][1] if rows else None

    def view(self) -> tuple[str | None, ...]:
        """What it takes for the number of nodes, for its own state, and for the number of changes of the cluster."""
        names = ("wsrep_cluster_size", "wsrep_local_state_comment", "wsrep_cluster_conf_id")
        found = dict(self.query(f"SHOW GLOBAL STATUS WHERE Variable_name IN {names}") or ())
        return tuple([found.get(name) for name in names])

    def query(self, statement: str) -> list[list[str]] | None:
        """The rows of a statement, as texts; None when the node does not answer."""
        client = [_program("mariadb"), "--no-defaults", f"--socket={self.home / 'socket'}", "--user=root"]
        options = ["--batch", "--skip-column-names", "--connect-timeout=5", f"--execute={statement}"]
        done = subprocess.run([*client, *options], capture_output=True, text=True, check=False, **self._options())
        return [line.split("\t") for line in done.stdout.splitlines()] if done.returncode == 0 else None

    def kill(self) -> None:
        """End the process without a word to anybody, as a power failure would."""
        self._signal(signal.SIGKILL)

    def suspend(self) -> None:
        """Let the process stand still, as a machine that hangs: connections stay open, nobody answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let the process go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def cut_off(self) -> None:
        """Let it lose the others: it goes on running, and refuses to work."""
        self._isolate(1)

    def let_back(self) -> None:
        """Let it find the others again."""
        self._isolate(0)

    def _isolate(self, how: int) -> None:
        self.query(f"SET GLOBAL wsrep_provider_options = 'gmcast.isolate={how}'")

    def stop(self) -> None:
        """Let it leave the cluster and end."""
        self._signal(signal.SIGTERM)

    def terminate(self) -> None:
        """Ask it to end; `stop` waits for it."""
        if self._process is not None:
            self._process.terminate()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(PATIENCE / 4)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _command(self) -> list[str]:
        files = (f"--datadir={self.data}", f"--socket={self.home / 'socket'}", f"--pid-file={self.home / 'pid'}")
        return [_program("mariadbd"), "--no-defaults", *files, f"--port={self.port}"]

    def _joining(self, bootstrap: bool) -> list[str]:
        peers = "" if bootstrap else ",".join(f"127.0.0.1:{node.group_port}" for node in self.cluster.nodes)
        provider = {
            **DETECTION,
            "gmcast.listen_addr": f"tcp://127.0.0.1:{self.group_port}",
            "ist.recv_addr": f"127.0.0.1:{self.transfer_port}",
        }
        return [
            *SETTINGS,
            f"--wsrep-provider={self.cluster.provider}",
            f"--wsrep-node-name={self.name}",
            "--wsrep-node-address=127.0.0.1",
            f"--wsrep-sst-receive-address=127.0.0.1:{self.state_port}",
            f"--wsrep-cluster-address=gcomm://{peers}",
            "--wsrep-provider-options=" + ";".join(f"{name}={value}" for name, value in provider.items()),
        ]

    def _position(self, bootstrap: bool) -> list[str]:
        """Where a node that was killed had got to, so that it is sent only what it has missed."""
        if bootstrap or not (self.data / "ibdata1").exists():
            return []
        options = (*SETTINGS, f"--wsrep-provider={self.cluster.provider}", "--wsrep-cluster-address=gcomm://")
        command = [*self._command(), *options, "--wsrep-recover"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, **self._options())
        found = _POSITION.findall(done.stderr)
        return [f"--wsrep-start-position={found[-1]}"] if found else []

    def _options(self) -> dict[str, Any]:
        return host.process_options(host.account("mysql"), self.home)


class GaleraCluster:
    """Nodes that hold the same data; a context manager that starts them, and leaves nothing behind."""

    def __init__(self, size: int = 3) -> None:
        self.provider = provider()
        self.folder = Path(tempfile.mkdtemp(prefix="nova-db-galera-", dir="/tmp"))  # where sockets' paths are short
        self.folder.chmod(0o755)
        ports = iter(host.free_ports(4 * size))
        self.nodes = [Node(self, number, [next(ports) for _ in range(4)]) for number in range(size)]

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    def _start(self) -> None:
        for node in self.nodes:
            node.make()
        first, *others = self.nodes
        first.initialize()
        first.start(bootstrap=True)
        first.wait()
        for node in others:
            # One after the other: who gives data away to one newcomer has none for the next.
            node.start()
            node.wait()
        self.wait()

    def wait(self) -> None:
        """Wait until all nodes are parts of the cluster, each with all data.

        :raises ServerError: they do not become so.
        """
        deadline = time.monotonic() + PATIENCE
        while not self._is_whole():
            if time.monotonic() > deadline:
                raise host.ServerError(f"the nodes do not find together: {[node.view() for node in self.nodes]}")
            time.sleep(0.1)

    def _is_whole(self) -> bool:
        # One that was away for a while believes at first that nothing has happened; the others have counted on.
        views = [node.view() for node in self.nodes]
        size, state, _ = views[0]
        return (size, state) == (str(len(self.nodes)), "Synced") and len(set(views)) == 1

    def url(self, *nodes: Node, database: str = "test") -> str:
        """The URL that names some of the nodes, all unless told."""
        hosts = "&".join(f"host={node.address}" for node in nodes or self.nodes)
        return f"mariadb+pymysql://root@/{database}?{hosts}"

    def remove(self) -> None:
        """Stop all nodes and delete what they have written."""
        for node in self.nodes:
            node.terminate()
        for node in self.nodes:
            node.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def main() -> int:
    """Run a cluster until interrupted; 1 and one line on stderr when it cannot be had."""
    try:
        with GaleraCluster() as cluster:
            print(cluster.url(), flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
    except host.ServerError as error:
        print(f"galera: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
