"""The page of a report, made anew of the JSON documents in its folder.

::

    python -m nova_db_conformance.page DIR
"""

from __future__ import annotations

import sys
from pathlib import Path

from nova_db_conformance.harness.documents import write_page


def main(arguments: list[str]) -> int:
    """Make the page, and print where it is."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m nova_db_conformance.page DIR\n")
        return 2
    try:
        path = write_page(Path(arguments[0]))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    sys.stdout.write(f"wrote {path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
