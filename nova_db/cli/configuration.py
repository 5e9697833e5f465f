"""The configuration that a command works with, and the driver that it names."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from oslo_config import cfg

    from nova_db.driver import Driver

_QUOTED_LINE: Final = re.compile(r": ['\"].*")
"""What oslo.config adds to the place and the reason."""


def open_driver(options: argparse.Namespace) -> Driver:
    """The driver that the options name; nothing is connected to yet."""
    from nova_db.api import load_backend

    settings = configured(options)
    return load_backend(settings["database"]["backend"], settings["database"]["connection"])


def configured(options: argparse.Namespace) -> dict[str, dict[str, str]]:
    """Backend and connection: from the options, else from configuration files, else the defaults."""
    from oslo_config import cfg

    from nova_db.conf import get_conf, secret_option

    conf = get_conf()
    conf.set_default("max_retries", 0, group="database")  # a person waits: say at once that a server is not there
    try:
        conf(args=[], project="nova-db", default_config_files=options.config_file or None)
    except cfg.ConfigFilesNotFoundError as error:
        raise ValueError(f"cannot read the configuration file {', '.join(error.config_files)}") from error
    except cfg.ConfigFileParseError as error:
        raise ValueError(_misread(error)) from None
    return {
        "database": {
            "backend": options.backend or conf.database.backend,
            "connection": options.connection or (None if options.backend else secret_option(conf, "connection")),
        }
    }


def conf_of(file: str) -> cfg.ConfigOpts:
    """The configuration in a file, apart from the process's."""
    from oslo_config import cfg

    from nova_db.conf import register_opts

    conf = cfg.ConfigOpts()
    register_opts(conf)
    conf.set_default("max_retries", 0, group="database")
    try:
        conf(args=[], project="nova-db", default_config_files=[file], default_config_dirs=[])
    except cfg.ConfigFilesNotFoundError as error:
        raise ValueError(f"cannot read the configuration file {file}") from error
    except cfg.ConfigFileParseError as error:
        raise ValueError(_misread(error)) from None
    return conf


def _misread(error: cfg.ConfigFileParseError) -> str:
    """What is wrong with a configuration file, without the line itself, which may hold a password."""
    return _QUOTED_LINE.sub("", one_line(error))


def one_line(error: BaseException) -> str:
    """What an error says, in one line."""
    return " ".join(str(error).split()) or type(error).__name__
