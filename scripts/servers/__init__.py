"""Private database servers for the tests: made when first asked for, reused until stopped, removed by `make clean`.

    python -m scripts.servers postgresql url

prints a connection URL. If ``NOVA_DB_TEST_POSTGRESQL`` is set, that is it. Otherwise the URL is that of a server of
this source tree's own, on a free port of the loopback interface, with a data directory under ``/tmp``.

The servers trade durability for speed (nothing is synced: a crash of the machine may ruin them, and they are then made
anew), so their figures are no measure of production. Where a setting could hide a mistake of ours it is set against us:
text sorts by language and the time zone is not UTC, because code point order and naive UTC are promised on any server.
"""

from __future__ import annotations
