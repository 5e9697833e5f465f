"""``nova-db conformance``: the suite that tells whether a backend is one."""

from __future__ import annotations

import argparse

from nova_db import exceptions
from nova_db.cli.configuration import configured


def run(options: argparse.Namespace) -> int:
    named = configured(options)
    try:
        from nova_db_conformance import run as run_suite
    except ImportError as error:
        raise exceptions.NotSupported(
            f"The conformance suite needs {error.name}: pip install 'nova-db[conformance]'."
        ) from error
    return run_suite(named.backend, named.connection, options.arguments)
