"""The options of this package, on oslo.config.

:func:`get_conf` gives the configuration object with the options registered; nothing is imported or registered before
it is called, and nobody need have parsed a configuration file: the defaults run an embedded database.

Reading an option as an attribute (``conf.compute_topic``) takes one to two microseconds, because the object first looks
for a real attribute. :func:`option` takes less than half of one and is as current: it notices overrides, and files that
were reloaded or mutated. Where many rows need the value, read it once for all of them.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from nova_db import forking
from nova_db.conf.defaults import DEFAULT_BACKEND, DEFAULT_CONNECTION
from nova_db.conf.secret_options import UnreadableOption, secret_option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oslo_config import cfg

__all__ = [
    "DEFAULT_BACKEND",
    "DEFAULT_CONNECTION",
    "UnreadableOption",
    "get_conf",
    "list_opts",
    "option",
    "register_opts",
    "secret_option",
    "set_conf",
]

_LOG = logging.getLogger(__name__)
_lock = forking.lock(__name__, "_lock")
_conf: cfg.ConfigOpts | None = None
_groups: Mapping[str, Mapping[str, Any]] = {}


def get_conf() -> cfg.ConfigOpts:
    """The configuration in use, with the options registered: ``oslo_config.cfg.CONF``, or what was set instead."""
    return _conf if _conf is not None else _first_use()


def set_conf(conf: cfg.ConfigOpts | None) -> cfg.ConfigOpts:
    """Use another configuration object from now on; None: ``oslo_config.cfg.CONF``. Returns the one now in use.

    A driver that is already loaded keeps the connection it was made with; see :func:`nova_db.api.reset`.
    """
    with _lock:
        return _use(conf)


def _first_use() -> cfg.ConfigOpts:
    with _lock:
        return _conf if _conf is not None else _use(None)


def _use(conf: cfg.ConfigOpts | None) -> cfg.ConfigOpts:
    global _conf, _groups
    if conf is None:
        from oslo_config import cfg

        conf = cfg.CONF
    register_opts(conf)
    _groups = {group: conf[group] for group in _options() if group != "DEFAULT"}
    _conf = conf
    return conf


def option(name: str, group: str | None = None) -> Any:
    """The value that an option has now, in some 0.4 microseconds.

    :param group: None for ``[DEFAULT]``, else ``"database"`` or ``"cells"``.
    :raises oslo_config.cfg.NoSuchOptError: there is no such option.
    """
    conf = _conf if _conf is not None else _first_use()
    return conf[name] if group is None else _groups[group][name]


def register_opts(conf: cfg.ConfigOpts) -> None:
    """Register the options on a configuration object. Doing so again changes nothing.

    An option that somebody else registered under the same name, as oslo.db does in ``[database]``, is left to them: it
    is read from the same place. So is ours by them if they come later, where it is of the same kind: a text, a number,
    or true and false.
    """
    from oslo_config import cfg

    for group, options in _options().items():
        for opt in options:
            try:
                conf.register_opt(opt, group=None if group == "DEFAULT" else group)
            except cfg.DuplicateOptError:
                _LOG.debug("Option %s in [%s] is registered already and is used as it is", opt.name, group)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    """The options by group, as ``oslo-config-generator`` asks for them."""
    return [(group, list(options)) for group, options in _options().items()]


def _options() -> Mapping[str, list[cfg.Opt]]:
    from nova_db.conf.options import OPTIONS  # imports oslo.config

    return OPTIONS
