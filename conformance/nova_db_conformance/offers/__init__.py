"""What a driver may offer beside the functions: whatever it offers does what :mod:`nova_db.offers` says."""

from __future__ import annotations
