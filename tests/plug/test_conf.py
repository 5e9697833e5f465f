"""The options: names, defaults, old names, and that changes are noticed."""

from __future__ import annotations

import configparser
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg

import nova_db
from nova_db import conf
from nova_db_conformance import decision

ROOT = Path(nova_db.__file__).parents[1]
DEFAULTS: dict[str, dict[str, Any]] = {
    "DEFAULT": {
        "enable_new_services": True,
        "compute_topic": "compute",
        "instance_name_template": "instance-%08x",
        "snapshot_name_template": "snapshot-%s",
        "volume_name_template": "volume-%s",
        "osapi_compute_unique_server_name_scope": "",
        "fatal_exception_format_errors": False,
    },
    "database": {
        "backend": "sqlalchemy",
        "connection": "sqlite:///nova.sqlite",
        "slave_connection": None,
        "connection_parameters": "",
        "strict_filters": False,
        "max_pool_size": 5,
        "max_overflow": None,
        "pool_timeout": None,
        "connection_recycle_time": 3600,
        "aio_threads": None,
        "connect_timeout": 10,
        "lock_timeout": 30,
        "read_timeout": None,
        "max_retries": 10,
        "retry_interval": 10,
        "db_max_retries": 20,
        "db_retry_interval": 0.002,
        "db_inc_retry_interval": True,
        "db_max_retry_interval": 0.5,
        "mysql_wsrep_sync_wait": None,
        "postgresql_transaction_pooling": None,
        "sqlite_synchronous": True,
        "connection_debug": 0,
    },
    "cells": {"enable": False},
}
FLAT = [(group, name, value) for group, options in DEFAULTS.items() for name, value in options.items()]
OLD_NAMES = {
    "backend": ("db_backend", "memory"),
    "connection": ("sql_connection", "sqlite://"),
    "max_pool_size": ("sql_max_pool_size", 7),
    "max_overflow": ("sql_max_overflow", 8),
    "connection_recycle_time": ("sql_idle_timeout", 9),
    "max_retries": ("sql_max_retries", 11),
    "retry_interval": ("sql_retry_interval", 12),
    "sqlite_synchronous": ("sqlite_synchronous", False),
    "connection_debug": ("sql_connection_debug", 60),
}


def group_of(name: str) -> str | None:
    return None if name == "DEFAULT" else name


def write(path: Path, **sections: dict[str, Any]) -> Path:
    parser = configparser.ConfigParser(interpolation=None, default_section="none")
    parser.read_dict(sections)
    with path.open("w") as file:
        parser.write(file)
    return path


@pytest.mark.parametrize("group,name,value", FLAT)
def test_defaults_hold_before_anything_is_parsed(group: str, name: str, value: Any, options: cfg.ConfigOpts) -> None:
    assert conf.get_conf() is options
    assert conf.option(name, group_of(group)) == value
    assert (options if group == "DEFAULT" else options[group])[name] == value


@decision(22)
def test_there_are_no_others() -> None:
    listed = {group: {opt.name: opt.default for opt in opts} for group, opts in conf.list_opts()}

    assert listed == DEFAULTS


def test_every_option_is_explained_and_only_connections_are_secret() -> None:
    listed = [opt for _, opts in conf.list_opts() for opt in opts]

    assert all(opt.help and opt.help.endswith(".") for opt in listed)
    assert [opt.name for opt in listed if opt.secret] == ["connection", "slave_connection", "connection_parameters"]


def test_the_list_is_the_caller_s_own() -> None:
    conf.list_opts()[0][1].clear()

    assert conf.list_opts()[0][1]


@decision(11)
def test_names_of_old_work(tmp_path: Path, options: cfg.ConfigOpts) -> None:
    path = write(tmp_path / "nova.conf", DEFAULT=dict(OLD_NAMES.values()))
    options(["--config-file", str(path)])

    assert {name: conf.option(name, "database") for name in OLD_NAMES} == {
        name: value for name, (_, value) in OLD_NAMES.items()
    }


@decision(11)
def test_new_names_win(tmp_path: Path, options: cfg.ConfigOpts) -> None:
    path = write(
        tmp_path / "nova.conf", DEFAULT={"sql_connection": "sqlite:///old"}, database={"connection": "sqlite:///new"}
    )
    options(["--config-file", str(path)])

    assert conf.option("connection", "database") == "sqlite:///new"


@decision(22)
def test_unknown_options() -> None:
    with pytest.raises(cfg.NoSuchOptError):
        conf.option("sql_min_pool_size")
    with pytest.raises(cfg.NoSuchOptError):
        conf.option("dbapi_use_tpool", "database")


@pytest.mark.parametrize("group,name,changed", [("DEFAULT", "compute_topic", "c"), ("cells", "enable", True)])
def test_overrides_and_defaults_are_noticed_at_once(
    group: str, name: str, changed: Any, options: cfg.ConfigOpts
) -> None:
    def read() -> Any:
        return conf.option(name, group_of(group))

    original = read()
    options.set_override(name, changed, group=group_of(group))
    assert read() == changed
    options.clear_override(name, group=group_of(group))
    assert read() == original
    options.set_default(name, changed, group=group_of(group))
    assert read() == changed
    options.clear_default(name, group=group_of(group))
    assert read() == original
    options.set_override(name, changed, group=group_of(group))
    options.reset()
    assert read() == original


def test_a_reloaded_file_is_noticed(tmp_path: Path, options: cfg.ConfigOpts) -> None:
    path = write(tmp_path / "nova.conf", DEFAULT={"compute_topic": "one"}, cells={"enable": "true"})
    options(["--config-file", str(path)])
    assert (conf.option("compute_topic"), conf.option("enable", "cells")) == ("one", True)

    write(path, DEFAULT={"compute_topic": "two"}, cells={"enable": "false"})
    options.reload_config_files()
    assert (conf.option("compute_topic"), conf.option("enable", "cells")) == ("two", False)


def test_a_mutated_file_is_noticed_where_that_is_safe(tmp_path: Path, options: cfg.ConfigOpts) -> None:
    path = write(tmp_path / "nova.conf", DEFAULT={"compute_topic": "one"}, database={"max_pool_size": 1})
    options(["--config-file", str(path)])

    write(path, DEFAULT={"compute_topic": "two"}, database={"max_pool_size": 2})
    options.mutate_config_files()
    assert conf.option("compute_topic") == "two"
    assert conf.option("max_pool_size", "database") == 1


def test_another_configuration_can_be_used(options: cfg.ConfigOpts) -> None:
    other = cfg.ConfigOpts()
    assert conf.set_conf(other) is other
    other.set_override("enable", True, group="cells")

    assert conf.get_conf() is other
    assert conf.option("enable", "cells") is True
    assert conf.set_conf(None) is cfg.CONF
    assert conf.option("enable", "cells") is False
    assert options["cells"]["enable"] is False


def test_options_that_another_library_registered_are_read_too() -> None:
    shared = cfg.ConfigOpts()
    shared.register_opts([cfg.StrOpt("connection"), cfg.IntOpt("max_pool_size", default=3)], group="database")
    shared.register_opt(cfg.StrOpt("compute_topic", default="theirs"))
    conf.set_conf(shared)

    assert conf.option("connection", "database") is None
    assert conf.option("max_pool_size", "database") == 3
    assert conf.option("max_retries", "database") == 10
    assert conf.option("compute_topic") == "theirs"


def test_registering_twice_changes_nothing(options: cfg.ConfigOpts) -> None:
    options.set_override("compute_topic", "c")
    conf.register_opts(options)

    assert conf.option("compute_topic") == "c"


NUMBERS = [name for name, default in DEFAULTS["database"].items() if type(default) in (int, float)]
NUMBERS += ["max_overflow", "pool_timeout", "aio_threads", "read_timeout", "mysql_wsrep_sync_wait"]


@pytest.mark.parametrize("value", ["99999999999999", "nan", "inf", "-2"])
@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_that_nothing_could_use(name: str, value: str, options: cfg.ConfigOpts, tmp_path: Path) -> None:
    file = write(tmp_path / "c.conf", database={name: value})
    options(args=[], default_config_files=[str(file)])
    with pytest.raises(cfg.ConfigFileValueError, match=name):
        options.database[name]


def test_the_sample_is_what_the_generator_makes_of_the_options(tmp_path: Path) -> None:
    # A distribution with nothing but the entry point, so that this works from a source tree as well.
    info = tmp_path / "options_of_nova_db-0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: options-of-nova-db\nVersion: 0\n")
    (info / "entry_points.txt").write_text("[oslo.config.opts]\nnova_db = nova_db.conf:list_opts\n")
    sample = tmp_path / "sample"
    command = [sys.executable, "-c", "import sys; from oslo_config.generator import main; main(sys.argv[1:])"]
    command += ["--config-file", "etc/nova_db/nova-db-config-generator.conf", "--output-file", str(sample)]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)]),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    subprocess.run(command, check=True, cwd=ROOT, env=environment, capture_output=True)

    committed = ROOT / "etc" / "nova_db" / "nova-db.conf.sample"
    assert sample.read_text() == committed.read_text(), "run oslo-config-generator again"
