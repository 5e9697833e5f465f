"""What the commands' declarations have in common."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeAlias

from nova_db.cli.parsing import Parser

Commands: TypeAlias = argparse._SubParsersAction
NAMING = (
    "a URL; BACKEND=URL where the scheme does not tell the backend; or @FILE, a configuration file that names the "
    "database, so that no password stands on the command line"
)


def common(found: argparse.ArgumentParser, default: str | None) -> None:
    """The options of every command, which may stand before the command or after it."""
    found.add_argument(
        "--config-file", metavar="FILE", action="append", default=default, help="read options from this file"
    )
    found.add_argument("--backend", metavar="NAME", default=default, help="the backend, instead of [database] backend")
    found.add_argument(
        "--connection", metavar="URL", default=default, help="the database, instead of [database] connection"
    )
    found.add_argument(
        "--debug",
        action="store_true",
        default=False if default is None else default,
        help="with an error, tell also where in the code it was raised",
    )


def command(commands: Commands[Parser], name: str, summary: str, text: str, *, json: bool = False) -> Parser:
    """Add a command that runs ``nova_db.cli.<name>.run``, with _ for -, imported when it is asked for."""
    found = commands.add_parser(name, help=summary, description=text)
    found.summary = summary
    common(found, default=argparse.SUPPRESS)
    if json:
        found.add_argument(
            "--json", action="store_true", help="print one JSON document instead, and nothing else on standard output"
        )

    def run(options: argparse.Namespace) -> int:
        import importlib

        work: Callable[[argparse.Namespace], int] = importlib.import_module(f"nova_db.cli.{name.replace('-', '_')}").run
        return work(options)

    found.set_defaults(run=run, command=name, json=False)
    return found


def quiet(found: argparse.ArgumentParser, left: str = "the closing table") -> None:
    """Add the option that leaves out the bar."""
    found.add_argument("--quiet", action="store_true", help=f"no progress bar, only {left}")
