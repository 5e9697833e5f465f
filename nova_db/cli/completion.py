"""``nova-db completion``: a script by which a shell completes the command's words."""

from __future__ import annotations

import argparse
from typing import Any

from nova_db.cli.commands import parser


def run(options: argparse.Namespace) -> int:
    import shtab

    from nova_db.api import installed_backends

    found = parser()
    for each in (found, *found.commands.values()):
        each.description = each.summary
        option: Any
        for option in each._actions:
            if option.metavar == "FILE":
                option.complete = shtab.FILE
            elif option.metavar == "NAME":
                option.choices = installed_backends()
    print(shtab.complete(found, options.shell))
    return 0
