"""The command: `python -m scripts.servers {postgresql,mariadb,replica,...,all} {url,stop,remove}`."""

from __future__ import annotations

import argparse
import sys

from scripts.servers.failing import FailingMariaDB, FailingPostgreSQL
from scripts.servers.host import ServerError
from scripts.servers.mariadb import MariaDB
from scripts.servers.pgbouncer import PgBouncer
from scripts.servers.postgresql import PostgreSQL
from scripts.servers.private import PrivateServer
from scripts.servers.replica import Replica

SERVERS: dict[str, type[PrivateServer]] = {kind.name: kind for kind in (PostgreSQL, MariaDB)}
SERVERS_OF_ONE_TEST: dict[str, type[Replica | PrivateServer]] = {
    kind.name: kind for kind in (Replica, FailingPostgreSQL, FailingMariaDB, PgBouncer)
}
"""Started by name alone, stopped and removed with the others."""


def main() -> int:
    """Do what the command line says; 1 and one line on stderr when a server cannot be had."""
    parser = argparse.ArgumentParser(prog="servers", description="Private database servers for the tests.")
    parser.add_argument("server", choices=[*SERVERS, *SERVERS_OF_ONE_TEST, "all"])
    parser.add_argument("action", choices=["url", "stop", "remove"], help="url: start it if it is down, print its URL")
    arguments = parser.parse_args()
    every = SERVERS | SERVERS_OF_ONE_TEST
    if arguments.server == "all":
        chosen = list((SERVERS if arguments.action == "url" else every).values())
    else:
        chosen = [every[arguments.server]]
    try:
        for kind in chosen:
            server = kind()
            if arguments.action == "url":
                print(server.url(), flush=True)
            elif arguments.action == "stop":
                server.stop()
            else:
                server.remove()
    except ServerError as error:
        print(f"servers: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
