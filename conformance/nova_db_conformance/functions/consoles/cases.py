"""What the tests of consoles share."""

from __future__ import annotations

import datetime as dt

from nova_db_conformance.functions.cases import NOON

POOL_KEY = ("host1", "proxy1", "xvpvnc")
BASE = {
    "id": 7,
    "created_at": NOON,
    "updated_at": NOON + dt.timedelta(days=1),
    "deleted_at": NOON + dt.timedelta(days=2),
    "deleted": 0,
}
