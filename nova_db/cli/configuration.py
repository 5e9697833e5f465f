"""The configuration that a command works with, and the database that it names."""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from nova_db import offers
from nova_db.cli.streams import say
from nova_db.conf import DEFAULT_BACKEND, DEFAULT_CONNECTION
from nova_db.conf.defaults import connection_of, is_default
from nova_db.conf.files import file_of
from nova_db.conf.misspellings import misspellings, unread_variable
from nova_db.exceptions.redaction import without_credentials

if TYPE_CHECKING:
    from oslo_config import cfg

    from nova_db.driver import Driver

PROGRAM: Final = "nova-db"
DEFAULT_FILE: Final = Path(DEFAULT_CONNECTION.removeprefix("sqlite:///"))
_QUOTED_LINE: Final = re.compile(r": ['\"].*")
"""What oslo.config adds to the place and the reason."""
_REMEDIES: Final = (
    ("No ':' or '='", "a setting is written option = value, a comment begins with #, and a value goes on with a space"),
    ("Invalid section", "a section is written [section], in a line of its own"),
    ("Unexpected continuation", "a line that begins with a space goes on with the value before it, and there is none"),
    ("Key cannot be empty", "a setting is written option = value"),
)
"""What to do about what oslo.config finds no setting in."""


class Named(NamedTuple):
    """Backend and connection as options, configuration and defaults name them."""

    backend: str
    connection: str | None
    """None: nobody has named one, and the backend has no default."""
    source: str
    """Where the connection was read; empty if it stands on the command line."""
    is_default: bool
    """Whether nobody has said anything, so that it is the file in the current folder."""


@contextlib.contextmanager
def opened(options: argparse.Namespace, *, writes: bool = False) -> Iterator[Driver]:
    """The driver that the options name, closed at the end of the block; which database it is has been told then.

    :param writes: what nobody has named is not written to without a word, nor made without being asked.
    """
    from nova_db.api import load_backend

    named = configured(options)
    if writes and named.is_default and not (DEFAULT_FILE.exists() or getattr(options, "yes", False)):
        _confirm_default()
    with contextlib.closing(load_backend(named.backend, named.connection)) as driver:
        tell_database(options, named.backend, driver, named.source)
        yield driver


def configured(options: argparse.Namespace, *, needs_database: bool = True) -> Named:
    """Backend and connection: from the options, else from the environment and configuration files, else the defaults.

    :param needs_database: whether files that are named on the command line have to name one.
    :raises ValueError: a configuration file cannot be read, what stands there is misspelt, or it names no database.
    """
    from nova_db.conf import get_conf

    conf = get_conf()
    conf.set_default("max_retries", 0, group="database")  # a person waits: say at once that a server is not there
    parse(conf, options.config_file)
    backend = options.backend if options.backend is not None else conf.database.backend
    if backend is None:  # another library has registered the option, with no default
        backend = DEFAULT_BACKEND
    if options.connection is not None:
        return Named(backend, options.connection, "", is_default=False)
    connection = connection_of(conf, backend)
    if is_default(conf, "connection") and backend == DEFAULT_BACKEND:
        if needs_database:
            _refuse_unnamed(options)
        return Named(backend, connection, "the default, as no database is configured", is_default=True)
    return Named(backend, connection, origin(conf, "connection", "database"), is_default=False)


def _refuse_unnamed(options: argparse.Namespace) -> None:
    """Refuse the default file where somebody seems to have named another database.

    :raises ValueError: so it is.
    """
    if options.config_file:
        raise ValueError(unnamed(*options.config_file))
    name = unread_variable()
    if name is not None:
        raise ValueError(
            f"no database is configured, and the environment variable {name} is not read; "
            f"did you mean OS_DATABASE__CONNECTION?"
        )


def unnamed(*files: str) -> str:
    """What is told of files that name no database."""
    verb = "names" if len(files) == 1 else "name"
    return f"{', '.join(files)} {verb} no database: [database] connection is not set there"


def conf_of(file: str) -> cfg.ConfigOpts:
    """The configuration in a file, apart from the process's, and from the environment, which names one database."""
    from oslo_config import cfg

    from nova_db.conf import register_opts

    conf = cfg.ConfigOpts()
    register_opts(conf)
    conf.set_default("max_retries", 0, group="database")
    parse(conf, [file], use_env=False)
    return conf


def parse(conf: cfg.ConfigOpts, files: list[str] | None, *, use_env: bool = True) -> None:
    """Have a configuration read its files: those, and no others, or where there are none what the search path has.

    :raises ValueError: one cannot be read, or what stands there is misspelt.
    """
    from oslo_config import cfg

    from nova_db.operations.rows.template_columns import doubtful_columns

    for file in files or ():
        _look_at(file)
    folders: list[str] | None = [] if files else None  # what a folder holds would count more than the file named
    try:
        conf(
            args=[],
            project=PROGRAM,
            prog=PROGRAM,
            default_config_files=files or None,
            default_config_dirs=folders,
            use_env=use_env,
        )
    except (cfg.ConfigFilesNotFoundError, cfg.ConfigFilesPermissionDeniedError) as error:
        raise ValueError(f"cannot read the configuration file {', '.join(error.config_files)}") from error
    except cfg.ConfigFileParseError as error:
        marked = [file for file in files or conf.default_config_files if _begins_with_a_mark(file)]
        if marked:
            raise ValueError(
                f"the configuration file {', '.join(marked)} begins with a byte order mark; save it without one"
            ) from None
        # Without the line, in which there may be a password, and without the cause, which quotes it.
        told = _QUOTED_LINE.sub("", one_line(error))
        raise ValueError(next((f"{told}; {todo}" for words, todo in _REMEDIES if words in told), told)) from None
    except UnicodeDecodeError:
        named = ", ".join(file for file in files or conf.default_config_files if not _is_text(file))
        raise ValueError(f"the configuration file {named} is not text in UTF-8") from None
    wrong = [*misspellings(conf, environment=use_env), *doubtful_columns(conf)]
    if wrong:
        raise ValueError("; ".join(wrong))


def _look_at(file: str) -> None:
    """Refuse what is no file's name.

    :raises ValueError: so it is; oslo.config would take it for a path, and quote it without the :// of a URL.
    """
    if not file.strip():
        raise ValueError("--config-file, or @, is followed by no name; expected that of a configuration file")
    if "://" in file:
        raise ValueError(
            f"{without_credentials(file)} is no configuration file but a URL, which stands after --connection"
        )
    if Path(file).is_dir():
        raise ValueError(f"the configuration file {file} is a folder; expected a file, as in --config-file FILE")


def _begins_with_a_mark(file: str) -> bool:
    with Path(file).open("rb") as content:
        return content.read(3) == b"\xef\xbb\xbf"


def _is_text(file: str) -> bool:
    try:
        Path(file).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return False
    return True


def origin(conf: cfg.ConfigOpts, name: str, group: str) -> str:
    """Where an option was set: a file, or a variable of the environment; empty where it has its default."""
    from oslo_config import cfg

    from nova_db.conf.options import OPTIONS

    location: Any = conf.get_location(name, None if group == "DEFAULT" else group)
    if location is None or not location.location.is_user_controlled:
        return ""
    if location.location is cfg.Locations.environment:
        return f"the environment variable {location.detail}"
    # Not the location's detail: of several files that have a section oslo.config names the last, and of one that is
    # written in capitals none.
    names = {name}.union(
        f"{old.group or group}.{old.name or name}"
        for opt in OPTIONS[group]
        if opt.dest == name
        for old in opt.deprecated_opts
    )
    return file_of(conf, group, names) or str(location.detail)


def tell_database(options: argparse.Namespace, backend: str, driver: Driver, source: str = "") -> None:
    """Tell on standard error which database a command works on, and remember it for what is told as data.

    :raises DBError: the database cannot be reached.
    """
    from nova_db.engine import Capability

    engine = offers.engine_of(driver)
    url = engine.location() if engine is not None else ""
    database = {"backend": backend, "url": url}
    options.databases = [*getattr(options, "databases", ()), database]
    is_kept = engine is None or Capability.PERSISTENT in engine.capabilities
    try:
        if engine is not None:
            database.update(engine.identify())
    finally:
        say(_described(database, source, is_kept=is_kept))


def _described(database: Mapping[str, str], source: str, *, is_kept: bool) -> str:
    details = [database["server"]] if "server" in database else []
    if not is_kept:
        details.append("in memory, gone when this command ends")
    if database["backend"] != DEFAULT_BACKEND:
        details.append(f"backend {database['backend']}")
    if "revision" in database:
        details.append(f"schema revision {database['revision']}")
    if "others" in database:
        details.append(f"{database['others']} tables of others")
    if source:
        details.append(f"from {source}")
    return ": ".join(part for part in (f"on {database['url'] or 'its database'}", ", ".join(details)) if part)


def _confirm_default() -> None:
    """Have somebody who sits there confirm that the default file is to be made.

    :raises ValueError: nobody does.
    """
    what = f"no database is configured, and there is no file {DEFAULT_FILE} in this folder"
    if sys.stdin is not None and sys.stdin.isatty():
        print(f"nova-db: {what}; make it? [y/N] ", end="", file=sys.stderr, flush=True)
        if sys.stdin.readline().strip().lower() in ("y", "yes"):
            return
    raise ValueError(
        f"{what}: name the database, as in --connection {DEFAULT_CONNECTION}, or in a configuration file, "
        f"or have that file made with --yes"
    )


def one_line(error: BaseException) -> str:
    """What an error says, in one line."""
    return " ".join(str(error).split()) or type(error).__name__
