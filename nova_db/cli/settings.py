"""Which options have been set, and where: what an operator asks who wonders about a database."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import NamedTuple

from nova_db.cli.configuration import origin

_ALWAYS = ("backend", "connection")


class Setting(NamedTuple):
    """An option with its value, secrets as ``***``, and where it was read."""

    option: str
    value: str
    source: str


def settings(options: argparse.Namespace, url: str) -> Iterator[Setting]:
    """The options that somebody has set, and backend and connection in any case.

    :param url: the connection without its secrets.
    """
    from nova_db.conf import get_conf
    from nova_db.conf.options import OPTIONS

    conf = get_conf()
    for group, known in OPTIONS.items():
        for opt in known:
            is_main = group == "database" and opt.dest in _ALWAYS
            given = getattr(options, opt.dest) if is_main else None
            source = "the command line" if given is not None else origin(conf, opt.dest, group)
            if opt.dest == "connection" and is_main:
                value = url
            elif opt.secret:
                value = "***"
            elif given is not None:
                value = given
            else:
                value = str(conf[opt.dest] if group == "DEFAULT" else conf[group][opt.dest])
            if source or is_main:
                yield Setting(f"[{group}] {opt.dest}", value, source or "the default")
