"""An engine over an ordered key-value store: the whole interface in a few lines, with optimistic transactions.

It is not for use.  It shows that the storage-engine interface is small, and that it fits a store which knows neither
tables nor locks: conflicts surface at commit and nowhere else.
"""

from __future__ import annotations
