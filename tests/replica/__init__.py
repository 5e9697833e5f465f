"""Reading from a standby that streams from its primary: run by `make test-replica`, by nothing else."""

from __future__ import annotations
