"""What the template of instances' names has that cannot be meant, although every record gets a name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from nova_db.conf.secret_options import misread
from nova_db.exceptions.wording import most_alike, suggestion
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from oslo_config import cfg

_FIELD: Final = re.compile(r"%\(([^)]*)\)")


def doubtful_columns(conf: cfg.ConfigOpts) -> Iterator[str]:
    """The columns in ``instance_name_template`` that there are not, so that names are uuids, and those with secrets."""
    try:
        template = str(conf["instance_name_template"])
    except misread(ValueError):  # told with the option's name when the driver is loaded
        return
    table = TABLES["instances"]
    for name in dict.fromkeys(_FIELD.findall(template.replace("%%", ""))):
        if name not in table.column:
            meant = suggestion(most_alike(name, table.column))
            yield f"[DEFAULT] instance_name_template names {name!r}, which is no column of instances{meant}"
        elif table.column[name].secret:
            yield f"[DEFAULT] instance_name_template names {name}, which may hold a secret, and names are shown"
