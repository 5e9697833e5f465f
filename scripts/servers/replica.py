"""A private PostgreSQL with a standby that streams from it, for `make test-replica` alone.

Reads on the standby lag, are cancelled in favour of the replay and end with the server: nothing of that can be had from
two independent servers.
"""

from __future__ import annotations

from scripts.servers import host
from scripts.servers.postgresql import ROLE, PostgreSQL

STREAMING = """
wal_level = replica
max_wal_senders = 10
# What a standby that was down for a while has yet to fetch is still there.
wal_keep_size = 256MB
hot_standby = on
checkpoint_timeout = 30s
# A read that is in the way of the replay is cancelled after this, not after half a minute.
max_standby_streaming_delay = 200ms
# A standby that comes back, or whose primary does, connects soon.
wal_retrieve_retry_interval = 200ms
"""


class Primary(PostgreSQL):
    """The one that is written to."""

    name = "replica-primary"

    def settings(self, port: int) -> str:
        return super().settings(port) + STREAMING


class Standby(PostgreSQL):
    """The one that follows, made from a base backup of the primary, which must be up."""

    name = "replica-standby"

    def initialize(self) -> bool:
        source = ("--host=127.0.0.1", f"--port={Primary().running_port()}", f"--username={ROLE}")
        how = ("--wal-method=stream", "--checkpoint=fast", "--no-sync")
        if not self.run(self._program("pg_basebackup"), *source, *how, f"--pgdata={self.data}"):
            return False
        (self.data / "standby.signal").touch()
        return True

    def settings(self, port: int) -> str:
        source = f"host=127.0.0.1 port={Primary().running_port()} user={ROLE}"
        return f"{super().settings(port)}{STREAMING}primary_conninfo = '{source}'\n"

    def halt(self) -> None:
        """Stop it at once, as a crash does: without a word to those who are connected."""
        with host.locked(self.folder):
            self.run(self._program("pg_ctl"), "stop", "-s", "-w", "-m", "immediate", "-D", self.data)

    def resume(self, port: int) -> None:
        """Start it again, on the port that it had."""
        with host.locked(self.folder):
            if not self.launch(port):
                host.fail_with_log(f"the standby did not start on port {port}", self.log)


class Replica:
    """The pair, where commands ask for one server: its URL is two, that of the primary and that of the standby."""

    name = "replica"

    def __init__(self) -> None:
        self.primary = Primary()
        self.standby = Standby()

    def url(self) -> str:
        """Both URLs, a blank between; a pair that is not up as a whole is made anew."""
        if not (self.primary.is_up() and self.standby.is_up()):
            self.remove()
        return f"{self.primary.url()} {self.standby.url()}"

    def stop(self) -> None:
        """Stop both; nobody has a use for their data."""
        self.remove()

    def remove(self) -> None:
        """Stop both and delete everything they left."""
        self.standby.remove()
        self.primary.remove()
