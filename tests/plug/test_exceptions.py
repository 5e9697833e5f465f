"""What the API raises: the tree, the texts, and what the exceptions carry."""

from __future__ import annotations

import copy
import datetime as dt
import logging
import pickle
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
from oslo_config import cfg

import nova_db
from nova_db import exceptions
from nova_db.exceptions import NotFound, NovaException
from nova_db_conformance import decision

# Name, parent, code, keyword arguments that the text shows, those that it need not show.
TREE = """
ConstraintNotMet                 NovaException         412
Duplicate                        NovaException         500
AggregateHostExists              Duplicate             500  aggregate_id host
AggregateNameExists              Duplicate             500  aggregate_name
DuplicateVlan                    Duplicate             500  vlan
FlavorAccessExists               Duplicate             500  flavor_id project_id
FloatingIpExists                 Duplicate             500  address
InstanceExists                   Duplicate             500  name
InstanceTypeExists               Duplicate             500  name
InstanceTypeIdExists             Duplicate             500  flavor_id
FixedIpAlreadyInUse              NovaException         500  address instance_uuid
InstanceActionEventNotFound      NovaException         500  event action_id
InstanceActionNotFound           NovaException         500  request_id instance_uuid
Invalid                          NovaException         400
InvalidID                        Invalid               400  id
InvalidUUID                      Invalid               400  uuid
InvalidSortKey                   Invalid               400  key
MissingKeys                      Invalid               400  function argument missing required
InstanceInvalidState             Invalid               400  attr instance_uuid state method
UnknownColumn                    Invalid               400  table column nearest
UnknownFilter                    Invalid               400  function key nearest
SecurityGroupDefaultRuleNotFound Invalid               400  rule_id
NetworkInUse                     NovaException         500  network_id
NoMoreFixedIps                   NovaException         500
NoMoreNetworks                   NovaException         500
NoMoreTargets                    NovaException         500
NotAuthorized                    NovaException         403
AdminRequired                    NotAuthorized         403
NotFound                         NovaException         404
AgentBuildNotFound               NotFound              404  id
AggregateHostNotFound            NotFound              404  aggregate_id host
AggregateMetadataNotFound        NotFound              404  aggregate_id metadata_key
AggregateNotFound                NotFound              404  aggregate_id
CellNotFound                     NotFound              404  cell_name
CertificateNotFound              NotFound              404  certificate_id
ConsoleNotFound                  NotFound              404  console_id
ConsoleNotFoundForInstance       ConsoleNotFound       404  instance_uuid
ConsoleNotFoundInPoolForInstance ConsoleNotFound       404  instance_uuid pool_id
ConsolePoolNotFoundForHostType   NotFound              404  console_type compute_host host
FixedIpNotFound                  NotFound              404  id
FixedIpNotFoundForAddress        FixedIpNotFound       404  address
FixedIpNotFoundForInstance       FixedIpNotFound       404  instance_uuid
FixedIpNotFoundForNetwork        FixedIpNotFound       404  address network_uuid
FixedIpNotFoundForNetworkHost    FixedIpNotFound       404  host network_id
FlavorAccessNotFound             NotFound              404  flavor_id project_id
FlavorNotFound                   NotFound              404  flavor_id
FloatingIpNotFound               NotFound              404  id
FloatingIpNotFoundForAddress     FloatingIpNotFound    404  address
FloatingIpNotFoundForHost        FloatingIpNotFound    404  host
NoMoreFloatingIps                FloatingIpNotFound    404
HostBinaryNotFound               NotFound              404  binary host
HostNotFound                     NotFound              404  host
ComputeHostNotFound              HostNotFound          404  host
ImageNotFound                    NotFound              404  image_id
InstanceInfoCacheNotFound        NotFound              404  instance_uuid
InstanceNotFound                 NotFound              404  instance_id
InstanceTypeNotFound             NotFound              404  instance_type_id
InstanceTypeNotFoundByName       InstanceTypeNotFound  404  instance_type_name
KeypairNotFound                  NotFound              404  name user_id
MarkerNotFound                   NotFound              404  marker
MigrationNotFound                NotFound              404  migration_id
MigrationNotFoundByStatus        MigrationNotFound     404  instance_id status
NetworkNotFound                  NotFound              404  network_id
NetworkNotFoundForCidr           NetworkNotFound       404  cidr
NetworkNotFoundForInstance       NetworkNotFound       404  instance_id
NetworkNotFoundForUUID           NetworkNotFound       404  uuid
NetworkNotFoundForProject        NotFound              404  network_uuid project_id
NoFixedIpsDefined                NotFound              404
NoFloatingIpsDefined             NotFound              404
NoNetworksFound                  NotFound              404
QuotaNotFound                    NotFound              404
ProjectQuotaNotFound             QuotaNotFound         404  project_id
QuotaClassNotFound               QuotaNotFound         404  class_name
QuotaUsageNotFound               QuotaNotFound         404  project_id
ReservationNotFound              QuotaNotFound         404  uuid
SecurityGroupNotFound            NotFound              404  security_group_id
SecurityGroupNotFoundForProject  SecurityGroupNotFound 404  security_group_id project_id
SecurityGroupNotFoundForRule     SecurityGroupNotFound 404  rule_id
ServiceNotFound                  NotFound              404  service_id
SnapshotNotFound                 NotFound              404  snapshot_id
VolumeNotFound                   NotFound              404  volume_id
OverQuota                        NovaException         500  overs
TaskAlreadyRunning               NovaException         500  task_name host
TaskNotRunning                   NovaException         500  task_name host
UnexpectedTaskStateError         NovaException         500  expected actual
VirtualInterfaceCreateException  NovaException         500
NotSupported                     NovaException         500
BackendNotFound                  NovaException         500  name
BackendLoadError                 NovaException         500  name reason
IncompleteDriver                 NovaException         500  driver
"""
ROWS = [(name, parent, int(code), names) for name, parent, code, *names in map(str.split, TREE.strip().splitlines())]
IDS = [row[0] for row in ROWS]


@pytest.mark.parametrize("name,parent,code,names", ROWS, ids=IDS)
@decision(19, 23)
def test_tree(name: str, parent: str, code: int, names: list[str]) -> None:
    kind = getattr(exceptions, name)

    assert kind.__bases__[0] is getattr(exceptions, parent)
    assert kind.__bases__[1:] == ((KeyError,) if name == "MissingKeys" else ())
    assert kind.code == code
    assert kind.headers == {}
    assert kind.safe is (name == "NoMoreFloatingIps")
    assert kind.__module__ == "nova_db.exceptions"


@pytest.mark.parametrize("name,parent,code,names", ROWS, ids=IDS)
def test_text_shows_the_arguments(
    name: str, parent: str, code: int, names: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    kwargs = {each: f"<{each}>" for each in names}
    error = getattr(exceptions, name)(**kwargs, more="than needed")

    assert all(value in str(error) for value in kwargs.values())
    assert "%(" not in str(error)
    assert "more" not in str(error)
    assert error.args == (str(error),)
    assert error.kwargs == {**kwargs, "more": "than needed", "code": code}
    assert caplog.records == []


@pytest.mark.parametrize("name,parent,code,names", ROWS, ids=IDS)
def test_pickles_and_copies(name: str, parent: str, code: int, names: list[str], subtests: pytest.Subtests) -> None:
    error = getattr(exceptions, name)(**{each: f"<{each}>" for each in names})

    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301
        with subtests.test(other=other):
            assert type(other) is type(error)
            assert str(other) == str(error)
            assert other.kwargs == error.kwargs


def test_every_nova_exception_is_in_the_tree() -> None:
    offered = [getattr(exceptions, name) for name in exceptions.__all__]

    assert {kind.__name__ for kind in offered if issubclass(kind, NovaException)} == {"NovaException", *IDS}


def test_no_two_texts_are_alike() -> None:
    texts = [getattr(exceptions, name).message for name in ("NovaException", *IDS)]

    assert len(set(texts)) == len(texts)


def test_a_message_is_used_as_it_is() -> None:
    error = exceptions.InstanceNotFound("100% %(gone)s", instance_id="i")

    assert str(error) == error.args[0] == error.format_message() == "100% %(gone)s"
    assert error.kwargs == {"instance_id": "i", "code": 404}


def test_base_class() -> None:
    error = NovaException()

    assert str(error) == "An unknown exception occurred."
    assert (error.code, error.kwargs) == (500, {"code": 500})


def test_a_code_given_changes_that_argument_only() -> None:
    error = NotFound(code=410)

    assert error.kwargs == {"code": 410}
    assert error.code == 404


def test_subclasses_fill_their_own_template() -> None:
    class TapeJam(NotFound):
        message = "Drive %(drive)d is jammed (%(code)s)."

    assert str(TapeJam(drive=3)) == "Drive 3 is jammed (404)."


def test_a_text_that_cannot_be_filled_is_logged_and_left_unfilled(caplog: pytest.LogCaptureFixture) -> None:
    error = exceptions.KeypairNotFound(name="mine", other=5)

    assert str(error) == exceptions.KeypairNotFound.message
    assert error.kwargs == {"name": "mine", "other": 5, "code": 404}
    first, *others = caplog.records
    assert first.levelno == logging.ERROR
    assert "KeypairNotFound" in first.getMessage()
    assert first.exc_info is not None
    assert first.exc_info[0] is KeyError
    assert [record.getMessage().partition(": ")[2] for record in others] == ["name='mine'", "other=5", "code=404"]


def test_wrongly_typed_arguments_do_not_fit_either(caplog: pytest.LogCaptureFixture) -> None:
    class Numbered(NovaException):
        message = "%(number)d"

    assert str(Numbered(number="one")) == "%(number)d"
    assert str(exceptions.UnexpectedTaskStateError(expected="a")) == exceptions.UnexpectedTaskStateError.message
    assert len([record for record in caplog.records if record.exc_info]) == 2


class Unprintable:
    """What raises when it is asked how it is shown."""

    def __repr__(self) -> str:
        raise OSError("no words")


@pytest.mark.parametrize(
    "value, text",
    [
        (Unprintable(), "<Unprintable>"),
        ([Unprintable(), {1: ("a", None)}], "[<Unprintable>, {1: ('a', None)}]"),
        ({"b", "a"}, "{'a', 'b'}"),
        (10**5000, "an int of 16610 bits"),
        ([[[[[[["deep"]]]]]]], "[[[[[...]]]]]"),
        ([0] * 102, f"[{'0, ' * 100}... and 2 more]"),
        (uuid.UUID(int=1), str(uuid.UUID(int=1))),
        (dt.datetime(2030, 1, 1), "2030-01-01 00:00:00"),
        (OSError("a reason"), "a reason"),
        (1.5, "1.5"),
    ],
    ids=lambda value: "",
)
def test_any_argument_can_be_shown(value: Any, text: str, caplog: pytest.LogCaptureFixture) -> None:
    error = exceptions.InvalidUUID(uuid=value)

    assert str(error) == f"Expected a UUID but received {text}."
    assert error.kwargs["uuid"] is value
    assert caplog.records == []


def test_any_states_can_be_shown() -> None:
    error = exceptions.UnexpectedTaskStateError(expected=[Unprintable(), "a"], actual=Unprintable())

    assert "<Unprintable> or 'a'" in str(error)


def test_any_argument_can_be_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert str(exceptions.KeypairNotFound(name=Unprintable())) == exceptions.KeypairNotFound.message
    assert "name=<Unprintable>" in caplog.text


def test_format_errors_are_raised_when_the_option_says_so(options: cfg.ConfigOpts) -> None:
    options.set_override("fatal_exception_format_errors", True)

    with pytest.raises(KeyError, match="user_id"):
        exceptions.KeypairNotFound(name="mine")
    with pytest.raises(KeyError, match="actual"):
        exceptions.UnexpectedTaskStateError(expected="a")


def test_what_rpc_rebuilds_tells_its_message_without_the_traceback() -> None:
    def text(self: Exception) -> str:
        return f"{self.args[0]}\nTraceback of the other side"

    remote = type("InstanceNotFound_Remote", (exceptions.InstanceNotFound,), {"__str__": text})
    error = remote(instance_id="i")

    assert "Traceback" in str(error)
    assert error.format_message() == str(exceptions.InstanceNotFound(instance_id="i"))


def test_unexpected_task_state_names_both_states() -> None:
    def text(expected: object, actual: object) -> str:
        return str(exceptions.UnexpectedTaskStateError(expected=expected, actual=actual))

    assert "expected 'scheduling', but it is None" in text("scheduling", None)
    assert "expected 'scheduling' or None, but it is 'deleting'" in text(["scheduling", None], "deleting")
    assert "expected 'a', 'b' or None, but it is 1" in text({"b", None, "a"}, 1)
    assert "expected none at all, but it is 'x'" in text((), "x")


def test_over_quota_lists_the_resources() -> None:
    error = exceptions.OverQuota(overs=["cores", "ram"], quotas={"cores": 1}, usages={})

    assert str(error).endswith(": cores, ram.")
    assert error.kwargs["quotas"] == {"cores": 1}


def test_unknown_column_suggests_the_nearest() -> None:
    with_one = exceptions.UnknownColumn(table="instances", column="hots", nearest="host")
    without = exceptions.UnknownColumn(table="instances", column="xyz", nearest=None)

    assert str(with_one) == "Table instances has no column 'hots'; did you mean 'host'?"
    assert str(without) == "Table instances has no column 'xyz'."
    computed = exceptions.UnknownColumn(table="instances", column="name", nearest=None, computed=True)
    assert str(computed).endswith("no column 'name': it is computed, and can be neither written nor looked for.")


def test_not_supported_says_what_and_why() -> None:
    assert str(exceptions.NotSupported()) == "The backend does not support this."
    error = exceptions.NotSupported(feature="transactions", reason="it has none")
    assert str(error) == "The backend does not support transactions: it has none."


def test_incomplete_driver_lists_the_methods() -> None:
    error = exceptions.IncompleteDriver(driver="mine.Driver", missing=["a", "b"], mismatched=["c(x): expected c(y)"])

    assert str(error).splitlines() == [
        "The driver mine.Driver does not provide the whole API.",
        "Missing: a, b.",
        "With a signature that does not fit:",
        "  c(x): expected c(y)",
    ]


def test_what_the_api_module_offers_is_the_same() -> None:
    assert nova_db.NoMoreNetworks is exceptions.NoMoreNetworks
    assert nova_db.NoMoreTargets is exceptions.NoMoreTargets


def test_importing_them_does_not_import_the_options_library() -> None:
    script = (
        "import sys, nova_db.exceptions as e; e.InstanceNotFound(instance_id=1)\n"
        "print([name for name in sys.modules if name.startswith('oslo')])"
    )
    root = Path(nova_db.__file__).parents[1]
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=root)

    assert result.stdout == "[]\n"
