"""Templates of names, and other options whose values are none: told when they are set or the driver is loaded."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg

import nova_db
from nova_db import api, conf
from nova_db.cli import main
from nova_db.conf import naming
from nova_db.context import get_admin_context

ADMIN = get_admin_context()
UNFIT = ["%d-%d", "%(uuid", "%s %s", "%(hostname)d", "%q", "%", "%(vcpus)", "%99999d", "%*d", "%.9999999s", "%(host)c"]
FIT = ["%d", "vm-%(uuid)s", "%(vcpus)d-%(created_at)s", "%(nothing)s", "%(disable_terminate)s", "%(progress)d%%"]
THE_SAME = ["", "static", "%%", "%.0s", "%(uuid).0s"]


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> Iterator[cfg.ConfigOpts]:
    """A configuration of the test's own, in use."""
    monkeypatch.setattr(api, "_configured", None)
    naming.warn.cache_clear()
    before = conf.get_conf()
    own = cfg.ConfigOpts()
    conf.set_conf(own)
    yield own
    api.reset()
    conf.set_conf(before)


def written(file: Path, text: str) -> dict[str, Any]:
    """A file to be read, and no others."""
    file.write_text(text)
    return {"args": [], "default_config_files": [str(file)], "default_config_dirs": []}


@pytest.mark.parametrize("template", UNFIT)
def test_what_makes_no_name_is_refused_with_its_option(template: str, options: cfg.ConfigOpts, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected the id once|more than 999 characters"):
        options.set_override("instance_name_template", template)
    file = tmp_path / "service.conf"
    options(**written(file, f"[DEFAULT]\ninstance_name_template = {template}\n[database]\nbackend = memory\n"))
    with pytest.raises(
        ValueError, match=r"\[DEFAULT\] instance_name_template in .*service\.conf is not valid: "
    ) as told:
        nova_db.instance_get_all(ADMIN)
    assert "LocationInfo" not in str(told.value)


@pytest.mark.parametrize("option", ["instance_name_template", "volume_name_template"])
@pytest.mark.parametrize("template", ["%c", "vm\0%s", "vm\n%s"])
def test_control_characters_are_refused(option: str, template: str, options: cfg.ConfigOpts) -> None:
    with pytest.raises(ValueError, match=r"makes names with control characters; expected|makes no name; expected"):
        options.set_override(option, template)


@pytest.mark.parametrize(
    "template,told",
    [
        ("%(uid)s", "names 'uid', which is no column of instances; did you mean 'uuid'?"),
        ("%(no_such_thing)s", "names 'no_such_thing', which is no column of instances"),
        ("%(uuid)s-%(info_cache)s", "names 'info_cache', which is no column of instances"),
        ("%(name)s", "names 'name', which is no column of instances"),
        ("%(uuid)s-%(user_data)s", "names user_data, which may hold a secret, and names are shown"),
    ],
)
def test_a_column_that_cannot_be_meant_is_told_by_the_command_and_in_the_warning(
    template: str,
    told: str,
    options: cfg.ConfigOpts,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    file = tmp_path / "service.conf"
    options(**written(file, f"[DEFAULT]\ninstance_name_template = {template}\n[database]\nbackend = memory\n"))
    with caplog.at_level(logging.WARNING):
        made = nova_db.instance_create(ADMIN, {})
    [warning] = [record.getMessage() for record in caplog.records if record.name == "nova_db.api"]
    assert f"[DEFAULT] instance_name_template {told}" in warning
    assert made["name"] == made["uuid"] or "uuid" in template
    assert main(["--config-file", str(file), "status"]) == 2
    assert f"nova-db: [DEFAULT] instance_name_template {told}" in capsys.readouterr().err


@pytest.mark.parametrize("template", THE_SAME)
def test_what_gives_all_instances_one_name_is_refused(template: str, options: cfg.ConfigOpts, tmp_path: Path) -> None:
    file = tmp_path / "service.conf"
    options(**written(file, f"[DEFAULT]\ninstance_name_template = {template}\n[database]\nbackend = memory\n"))
    expected = (
        r"\[DEFAULT\] instance_name_template in .* is not valid: '.*' gives all of them the same name; expected the id"
    )
    with pytest.raises(ValueError, match=expected):
        nova_db.instance_get_all(ADMIN)


def test_a_dollar_is_told_at_once_and_breaks_no_read(options: cfg.ConfigOpts, tmp_path: Path) -> None:
    file = tmp_path / "service.conf"
    options(**written(file, "[DEFAULT]\ninstance_name_template = $uuid\n[database]\nbackend = memory\n"))
    with pytest.raises(ValueError, match=r"\[DEFAULT\] instance_name_template cannot be read: .* double each \$"):
        nova_db.instance_get_all(ADMIN)
    options(**written(file, "[DEFAULT]\ninstance_name_template = %d\n[database]\nbackend = memory\n"))
    made = nova_db.instance_create(ADMIN, {})
    options(**written(file, "[DEFAULT]\ninstance_name_template = $uuid\n[database]\nbackend = memory\n"))
    assert nova_db.instance_get(ADMIN, made["id"])["name"] == made["uuid"]


@pytest.mark.parametrize("template", FIT)
def test_what_makes_names_is_taken(template: str, options: cfg.ConfigOpts) -> None:
    options.set_override("instance_name_template", template)
    options.set_override("backend", "memory", group="database")
    assert isinstance(nova_db.instance_create(ADMIN, {"vcpus": 1})["name"], str)


@pytest.mark.parametrize("option", ["snapshot_name_template", "volume_name_template"])
def test_volumes_and_snapshots(option: str, options: cfg.ConfigOpts) -> None:
    for template in ("%d", "%(id)s", "x", "%s-%s"):  # one story
        with pytest.raises(ValueError, match="expected the id once"):
            options.set_override(option, template)
    with pytest.raises(ValueError, match="gives all of them the same name; expected the id once"):
        options.set_override(option, "%.0s")
    options.set_override(option, "x-%s")


def test_a_template_of_another_library_s_option_is_looked_at(options: cfg.ConfigOpts) -> None:
    foreign = cfg.ConfigOpts()
    foreign.register_opt(cfg.StrOpt("instance_name_template", default="%d %d"))
    conf.set_conf(foreign)
    foreign.set_override("backend", "memory", group="database")
    with pytest.raises(ValueError, match=r"\[DEFAULT\] instance_name_template is not valid"):
        nova_db.instance_get_all(ADMIN)


def test_a_file_that_is_read_again_breaks_no_read(
    options: cfg.ConfigOpts, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "service.conf"
    options(**written(file, "[DEFAULT]\ninstance_name_template = vm-%d\n[database]\nbackend = memory\n"))
    made = nova_db.instance_create(ADMIN, {})
    assert made["name"] == f"vm-{made['id']}"
    options(**written(file, "[DEFAULT]\ninstance_name_template = %d-%d\n[database]\nbackend = memory\n"))
    with caplog.at_level(logging.ERROR):
        for _ in range(2):  # one story
            assert nova_db.instance_get(ADMIN, made["id"])["name"] == made["uuid"]
    assert [record.getMessage() for record in caplog.records if "instance_name_template" in record.getMessage()] == [
        "[DEFAULT] instance_name_template does not fit each record: the others have their uuid as a name."
    ]


@pytest.mark.parametrize(
    "section,setting",
    [("DEFAULT", "enable_new_services = maybe"), ("database", "max_retries = abc"), ("cells", "enable = 7")],
)
def test_a_value_that_is_none_is_told_when_the_driver_is_loaded(
    section: str, setting: str, options: cfg.ConfigOpts, tmp_path: Path
) -> None:
    file = tmp_path / "service.conf"
    options(**written(file, f"[{section}]\n{setting}\n" + ("" if section == "database" else "[database]\n") + ""))
    name = setting.partition(" ")[0]
    with pytest.raises(ValueError, match=rf"\[{section}\] {name} in .*service\.conf is not valid: "):
        api.load_backend("memory")
