"""Settings whose names are those of our options but for a letter or two: one warning, when the driver is loaded."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from oslo_config import cfg

import nova_db
from nova_db import api, conf
from nova_db.context import get_admin_context


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> Iterator[cfg.ConfigOpts]:
    """A configuration of the test's own, in use."""
    monkeypatch.setattr(api, "_configured", None)
    before = conf.get_conf()
    own = cfg.ConfigOpts()
    conf.set_conf(own)
    yield own
    api.reset()
    conf.set_conf(before)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "nova_db.api"]


def test_a_process_warns_once_of_what_has_no_effect(
    options: cfg.ConfigOpts, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "service.conf"
    file.write_text("[databse]\nconnection = sqlite:///cloud.sqlite\n[database]\nbackend = memory\nmax_retrys = 3\n")
    options(args=[], default_config_files=[str(file)], default_config_dirs=[])
    with caplog.at_level(logging.WARNING):
        for _ in range(2):  # one story
            assert nova_db.cell_get_all(get_admin_context()) == []
    [told] = warnings(caplog)
    assert f"{file}, line 2: there is no option [databse] connection; did you mean [database] connection?" in told
    assert f"{file}, line 5: there is no option [database] max_retrys; did you mean [database] max_retries?" in told


def test_a_setting_that_stands_twice_is_told(
    options: cfg.ConfigOpts, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    options.register_opt(cfg.MultiStrOpt("servers"))
    file = tmp_path / "service.conf"
    file.write_text("[DEFAULT]\nservers = a\nservers = b\n[database]\nbackend = sql\n[DATABASE]\nbackend = memory\n")
    options(args=[], default_config_files=[str(file)], default_config_dirs=[])
    with caplog.at_level(logging.WARNING):
        assert nova_db.cell_get_all(get_admin_context()) == []
    [told] = warnings(caplog)
    assert f"{file}, line 7: [database] backend stands in line 5 already; leave one of them out" in told
    assert "servers" not in told


def test_options_that_the_service_has_registered_are_right(
    options: cfg.ConfigOpts, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    options.register_opt(cfg.StrOpt("conection"), group="database")
    options.register_opt(cfg.StrOpt("connection"))
    file = tmp_path / "service.conf"
    file.write_text("[DEFAULT]\nconnection = x\n[database]\nbackend = memory\nconection = x\n")
    options(args=[], default_config_files=[str(file)], default_config_dirs=[])
    with caplog.at_level(logging.WARNING):
        assert nova_db.cell_get_all(get_admin_context()) == []
    assert warnings(caplog) == []


def test_an_empty_connection_is_none(options: cfg.ConfigOpts) -> None:
    options.set_override("connection", "", group="database")
    with pytest.raises(ValueError, match="URL is empty"):
        nova_db.cell_get_all(get_admin_context())
    options.set_override("connection", "memory://", group="database")
    options.set_override("backend", "", group="database")
    with pytest.raises(nova_db.exceptions.BackendNotFound, match="''"):
        nova_db.cell_get_all(get_admin_context())
