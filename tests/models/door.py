"""A port in front of a server: closed, open or silent; it notes what each client says."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import TracebackType
from typing import Self


class Door:
    """A port of this machine that refuses connections until it is opened."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.is_silent = False
        """Whether connections are accepted, and nothing more."""
        self.said: list[bytearray] = []
        """What was sent to the server, by connection."""
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def open(self) -> None:
        """Let clients in from now on."""
        self._listener.listen(16)
        self._start(self._accept)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(10)

    def _start(self, work: object, *arguments: object) -> None:
        assert callable(work)
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:  # ends with the listener
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(client)
            if self.is_silent:
                continue
            server = socket.create_connection(self._target)
            self._sockets.append(server)
            said = bytearray()
            self.said.append(said)
            self._start(self._pump, client, server, said)
            self._start(self._pump, server, client, bytearray())

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket, noted: bytearray) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):  # ends with the connection
                noted += data
                sink.sendall(data)
        for each in (source, sink):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
