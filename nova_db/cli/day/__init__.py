"""A cloud's day: hosts report in, projects start, use and destroy instances, the night cleans up.

Everything goes through the functions of the API, as services of a cloud call them.  A day can be lived again on the
same database: names carry the day's own mark.  What others have there is neither changed nor archived.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from nova_db.cli.day import hosts, instances, networks, night, projects
from nova_db.cli.day.scene import Scene

__all__ = ["Day", "Part"]


@dataclass(frozen=True)
class Part:
    """A part of the day."""

    title: str
    live: Callable[[], None]


class Day:
    """A day on ``db``, something with the functions of the API as attributes."""

    def __init__(self, db: Any, *, hosts: int, instances: int, is_alone: bool = True) -> None:
        self.scene = Scene(db, random.Random(20130), uuid.uuid4().hex[:6], hosts, instances, is_alone)

    def parts(self) -> Iterator[Part]:
        """The parts, in order."""
        for title, live in (
            ("hosts report in", hosts.report_in),
            ("networks are laid out", networks.lay_out),
            ("projects move in", projects.move_in),
            ("instances are started", instances.start),
            ("instances are used", instances.use),
            ("instances are looked at", instances.look),
            ("instances are moved", instances.move),
            ("instances are destroyed", instances.destroy),
            ("the night cleans up", night.clean_up),
        ):
            yield Part(title, _Lived(live, self.scene))

    @staticmethod
    def expected_calls(hosts: int, instances: int) -> int:
        """About how many calls a day takes, for a progress bar."""
        return 30 * hosts + 40 * instances + 200

    @staticmethod
    def expected_rows(hosts: int, instances: int) -> int:
        """About how many rows a day leaves, for who is told beforehand."""
        return 5 * hosts + 16 * instances + 480


class _Lived:
    def __init__(self, live: Callable[[Scene], None], scene: Scene) -> None:
        self._live = live
        self._scene = scene

    def __call__(self) -> None:
        self._live(self._scene)
