"""``nova-db seed``: the default flavors."""

from __future__ import annotations

import argparse
import contextlib
from typing import Any

from nova_db import exceptions
from nova_db.cli.configuration import opened
from nova_db.context import get_admin_context

_COLUMNS = ("name", "memory_mb", "vcpus", "root_gb", "flavorid")
DEFAULT_FLAVORS: tuple[dict[str, Any], ...] = tuple(
    dict(zip(_COLUMNS, row, strict=True), ephemeral_gb=0, swap=0, rxtx_factor=1, disabled=False, is_public=True)
    for row in (
        ("m1.tiny", 512, 1, 0, "1"),
        ("m1.small", 2048, 1, 20, "2"),
        ("m1.medium", 4096, 2, 40, "3"),
        ("m1.large", 8192, 4, 80, "4"),
        ("m1.xlarge", 16384, 8, 160, "5"),
    )
)


def run(options: argparse.Namespace) -> int:
    with opened(options, writes=True) as driver:
        added = 0
        for flavor in DEFAULT_FLAVORS:
            with contextlib.suppress(exceptions.InstanceTypeExists, exceptions.InstanceTypeIdExists):
                driver.instance_type_create(get_admin_context(), flavor)
                added += 1
    print(f"{added} of {len(DEFAULT_FLAVORS)} default flavors added, the others were there")
    return 0
