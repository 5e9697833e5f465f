"""A bound to waiting for a server, where a library has none."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def cut_off(number: int, seconds: float) -> Iterator[threading.Event]:
    """Shut a socket down if the block takes longer, so that whoever waits for it there finds the connection lost.

    The block's value is set where that has happened.

    :param number: the socket's file descriptor.
    """
    is_cut = threading.Event()
    # One of our own: the library's may be closed, and its number another file's, when the time is up.
    own = socket.socket(fileno=os.dup(number))
    timer = threading.Timer(seconds, _shut, [own, is_cut])
    timer.daemon = True
    timer.start()
    try:
        yield is_cut
    finally:
        timer.cancel()
        own.close()


def _shut(connection: socket.socket, is_cut: threading.Event) -> None:
    is_cut.set()
    with contextlib.suppress(OSError):  # it has ended already
        connection.shutdown(socket.SHUT_RDWR)
