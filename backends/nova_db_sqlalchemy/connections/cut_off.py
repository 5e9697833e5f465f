"""A bound to waiting for a server, where a library has none."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass
class Cut:
    """Whether it has come to that; written by one thread, once."""

    is_done: bool = False


@contextlib.contextmanager
def cut_off(number: int, seconds: float) -> Iterator[Cut]:
    """Shut a socket down if the block takes longer, so that whoever waits for it there finds the connection lost.

    :param number: the socket's file descriptor.
    """
    cut = Cut()
    # One of our own: the library's may be closed, and its number another file's, when the time is up.
    own = socket.socket(fileno=os.dup(number))
    timer = threading.Timer(seconds, _shut, [own, cut])
    timer.daemon = True
    timer.start()
    try:
        yield cut
    finally:
        timer.cancel()
        own.close()


def _shut(connection: socket.socket, cut: Cut) -> None:
    cut.is_done = True
    with contextlib.suppress(OSError):  # it has ended already
        connection.shutdown(socket.SHUT_RDWR)
