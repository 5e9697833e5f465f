"""What pytest does about tests that hang: their stacks go where they are seen, and in stages the run ends with them."""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest

from nova_db_conformance.harness.verdicts import class_of


class Watching:
    """Keeps the standard error of the run at hand, which pytest redirects while tests run."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._descriptor: int | None = None

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Have stacks shown on the standard error that pytest was started with."""
        if self._descriptor is not None or not any(class_of(item) for item in session.items):
            return
        from nova_db_conformance.harness.hangs import use_stderr

        capture: Any = self._config.pluginmanager.get_plugin("capturemanager")
        if capture is None:
            return
        with capture.global_and_fixture_disabled():
            self._descriptor = os.dup(2)
        use_stderr(self._descriptor)

    def pytest_exception_interact(self, node: Any, call: pytest.CallInfo[object]) -> None:
        """End a run in stages: what hung may still hold what the other tests need, and each of them would take long."""
        hangs = sys.modules.get("nova_db_conformance.harness.hangs")
        options, is_worker = self._config.option, hasattr(self._config, "workerinput")
        stops = options.nova_db_staged and not options.nova_db_all and not is_worker
        if hangs is not None and stops and call.excinfo is not None and isinstance(call.excinfo.value, hangs.Hung):
            node.session.shouldfail = "a test hangs; --nova-db-all goes on"

    def pytest_unconfigure(self) -> None:
        """Give the descriptor back."""
        if self._descriptor is not None:
            from nova_db_conformance.harness.hangs import use_stderr

            use_stderr(None)
            os.close(self._descriptor)
