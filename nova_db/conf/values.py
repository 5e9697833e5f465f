"""Whether what is configured are values: told when a driver is loaded, and not by the first call that needs one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from nova_db.conf.secret_options import misread, unreadable

if TYPE_CHECKING:
    from oslo_config import cfg

_PLACE: Final = re.compile(r"Value for option \S+ from LocationInfo\(.*?(?:detail='(?P<file>[^']*)')?\) is not valid: ")
"""How oslo.config begins."""
_WHOLE: Final = re.compile(r"invalid literal for int\(\) with base 10: (.*)")
_NUMBER: Final = re.compile(r"could not convert string to float: (.*)")
"""What Python says where there is no number."""
_BOUND: Final = re.compile(r"Should be (greater|less) than or equal to (\S+)")
"""What oslo.config says of a number that is out of its bounds."""


def check(conf: cfg.ConfigOpts, shown: Callable[[str], str]) -> None:
    """Read every option once.

    :param shown: what may be shown of a text that quotes a value.
    :raises ValueError: a value is none of its option's; it is named with its place and what is wrong.
    """
    from nova_db.conf.options import OPTIONS

    for group, options in OPTIONS.items():
        for opt in options:
            if not opt.secret:  # those are read where they are used, and tell nothing of themselves
                _check(conf, group, opt, shown)


def _check(conf: cfg.ConfigOpts, group: str, opt: cfg.Opt, shown: Callable[[str], str]) -> None:
    is_misread = False
    try:
        value = conf[opt.dest] if group == "DEFAULT" else conf[group][opt.dest]
        if value is not None:
            opt.type(value)  # another library may have registered the option, with another type
    except misread():
        is_misread = True
    except ValueError as error:
        reason = _WHOLE.sub(r"a whole number is expected, not \1", _PLACE.sub("", str(error)))
        reason = _NUMBER.sub(r"a number is expected, not \1", reason)
        reason = _BOUND.sub(_bound, reason)
        place = _PLACE.search(str(error))
        told = f" in {place['file']}" if place is not None and place["file"] else ""
        raise ValueError(f"[{group}] {opt.dest}{told} is not valid: {shown(reason)}") from None
    if is_misread:
        raise unreadable(group, opt.dest)


def _bound(found: re.Match[str]) -> str:
    return f"a number of at {'least' if found[1] == 'greater' else 'most'} {found[2]} is expected"
