"""What the tests of instances share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, TypeAlias

import fixtures
from stevedore import ExtensionManager
from stevedore.extension import Extension

from nova_db import cells
from nova_db.context import RequestContext
from nova_db_conformance.functions.cases import NOON
from nova_db_conformance.harness.base import ConformanceTestCase

COMPLETE: dict[str, Any] = {
    "user_id": "u1",
    "project_id": "p1",
    "image_ref": "image",
    "kernel_id": "kernel",
    "ramdisk_id": "ramdisk",
    "hostname": "vm",
    "launch_index": 3,
    "key_name": "laptop",
    "key_data": "ssh-ed25519 AAAA",
    "power_state": 1,
    "vm_state": "active",
    "task_state": "rebooting",
    "memory_mb": 512,
    "vcpus": 2,
    "root_gb": 10,
    "ephemeral_gb": 20,
    "host": "host1",
    "node": "node1",
    "instance_type_id": 5,
    "user_data": "#!/bin/sh\nécho \U0001f600",
    "reservation_id": "r-1",
    "scheduled_at": NOON,
    "launched_at": NOON + dt.timedelta(seconds=1),
    "terminated_at": NOON + dt.timedelta(seconds=2),
    "availability_zone": "nova",
    "display_name": "Größe",
    "display_description": "",
    "launched_on": "host0",
    "locked": True,
    "os_type": "linux",
    "architecture": "x86_64",
    "vm_mode": "hvm",
    "uuid": "0f3c7f7e-58a5-4a3b-8d0c-6d5b6f3a9a11",
    "root_device_name": "/dev/vda",
    "default_ephemeral_device": "/dev/vdb",
    "default_swap_device": "/dev/vdc",
    "config_drive": "1",
    "access_ip_v4": "10.0.0.1",
    "access_ip_v6": "2001:db8::1",
    "auto_disk_config": False,
    "progress": 100,
    "shutdown_terminate": True,
    "disable_terminate": True,
    "cell_name": "api!cell1",
    "id": 7,
    "created_at": NOON - dt.timedelta(days=3),
    "updated_at": NOON - dt.timedelta(days=2),
    "deleted_at": NOON - dt.timedelta(days=1),
    "deleted": 0,
}
"""A value for every column of an instance, none of which is the default but that of ``deleted``."""


class ListeningTestCase(ConformanceTestCase):
    """A listener is an entry point; here it is put in place of those that are installed."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        self.told: list[tuple[str, Any]] = []
        self.listen(lambda kind, payload: self.told.append((kind, payload)))
        self.set_option("enable", True, "cells")

    def listen(self, *listeners: cells.Listener) -> None:
        """Have these listeners, and no others, for the rest of the test."""
        extensions = [Extension(f"listener {n}", None, plug, None) for n, plug in enumerate(listeners)]  # type: ignore[arg-type]

        def manager(namespace: str, *args: Any, **kwargs: Any) -> Any:
            if namespace == cells.NAMESPACE:
                return ExtensionManager.make_test_instance(extensions, namespace)
            return ExtensionManager(namespace, *args, **kwargs)

        self.useFixture(fixtures.MonkeyPatch("stevedore.ExtensionManager", manager))
        cells.reset()
        self.addCleanup(cells.reset)


HOUR = dt.timedelta(hours=1)
Listed: TypeAlias = list[dict[str, Any]]
Listing: TypeAlias = Callable[[RequestContext], Listed]


class ListsTestCase(ConformanceTestCase):
    """Instances that every one of the functions lists."""

    def setUp(self) -> None:
        super().setUp()
        self.set_time(NOON)
        begin = NOON - HOUR
        self.listings: dict[str, tuple[Listing, tuple[str, ...]]] = {
            "all": (self.db.instance_get_all, self.FOUR),
            "by filters": (lambda context: self.db.instance_get_all_by_filters(context, {}), self.FOUR),
            "by window": (lambda context: self.db.instance_get_active_by_window_joined(context, begin), self.FOUR),
            "by host": (lambda context: self.db.instance_get_all_by_host(context, "host1"), self.FOUR),
            "by node": (lambda context: self.db.instance_get_all_by_host_and_node(context, "host1", "node1"), ()),
            "not of type": (lambda c: self.db.instance_get_all_by_host_and_not_type(c, "host1", 99), self.FOUR),
            "hung": (lambda context: self.db.instance_get_all_hung_in_rebooting(context, 600), self.METADATA),
        }

    METADATA = ("metadata", "system_metadata")
    FOUR = ("info_cache", "security_groups", *METADATA)
    ADMIN_ONLY = ("by host", "by node", "not of type", "hung")
    ALL_ROWS = ("by filters", "by window")
    """Those that list deleted instances, too, whatever the context says."""

    def instance(self, **values: Any) -> dict[str, Any]:
        return self.make.instance(**{"task_state": "rebooting", "updated_at": NOON - HOUR, **values})
