"""Running the suite as a program does, whatever the settings of the project around it."""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Sequence
from pathlib import Path

from nova_db_conformance.harness.stages import SUITE

PLUGIN = "nova_db_conformance.harness.plugin"


def run_pytest(backend: str, connection: str | None, extra_args: Sequence[str], plugins: Sequence[object]) -> int:
    """Run pytest on the installed suite; see :func:`nova_db_conformance.run`."""
    import pytest

    named = any(argument.startswith(SUITE) for argument in extra_args)
    arguments = [
        # Neither the settings of the folder that happens to be the current one, nor caches beside the installed suite.
        *("-c", os.devnull, "--rootdir", str(Path.cwd())),
        *_plugin_arguments(),
        "--assert=plain",  # the suite asserts as unittest does, and need not be compiled anew
        *("--pyargs", *(() if named else (SUITE,)), "--nova-db-backend", backend),
        *(("--nova-db-connection", connection) if connection is not None else ()),
        *extra_args,
    ]
    return int(pytest.main(arguments, plugins=list(plugins)))


def _plugin_arguments() -> list[str]:
    """How to load the plug-in where no installed package announces it, as in a source tree."""
    announced = importlib.metadata.entry_points(group="pytest11")
    return [] if any(plugin.value == PLUGIN for plugin in announced) else ["-p", PLUGIN]
