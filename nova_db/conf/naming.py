"""Making names by templates that may not fit: a record is read all the same."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Any, Final

from nova_db import conf
from nova_db.conf.secret_options import misread

UNFIT: Final = (TypeError, ValueError, OverflowError, KeyError, MemoryError)
"""What ``%`` raises where a template does not fit."""
_LOG = logging.getLogger(__name__)


def template(option: str, fallback: str) -> str:
    """The template in an option, or the fallback where what stands there is none."""
    try:
        found: str = conf.option(option)
    except misread(ValueError):  # set since the driver was loaded, which refuses it
        warn(option)
        return fallback
    return found


def filled(option: str, value: Any) -> str:
    """The name of what has an id that is a text; the text itself where the template does not fit it."""
    try:
        return str(template(option, "%s") % value)
    except UNFIT:
        warn(option)
        return str(value)


@lru_cache(16)
def warn(option: str) -> None:
    """Tell once that the template in an option does not fit a record."""
    _LOG.error("[DEFAULT] %s does not fit each record: the others have their uuid as a name.", option)
