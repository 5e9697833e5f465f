"""``server.py SOCKET PIPE``: has imported what tests use, and forks a process for each client, until the pipe ends."""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import runpy
import selectors
import signal
import socket
import sys
import threading
import types

MODULES = (
    *("pytest", "alembic.command", "oslo_config.cfg", "psycopg", "pymysql", "sqlite3", "sqlalchemy.orm"),
    *("sqlalchemy.dialects.sqlite", "sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.mysql.pymysql"),
    *("rich.console", "nova_db_memory.driver", "nova_db_sqlalchemy.driver", "nova_db_sqlalchemy.migrations"),
)
PACKAGES = (
    *("nova_db.cli", "nova_db.conf", "nova_db_sqlalchemy.connections", "nova_db_sqlalchemy.sql"),
    *("nova_db_sqlalchemy.transactions", "nova_db_sqlalchemy.sqlite", "nova_db_sqlalchemy.postgresql"),
    "nova_db_sqlalchemy.mariadb",
)
"""Of these, all that is in them."""


def main(path: str, pipe: int) -> tuple[list[str], str, dict[str, str]]:
    """Serve; what is to be done comes back in each process that is forked."""
    for name in (*MODULES, *PACKAGES):
        found = importlib.import_module(name)
        for module in pkgutil.walk_packages(found.__path__, f"{name}.") if name in PACKAGES else ():
            if not module.name.endswith(".by_mysqlclient"):  # which is not there
                importlib.import_module(module.name)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how those ended that only wait
    with socket.socket(socket.AF_UNIX) as listener, selectors.DefaultSelector() as selector:
        listener.bind(path)
        listener.listen(64)
        selector.register(listener, selectors.EVENT_READ)
        selector.register(pipe, selectors.EVENT_READ)
        os.write(1, b"ready\n")
        while True:  # ends with the pipe, whose other end is the test process's
            if any(key.fd == pipe for key, _ in selector.select()):
                os._exit(0)
            client, _ = listener.accept()
            if os.fork() == 0:
                break
            client.close()
    os.close(pipe)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    return _forked(client)


def _forked(client: socket.socket) -> tuple[list[str], str, dict[str, str]]:
    head, streams, _, _ = socket.recv_fds(client, 4, 3)
    with client.makefile("rb") as file:
        arguments, folder, environment = json.loads(file.read(int.from_bytes(head, "big")))
    pid = os.fork()
    if pid:
        for stream in (0, 1, 2, *streams):
            os.close(stream)
        threading.Thread(target=_tell_end, args=(client, pid)).start()
        client.recv(1)  # nothing comes: the client was killed, or has been told
        os.kill(pid, signal.SIGKILL)
        os._exit(0)
    client.close()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    return arguments, folder, environment


def _tell_end(client: socket.socket, pid: int) -> None:
    _, status = os.waitpid(pid, 0)
    client.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def begin(arguments: list[str], folder: str, environment: dict[str, str]) -> None:
    """Do what ``python <arguments>`` does there."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    given = environment.get("PYTHONPATH")
    way, what, *rest = arguments
    sys.path[:1] = ["" if way == "-c" else folder, *(given.split(os.pathsep) if given else ())]
    importlib.invalidate_caches()
    if way == "-m":
        sys.argv = [what, *rest]
        runpy.run_module(what, run_name="__main__", alter_sys=True)
        return
    sys.argv = [way, *rest]
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    exec(compile(what, "<string>", "exec"), module.__dict__)  # noqa: S102 - it is what -c does


if __name__ == "__main__":
    begin(*main(sys.argv[1], int(sys.argv[2])))
