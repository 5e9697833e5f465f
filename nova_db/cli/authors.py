"""The commands for authors of backends and their options, and what the help says of them."""

from __future__ import annotations

from pathlib import Path

from nova_db.cli.declaring import Commands, command
from nova_db.cli.parsing import Parser
from nova_db.cli.skeletons import KINDS
from nova_db.cli.values import folder


def conformance(commands: Commands[Parser]) -> None:
    """Add ``nova-db conformance``."""
    found = command(
        commands,
        "conformance",
        "run the conformance suite on a backend; status 1: it does not conform",
        """\
        Run the conformance suite, which every backend has to pass, on databases of its own beside the one of the
        connection: stage by stage, from a backend that loads to one that keeps its budgets, as far as the end of the
        first stage that is broken. The status is 0 if nothing fails, 1 if tests do. What stands after -- goes to
        pytest; the id of a test, as it is printed, runs that test alone.

        Examples:

          nova-db conformance --backend memory
          nova-db conformance --backend memory --family quotas --all
          nova-db conformance --backend memory -- -k quota -x""",
        json=True,
    )
    found.hint = "; options of pytest stand after --"
    found.add_argument(
        "--level", choices=("core", "full"), default="full", help="core: without long races and recordings"
    )
    found.add_argument(
        "--family", action="append", default=[], help="the functions of this family only, such as quotas; repeatable"
    )
    found.add_argument(
        "--require",
        action="append",
        default=[],
        metavar="CAPABILITY",
        help="fail where the engine lacks this capability, such as PERSISTENT; repeatable",
    )
    found.add_argument("--seed", type=int, metavar="N", help="make other random sequences of calls")
    found.add_argument("--report", type=Path, metavar="DIR", help="write the verdict as JSON, as JUnit and as a page")
    found.add_argument("--all", action="store_true", help="go on after a stage that is broken")
    found.add_argument("arguments", nargs="*", metavar="PYTEST_ARGUMENT", help="after --, passed to pytest")


def new_backend(commands: Commands[Parser]) -> None:
    """Add ``nova-db new-backend``."""
    found = command(
        commands,
        "new-backend",
        "write the package of a new backend, to begin with",
        """\
        Write a package that can be installed, has the entry point by which the backend is found, is tested by the
        conformance suite, and whose methods that are to be written say so. The kind is what the store has: rows, it is
        in the memory of one process and has neither transactions nor versions; cells, it keeps bytes by bytes in
        order, can be read as of one moment and writes many at once; transaction, it has queries and transactions of
        its own. The guide is docs/backend-authors.md.

        Examples:

          nova-db new-backend shelf
          nova-db new-backend shelf --kind transaction --directory work/shelf""",
    )
    found.add_argument("name", metavar="BACKEND", help="what the backend is to be called: the name of its entry point")
    found.add_argument("--kind", choices=tuple(KINDS), default="cells", help="what the store has (default cells)")
    found.add_argument(
        "--directory", type=folder, metavar="DIR", help="the new folder (default nova-db-BACKEND in the current one)"
    )
