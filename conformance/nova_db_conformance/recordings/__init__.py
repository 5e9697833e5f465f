"""Recorded calls with the answers that the ancestor of this database gave, and their replay on a backend.

A recording is a file of sequences, a line each: steps with a function, a context, arguments, and a result or an error.
``replay`` runs a sequence and tells the differences; ``test_recordings`` does it for every sequence and backend.
"""

from __future__ import annotations

from nova_db_conformance.recordings.comparison import Difference
from nova_db_conformance.recordings.replay import replay
from nova_db_conformance.recordings.sequences import Sequence, sequences

__all__ = ["Difference", "Sequence", "replay", "sequences"]
