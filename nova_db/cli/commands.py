"""The commands and their options, and what the help says of them."""

from __future__ import annotations

from typing import Final

from nova_db.cli import authors
from nova_db.cli.declaring import NAMING, Commands, command, common, quiet
from nova_db.cli.parsing import Parser
from nova_db.cli.values import MOMENT, at_least_two, moment, positive, seconds
from nova_db.version import __version__

SHELLS: Final = ("bash", "zsh", "fish")


def parser() -> Parser:
    """The command's options."""
    found = Parser(
        prog="nova-db",
        description="The state database of a compute cloud.",
        epilog="""\
            nova-db COMMAND --help tells what a command does, with an example.

            Exit statuses: 0 success; 1 a difference, or work that is left; 2 an error, told in one line; 3 an empty
            database (version); 70 a bug; 130 interrupted; 141 nobody reads the output; 143 terminated.""",
    )
    found.add_argument("--version", action="version", version=f"nova-db {__version__}")
    common(found, default=None)
    commands = found.add_subparsers(metavar="COMMAND", required=True, parser_class=Parser)
    for add in (_sync, _version, _check, _seed, _status, _demo, _copy, _compare):
        add(commands)
    for add in (_archive, _purge, authors.conformance, authors.new_backend, _completion):
        add(commands)
    found.commands = commands.choices
    for each in found.commands.values():
        each.given = found.given
    return found


def _sync(commands: Commands[Parser]) -> None:
    found = command(
        commands,
        "sync",
        "create or upgrade the schema",
        """\
        Create the tables in an empty database, or upgrade those of an earlier release; it may be run at any time, by
        any number of hosts at once, and while services work.

        Examples:

          nova-db --config-file nova.conf sync
          nova-db --config-file nova.conf sync --sql > upgrade.sql""",
    )
    found.add_argument("--to", metavar="REV", help="the revision to stop at (default: the newest)")
    found.add_argument("--sql", action="store_true", help="only print the statements that would be executed")
    found.add_argument(
        "--yes",
        action="store_true",
        help="make the default file where no database is configured; make tables beside those of others",
    )


def _version(commands: Commands[Parser]) -> None:
    command(
        commands,
        "version",
        "tell the schema's revision; status 0: up to date, 1: behind, 3: empty",
        """\
        Tell at which revision the schema of the database is, which one is the newest of this release, and what to do.
        The status is 0 if it is up to date, 1 if it is behind this release, 3 if the database is empty, and 2 if it is
        of a later release, or an upgrade is under way or was cut short.

        Example:

          nova-db --config-file nova.conf version""",
        json=True,
    )


def _check(commands: Commands[Parser]) -> None:
    command(
        commands,
        "check",
        "compare the database with the schema of this release; status 1: differs",
        """\
        Compare the tables of the database with those that this release describes: columns, types, collations, keys,
        rules and indexes. Each difference is a line; the status is 1 if there are any. Nothing is written.

        Example:

          nova-db --config-file nova.conf check""",
        json=True,
    )


def _seed(commands: Commands[Parser]) -> None:
    command(
        commands,
        "seed",
        "add the default flavors that are missing",
        """\
        Add the five default flavors, m1.tiny to m1.xlarge, as far as there are none of these names and ids.

        Example:

          nova-db --config-file nova.conf seed""",
    )


def _status(commands: Commands[Parser]) -> None:
    command(
        commands,
        "status",
        "tell backend, server, schema version, and rows per table",
        """\
        Tell which database this is, of what backend, server and schema version, and how many live and deleted rows its
        tables have. All rows are counted, which takes a while in a large database. Nothing is written.

        Example:

          nova-db --connection sqlite:////var/lib/nova/nova.sqlite status --json""",
        json=True,
    )


def _demo(commands: Commands[Parser]) -> None:
    found = command(
        commands,
        "demo",
        "live through a cloud's day, by the public functions",
        """\
        Live through a cloud's day: hosts, networks, instances and volumes come and go, by the public functions alone;
        then tell which functions were called how often, and how fast. It says beforehand what it will write, and is
        refused a database that holds more than the default flavors and what demos have left there, unless --yes is
        given; what others have there it neither changes nor archives.

        Example, which leaves nothing behind:

          nova-db --backend memory demo --hosts 4 --instances 40""",
    )
    found.add_argument("--hosts", type=at_least_two, default=12, metavar="N", help="compute hosts (default 12)")
    found.add_argument("--instances", type=positive, default=300, metavar="N", help="instances (default 300)")
    found.add_argument("--yes", action="store_true", help="also beside rows of others")
    quiet(found)


def _copy(commands: Commands[Parser]) -> None:
    found = command(
        commands,
        "copy",
        "copy a whole database, to which nobody writes, to another server",
        """\
        Copy every row of a database, shadow tables included, and the counters of ids, to an empty database with a
        schema, on any server and of any backend. Stop the services before. Interrupted, it goes on when it is run
        again; compare tells whether both are equal.

        Example:

          nova-db copy --from sqlite:////var/lib/nova/nova.sqlite --to @new.conf""",
        json=True,
    )
    found.add_argument(
        "--from", dest="source", required=True, metavar="DATABASE", help=f"the database to copy: {NAMING}"
    )
    found.add_argument(
        "--to", dest="target", required=True, metavar="DATABASE", help="where to: an empty database with a schema"
    )
    quiet(found)


def _compare(commands: Commands[Parser]) -> None:
    found = command(
        commands,
        "compare",
        "tell whether two databases are equal, and where they differ; status 1: they differ",
        """\
        Compare every value of every row of two databases, shadow tables included, and tell for each table how many
        rows differ, with a checksum, and the first differences. The status is 1 if there are any. Nothing is written.

        Example:

          nova-db compare @old.conf @new.conf --show 20""",
        json=True,
    )
    found.add_argument("first", metavar="DATABASE", help=NAMING)
    found.add_argument("second", metavar="DATABASE", help="likewise")
    found.add_argument("--show", type=positive, default=10, metavar="N", help="differences to show (default 10)")
    quiet(found, "the tables")


def _archive(commands: Commands[Parser]) -> None:
    found = command(
        commands,
        "archive",
        "move deleted rows to the shadow tables; status 1: more is left",
        """\
        Move rows that were deleted, with all that belongs to them, to the shadow tables, which no function reads; tell
        how many of which table, and which deleted rows stay because rows in use refer to them. It works in short
        transactions beside the services, and may be interrupted at any time. The status is 1 if more is left.

        Examples:

          nova-db archive --dry-run --before 2026-01-31
          nova-db archive --until-complete --before 2026-01-31""",
        json=True,
    )
    found.add_argument("--max-rows", type=positive, metavar="N", help="at most so many rows (default 1000)")
    found.add_argument(
        "--until-complete", action="store_true", help="all there are; --max-rows then bounds each transaction"
    )
    found.add_argument("--before", type=moment, metavar="DATE", help=f"only what was deleted before {MOMENT}")
    found.add_argument("--sleep", type=seconds, default=0.0, metavar="S", help="seconds to wait between transactions")
    found.add_argument(
        "--dry-run", action="store_true", help="only tell what would go, whatever --max-rows says, and what would stay"
    )
    found.add_argument(
        "--purge", action="store_true", help="then purge the shadow tables: what was deleted before DATE, else all"
    )
    quiet(found)


def _purge(commands: Commands[Parser]) -> None:
    found = command(
        commands,
        "purge",
        "remove archived rows for good",
        """\
        Remove rows from the shadow tables for good, all or those deleted before some time; what still belongs to them
        in the other tables is archived before. It works in short transactions, and may be interrupted at any time.

        Example:

          nova-db purge --before 2025-01-31""",
        json=True,
    )
    which = found.add_mutually_exclusive_group(required=True)
    which.add_argument("--before", type=moment, metavar="DATE", help=f"what was deleted before {MOMENT}")
    which.add_argument("--all", action="store_true", help="whatever is archived")
    found.add_argument("--sleep", type=seconds, default=0.0, metavar="S", help="seconds to wait between transactions")
    quiet(found)


def _completion(commands: Commands[Parser]) -> None:
    found = command(
        commands,
        "completion",
        "print what makes a shell complete this command's words",
        """\
        Print the script by which bash, zsh or fish completes commands, options and files of nova-db. It is made from
        this release's options, so make it anew after an upgrade.

        Examples, each for one shell:

          nova-db completion bash > ~/.local/share/bash-completion/completions/nova-db
          nova-db completion zsh > ~/.zfunc/_nova-db
          nova-db completion fish > ~/.config/fish/completions/nova-db.fish""",
    )
    found.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))
