"""Work in forked processes."""

from __future__ import annotations

import os
import select as waiting
import signal
import traceback
from collections.abc import Callable

HANG_SECONDS = 60


def in_child(work: Callable[[], object]) -> str:
    """Do some work in a forked process; what came of it, as text."""
    inlet, outlet = os.pipe()
    child = os.fork()
    if child == 0:
        answer = "nothing"
        try:
            answer = repr(work())
        except BaseException as error:  # noqa: BLE001 - told to the parent
            answer = f"{type(error).__name__}: {error}"
        finally:
            os.write(outlet, answer.encode())
            os._exit(0)
    os.close(outlet)
    ready, _, _ = waiting.select([inlet], [], [], HANG_SECONDS)
    if not ready:
        os.kill(child, signal.SIGKILL)
    answer = os.read(inlet, 10_000).decode() if ready else "hung"
    os.close(inlet)
    os.waitpid(child, 0)
    return answer


def check_in_child(work: Callable[[], None]) -> None:
    """Do some work in a forked process, and check that nothing is raised."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:  # noqa: BLE001 - reported by the status
            traceback.print_exc()
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
