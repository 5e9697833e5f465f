"""``python -m nova_db``: the command ``nova-db``."""

from __future__ import annotations

import sys

from nova_db.cli import main

if __name__ == "__main__":
    sys.exit(main())
