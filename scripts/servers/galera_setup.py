"""What a node of a Galera cluster needs on the machine, and how it is set."""

from __future__ import annotations

from pathlib import Path

from scripts.servers import host
from scripts.servers.mariadb import _which

PROVIDERS = (Path("/usr/lib/galera/libgalera_smm.so"), Path("/usr/lib64/galera-4/libgalera_smm.so"))
PROGRAMS = ("mariadbd", "mariadb-install-db", "mariadb", "wsrep_sst_rsync", "rsync", "lsof", "ss")
PACKAGES = ("mariadb-server", "galera-4", "rsync", "lsof", "iproute2")
SETTINGS = (
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--max-connections=200",
    # What was committed must outlive the process, not the machine.
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-doublewrite=0",
    "--innodb-log-file-size=32M",
    "--innodb-buffer-pool-size=128M",
    "--skip-log-bin",
    # What Galera asks for.
    "--binlog-format=ROW",
    "--default-storage-engine=InnoDB",
    "--innodb-autoinc-lock-mode=2",
    "--wsrep-on=ON",
    "--wsrep-cluster-name=nova-db",
    "--wsrep-sst-method=rsync",
    "--wsrep-slave-threads=2",
    # Set against us, as on the single server.
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_unicode_ci",
    "--default-time-zone=+05:45",
    "--group-concat-max-len=4",
)
# A node that is gone is noticed, and left out, within seconds.
DETECTION = {
    "evs.keepalive_period": "PT0.5S",
    "evs.suspect_timeout": "PT3S",
    "evs.inactive_timeout": "PT6S",
    "evs.inactive_check_period": "PT0.5S",
    "pc.recovery": "false",
    "gcache.size": "64M",
}


def provider() -> Path:
    """Galera's library, installed with what else is needed if something is missing."""
    if _missing():
        host.install("Galera", PACKAGES)
    if missing := _missing():
        raise host.ServerError(f"installed {' '.join(PACKAGES)}, but this is still not there: {', '.join(missing)}")
    return next(path for path in PROVIDERS if path.exists())


def _missing() -> list[str]:
    library = [] if any(path.exists() for path in PROVIDERS) else [PROVIDERS[0].name]
    return [*library, *[name for name in PROGRAMS if _which(name) is None]]
