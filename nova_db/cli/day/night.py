"""The night: usage is recorded, what is over is cleaned up."""

from __future__ import annotations

import contextlib
import datetime as dt

from nova_db import exceptions
from nova_db.cli.day.scene import Scene
from nova_db.clock import utcnow


def clean_up(scene: Scene) -> None:
    """Audit the usage once, record bandwidth, expire reservations, archive what was deleted, if all is its own."""
    db, admin = scene.db, scene.admin
    begin = utcnow().replace(hour=0, minute=0, second=0, microsecond=0)
    period = (scene.name("instance_usage_audit"), begin, begin + dt.timedelta(days=1), scene.name("controller"))
    db.task_log_begin_task(admin, *period, task_items=len(scene.instances), message="auditing")
    with contextlib.suppress(exceptions.TaskAlreadyRunning):  # once a period and host
        db.task_log_begin_task(admin, *period, message="again")
    db.instance_get_active_by_window_joined(admin, begin)
    for uuid in scene.some(0.2):
        for card in db.virtual_interface_get_by_instance(admin, uuid):
            db.bw_usage_update(admin, uuid, card["address"], begin, 10**9, 10**8, 10**9, 10**8)
    db.task_log_end_task(admin, *period, errors=0, message="audited")
    if scene.is_alone:  # both look at everybody's rows
        db.reservation_expire(admin)
        db.archive_deleted_rows(admin, 10 * scene.instance_count)
