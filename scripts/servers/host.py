"""What both servers need of the machine: an account to run as, a folder, a free port, packages, commands."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Never

TREE = Path(__file__).resolve().parents[2]

# Settings of the developer's own clients and servers, which must not reach ours.
FOREIGN_SETTINGS = ("PG", "MYSQL", "MARIADB")


class ServerError(Exception):
    """A server cannot be had; the text is one line for a person."""


def tree_folder() -> Path:
    """The folder of this source tree's servers, which may not exist yet.

    Always under ``/tmp``, whatever TMPDIR says: a socket's path must be short, and the servers' accounts must reach it.
    """
    digest = hashlib.sha256(os.fsencode(TREE)).hexdigest()[:10]
    return Path("/tmp") / f"nova-db-{os.geteuid()}-{digest}"


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Make `folder` if it is missing, ours alone to write to, and hold it against other processes."""
    while True:
        folder.mkdir(mode=0o755, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid != os.geteuid():
            raise ServerError(f"{folder} belongs to somebody else; remove it")
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            # Whoever held it before us may have removed it: then what we hold is no longer what the name means.
            if folder.exists() and os.path.samestat(os.fstat(handle), folder.stat()):
                yield
                return
        finally:
            os.close(handle)


def account(name: str) -> pwd.struct_passwd | None:
    """The account that root must hand a server to, or None when we are not root and run it as ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise ServerError(f"root cannot run this server, and there is no account {name!r} to run it as") from None


def process_options(user: pwd.struct_passwd | None, folder: Path) -> dict[str, Any]:
    """Arguments for `subprocess` that start a program as `user`, in a session of its own, holding none of our files."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN_SETTINGS)}
    options: dict[str, Any] = {
        "cwd": folder,
        # A MariaDB that starts removes the temporary tables of any other that has the same folder for them.
        "env": env | {"LC_ALL": "C.UTF-8", "HOME": str(folder), "TMPDIR": str(folder)},
        "stdin": subprocess.DEVNULL,
        "start_new_session": True,
    }
    if user is not None:
        options |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return options


def run(command: list[str | Path], log: Path, options: dict[str, Any]) -> bool:
    """Run a command, its output appended to `log` (never a pipe: a daemon would keep it open); whether it succeeded."""
    with log.open("ab") as output:
        return subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False, **options).returncode == 0


def free_port() -> int:
    """A port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def install(title: str, packages: tuple[str, ...]) -> None:
    """Install a server from Debian's packages, as root; elsewhere say what is missing."""
    wanted = " ".join(packages)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise ServerError(f"{title} is not installed (on Debian: apt-get install {wanted})")
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        done = subprocess.run(
            ["apt-get", "-qq", *step],
            env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            why = (done.stdout.strip().splitlines() or ["no output"])[-1]
            raise ServerError(f"{title} could not be installed: apt-get {step[0]}: {why}")


def fail_with_log(what: str, log: Path) -> Never:
    """Raise the error of a server that did not start, with the last thing it said."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.exists() else []
    raise ServerError(f"{what}: {lines[-1].strip() if lines else 'it said nothing'} (log: {log})")


def free_ports(count: int) -> list[int]:
    """Different ports of the loopback interface that nobody listens on now."""
    with contextlib.ExitStack() as probes:
        sockets = [probes.enter_context(socket.socket()) for _ in range(count)]
        for probe in sockets:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in sockets]
