"""The command: what is run, and what becomes of its errors: one line on standard error, and an exit status."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from nova_db.cli import stopped, streams
from nova_db.cli.commands import parser
from nova_db.cli.failures import failed


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit status."""
    options = argparse.Namespace(debug=False)
    try:
        if argv is None:
            streams.prepare()
        parser().parse_args(argv, options)
        status: int = options.run(options)
    except SystemExit as stop:
        status = int(stop.code or 0)
    except KeyboardInterrupt:
        status = stopped()
    except Exception as error:  # noqa: BLE001 - the last line of defence: no traceback meets an operator
        status = failed(error, debug=options.debug)
    return streams.finished(status)
