"""The conformance suite: what every backend of ``nova_db`` must do, as tests.

::

    nova-db conformance --backend NAME [--connection URL]
    pytest --pyargs nova_db_conformance --nova-db-backend NAME
    NOVA_DB_BACKENDS=NAME python -m unittest nova_db_conformance

Every test runs on every backend asked for, as an item of its own: ``TestInstances@memory``. How backends are written,
see :mod:`nova_db_conformance.harness.scenarios`; how tests are written, see :mod:`nova_db_conformance.harness.base`.
"""

# pytest loads the plug-in, and so this module, in every project of an environment: nothing heavy may be imported here.
from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nova_db_conformance.harness.decisions import decision

if TYPE_CHECKING:
    import unittest
    from collections.abc import Sequence

__all__ = ["decision", "run"]


def run(
    backend: str, connection: str | None = None, extra_args: Sequence[str] = (), plugins: Sequence[object] = ()
) -> int:
    """Run the suite on one backend, with pytest, and return its exit status: 0 if the backend conforms.

    :param backend: a backend as the head of :mod:`nova_db_conformance.harness.scenarios` describes it.
    :param connection: the URL of the server; the tests get databases of their own beside the one it names.
    :param extra_args: further arguments for pytest, such as ``-k quota`` or ``-n 4``.
    :param plugins: further plug-ins for pytest.
    """
    from nova_db_conformance.harness.runner import run_pytest

    return run_pytest(backend, connection, extra_args, plugins)


def load_tests(
    loader: unittest.TestLoader, standard_tests: unittest.TestSuite, pattern: str | None
) -> unittest.TestSuite:
    """Find all tests of the package, for ``python -m unittest nova_db_conformance``."""
    folder = Path(__file__).parent
    standard_tests.addTests(loader.discover(str(folder), pattern or "test*.py", str(folder.parent)))
    return standard_tests
