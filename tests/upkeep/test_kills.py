"""``nova-db archive --until-complete``, killed again and again: every row is in exactly one of its two tables."""

from __future__ import annotations

import os
import pathlib
import random
import signal
import subprocess
import sys
import time

from nova_db.engine import Capability
from nova_db.schema import TABLES
from nova_db.upkeep import purge
from nova_db_conformance import decision
from nova_db_conformance.harness.races import HANG_SECONDS
from nova_db_conformance.harness.values import compute_node_values
from tests.cli.cases import complaints
from tests.upkeep.cases import ROWS, UpkeepTestCase

KILLS = int(os.environ.get("NOVA_DB_TEST_KILLS", "4"))
"""How often it is killed at work."""
MACHINES = 150
STATS = 300
NODE = compute_node_values()
PAUSE = 0.01
"""Seconds that it sleeps between transactions of some two instances; it is killed within that, or in the next ones."""


class TestKills(UpkeepTestCase):
    """A process of its own, and SIGKILL."""

    def setUp(self) -> None:
        super().setUp()
        self.require(Capability.PERSISTENT)
        # The fixture empties what its own process has filled.
        self.addCleanup(lambda: purge(self.tool, everything=True))
        self.fills = 0
        self.instances(*[f"live{number}" for number in range(5)], deleted=False)

    def fill(self) -> None:
        """More instances to archive, and statistics of a node that has been."""
        self.fills += 1
        [node] = self.insert("compute_nodes", {**NODE, "deleted": 9})
        self.assertEqual(1, self.db.archive_deleted_rows_for_table(self.admin, "compute_nodes"))
        self.insert("compute_node_stats", *[{"compute_node_id": node["id"], "key": str(key)} for key in range(STATS)])
        self.instances(*[f"gone{self.fills}-{number}" for number in range(MACHINES)])
        self.before = self.dump()

    def command(self, *options: str) -> list[str]:
        """A command line that archives the database under test."""
        program = str(pathlib.Path(sys.executable).with_name("nova-db"))
        database = ("--backend", self.backend.name, "--connection", str(self.connection))
        return [program, *database, "archive", "--until-complete", *options]

    def left(self) -> int:
        """How many deleted instances and statistics are not archived yet."""
        with self.reader() as tx:
            return sum(int(tx.aggregate(name)[0]["count"]) for name in ("instances", "compute_node_stats")) - 5

    def was_killed(self) -> bool:
        """Let it archive, and kill it a moment after its first transaction; False: it was through before."""
        left = self.left()
        options = ("--max-rows", str(2 * ROWS + 5), "--sleep", str(PAUSE))
        with subprocess.Popen(self.command(*options), stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            deadline = time.monotonic() + HANG_SECONDS
            while self.left() == left and process.poll() is None:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(random.uniform(0, PAUSE))
            time.sleep(random.uniform(0, 5 * PAUSE))
            process.kill()
            told, _ = process.communicate()
        self.assertIn(process.returncode, (-signal.SIGKILL, 0), str(told))
        return process.returncode != 0

    @decision(17)
    def test_killed_at_any_point_it_loses_and_doubles_nothing(self) -> None:
        kills = 0
        while kills < KILLS:
            if not self.left():
                self.fill()
            kills += self.was_killed()
            self.assertKept(self.before)
        ended = subprocess.run(self.command(), capture_output=True, text=True, check=False)
        self.assertEqual((0, []), (ended.returncode, complaints(ended.stderr)))
        self.assertIn("rows archived in ", ended.stdout)
        self.assertKept(self.before)
        self.assertEqual([f"live{number}" for number in range(5)], self.names())
        archived = {name: len(rows) for name, rows in self.dump().items() if name.startswith("shadow_")}
        self.assertEqual(self.fills * (MACHINES * ROWS + 1 + STATS), sum(archived.values()))
        self.assertEqual(
            set(archived), {f"shadow_{name}" for name in (*self.before, "compute_nodes") if name in TABLES}
        )
