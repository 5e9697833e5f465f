"""A stand-in for the network between a client and a server: it cuts connections, delays and loses what is sent."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

_COMMIT: Final = re.compile(rb"(?<![A-Z ])COMMIT(?![A-Z])")
"""The statement; not the isolation level."""


class Proxy:
    """Passes on whatever comes, until it is told otherwise."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.cuts_before_commit = False
        """The next COMMIT is not passed on; the connection ends."""
        self.cuts_after_commit = False
        """The answer to the next COMMIT is not passed on; the connection ends."""
        self.loses_commit_answers = False
        """The answers to COMMIT are not passed on, and the connections stay."""
        self.is_silent = False
        """Nothing comes back, and the connections stay."""
        self.delay = 0.0
        """Seconds before each piece is passed on to the server."""
        self.accepted = 0
        """How many connections there were."""
        self._lock = threading.Lock()
        self._pairs: list[_Pair] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)
        self.cut()

    def cut(self) -> None:
        """End all connections."""
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            pair.end()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            with self._lock:
                self._pairs.append(_Pair(self, client, socket.create_connection(self._target)))


class _Pair:
    """A client's connection and the one to the server that stands for it."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy = proxy
        self._client = client
        self._server = server
        self._cuts_answer = False
        self._is_silent = False
        self._threads = [
            threading.Thread(target=self._pump, args=(client, self._to_server), daemon=True),
            threading.Thread(target=self._pump, args=(server, self._to_client), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._shut()
        for thread in self._threads:
            thread.join(10)
        self._client.close()
        self._server.close()

    def _pump(self, source: socket.socket, pass_on: Callable[[bytes], bool]) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                if not pass_on(data):
                    break
        self._shut()

    def _to_server(self, data: bytes) -> bool:
        proxy = self._proxy
        if proxy.delay:
            time.sleep(proxy.delay)  # it is the network
        if _COMMIT.search(data):
            if proxy.cuts_before_commit:
                proxy.cuts_before_commit = False
                return False
            self._cuts_answer, proxy.cuts_after_commit = proxy.cuts_after_commit, False
            self._is_silent = proxy.loses_commit_answers
        self._server.sendall(data)
        return True

    def _to_client(self, data: bytes) -> bool:
        if self._cuts_answer:
            return False
        if not self._is_silent and not self._proxy.is_silent:
            self._client.sendall(data)
        return True

    def _shut(self) -> None:
        for each in (self._client, self._server):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
