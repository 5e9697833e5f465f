"""Options of the command, and what becomes of errors: one line, exit status 2."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from nova_db import exceptions
from nova_db.cli.configuration import one_line
from nova_db.version import __version__

FAILED = 2
INTERRUPTED = 130
UNREAD = 141
"""What shells report of a program whose reader went away."""
_NAMING = (
    "a URL; BACKEND=URL where the scheme does not tell the backend; or @FILE, a configuration file that names the "
    "database, so that no password stands on the command line"
)

_MOMENT = "a date or time like 2026-01-31 or 2026-01-31T18:30:00+02:00 (UTC if no zone is given)"
_LONGEST_SLEEP = 86_400


class Parser(argparse.ArgumentParser):
    """A parser that tells what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(FAILED, f"{self.prog}: {message} (see {self.prog} --help)\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit status: 0, or 2 with one line on standard error."""
    options = parser().parse_args(argv)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python writes the rest when it exits
        return UNREAD
    except (exceptions.NovaException, exceptions.DBError, OSError, ValueError) as error:
        print(f"nova-db: {one_line(error)}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        print("nova-db: interrupted", file=sys.stderr)
        return INTERRUPTED
    return status


def parser() -> Parser:
    """The command's options."""
    found = Parser(prog="nova-db", description="The state database of a compute cloud.")
    found.add_argument("--version", action="version", version=f"nova-db {__version__}")
    _database(found, default=None)
    commands = found.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
    _sync(commands.add_parser("sync", help="create or upgrade the schema"))
    _version(commands.add_parser("version", help="tell the schema's revision, and the newest one of this release"))
    _check(commands.add_parser("check", help="compare the database with the schema of this release; status 1: differs"))
    _seed(commands.add_parser("seed", help="add the default flavors that are missing"))
    _status(commands.add_parser("status", help="tell backend, server, schema version, and rows per table"))
    _demo(commands.add_parser("demo", help="live through a cloud's day, by the public functions"))
    _copy(commands.add_parser("copy", help="copy a whole database, to which nobody writes, to another server"))
    _compare(commands.add_parser("compare", help="tell whether two databases are equal, and where they differ"))
    _archive(commands.add_parser("archive", help="move deleted rows to the shadow tables; status 1: more is left"))
    _purge(commands.add_parser("purge", help="remove archived rows for good"))
    _conformance(commands.add_parser("conformance", help="run the conformance suite on a backend"))
    return found


def _database(found: argparse.ArgumentParser, default: str | None) -> None:
    """The options that name the database; they may stand before the command or after it."""
    found.add_argument(
        "--config-file", metavar="FILE", action="append", default=default, help="read options from this file"
    )
    found.add_argument("--backend", metavar="NAME", default=default, help="the backend, instead of [database] backend")
    found.add_argument(
        "--connection", metavar="URL", default=default, help="the database, instead of [database] connection"
    )


def _command(found: argparse.ArgumentParser, name: str) -> None:
    """Run ``nova_db.cli.<name>.run``, imported when it is asked for."""
    _database(found, default=argparse.SUPPRESS)

    def run(options: argparse.Namespace) -> int:
        import importlib

        work: Callable[[argparse.Namespace], int] = importlib.import_module(f"nova_db.cli.{name}").run
        return work(options)

    found.set_defaults(run=run, command=name)


def _sync(found: argparse.ArgumentParser) -> None:
    found.add_argument("--to", metavar="REV", help="the revision to stop at (default: the newest)")
    found.add_argument("--sql", action="store_true", help="only print the statements that would be executed")
    _command(found, "sync")


def _version(found: argparse.ArgumentParser) -> None:
    _command(found, "version")


def _check(found: argparse.ArgumentParser) -> None:
    _command(found, "check")


def _seed(found: argparse.ArgumentParser) -> None:
    _command(found, "seed")


def _status(found: argparse.ArgumentParser) -> None:
    _command(found, "status")


def _demo(found: argparse.ArgumentParser) -> None:
    found.add_argument("--hosts", type=_at_least_two, default=12, metavar="N", help="compute hosts (default 12)")
    found.add_argument("--instances", type=_positive, default=300, metavar="N", help="instances (default 300)")
    found.add_argument("--quiet", action="store_true", help="no progress bar, only the closing table")
    _command(found, "demo")


def _copy(found: argparse.ArgumentParser) -> None:
    found.add_argument(
        "--from", dest="source", required=True, metavar="DATABASE", help=f"the database to copy: {_NAMING}"
    )
    found.add_argument(
        "--to", dest="target", required=True, metavar="DATABASE", help="where to: an empty database with a schema"
    )
    found.add_argument("--quiet", action="store_true", help="no progress bar, only the closing table")
    _command(found, "copy")


def _compare(found: argparse.ArgumentParser) -> None:
    found.add_argument("first", metavar="DATABASE", help=_NAMING)
    found.add_argument("second", metavar="DATABASE", help="likewise")
    found.add_argument("--show", type=_positive, default=10, metavar="N", help="differences to show (default 10)")
    found.add_argument("--quiet", action="store_true", help="no progress bar, only the tables")
    _command(found, "compare")


def _archive(found: argparse.ArgumentParser) -> None:
    found.add_argument("--max-rows", type=_positive, metavar="N", help="at most so many rows (default 1000)")
    found.add_argument(
        "--until-complete", action="store_true", help="all there are; --max-rows then bounds each transaction"
    )
    found.add_argument("--before", type=_moment, metavar="DATE", help=f"only what was deleted before {_MOMENT}")
    found.add_argument("--sleep", type=_seconds, default=0.0, metavar="S", help="seconds to wait between transactions")
    found.add_argument(
        "--purge", action="store_true", help="then purge the shadow tables: what was deleted before DATE, else all"
    )
    found.add_argument("--quiet", action="store_true", help="no progress bar, only the closing table")
    _command(found, "archive")


def _purge(found: argparse.ArgumentParser) -> None:
    which = found.add_mutually_exclusive_group(required=True)
    which.add_argument("--before", type=_moment, metavar="DATE", help=f"what was deleted before {_MOMENT}")
    which.add_argument("--all", action="store_true", help="whatever is archived")
    found.add_argument("--sleep", type=_seconds, default=0.0, metavar="S", help="seconds to wait between transactions")
    found.add_argument("--quiet", action="store_true", help="no progress bar, only the closing table")
    _command(found, "purge")


def _conformance(found: argparse.ArgumentParser) -> None:
    found.add_argument("arguments", nargs="*", metavar="PYTEST_ARGUMENT", help="after --, passed to pytest")
    _command(found, "conformance")


def _positive(text: str) -> int:
    return _at_least(text, 1)


def _at_least_two(text: str) -> int:
    return _at_least(text, 2)


def _at_least(text: str, least: int) -> int:
    if not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"must be a number of at least {least}, not {text!r}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _LONGEST_SLEEP:
        raise argparse.ArgumentTypeError(f"must be a number of seconds from 0 to {_LONGEST_SLEEP}, not {text!r}")
    return seconds


def _moment(text: str) -> dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
        return moment if moment.tzinfo is None else moment.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(f"must be {_MOMENT}, not {text!r}") from None
