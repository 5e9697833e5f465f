"""Tests of the storage-engine primitives: each promise of ``nova_db.engine.interface``.

They run on every backend that is made of an engine; a backend without one skips them.
"""

from __future__ import annotations
