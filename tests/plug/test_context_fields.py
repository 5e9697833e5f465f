"""What the fields of a context take, how what they do not take is refused, and that nothing unsure gives rights."""

from __future__ import annotations

import datetime as dt
import uuid
from types import SimpleNamespace
from typing import Any, cast

import pytest

from nova_db import context as contexts
from nova_db import exceptions
from nova_db.context import RequestContext
from nova_db_conformance import decision

SECRET = "hush-hush"
TEXTS = (
    *("user_id", "project_id", "remote_address", "request_id", "auth_token"),
    *("quota_class", "user_name", "project_name"),
)
NO_FLAGS: tuple[Any, ...] = (
    *("false", "False", "no", "", "0", "1", "true"),
    2,
    -1,
    0.0,
    1.0,
    [],
    [False],
    {},
    object(),
    b"1",
)
NO_UNICODE = ("\ud800", "a\udfffb", "a\0b")
NO_TEXTS: tuple[Any, ...] = ([], ["p"], b"p", {"p": 1}, object(), 1j, ("p",))
EAST, WEST = (dt.timezone(dt.timedelta(hours=hours)) for hours in (12, -12))


def made(**fields: Any) -> RequestContext:
    return RequestContext(**{"user_id": "u", "project_id": "p", "overwrite": False, **fields})


def refused(name: str, value: Any, error: type[Exception]) -> None:
    """In each of the ways in which a field gets a value, and nothing changes."""
    context = made()
    before = context.to_dict()
    ways = (
        lambda: made(**{name: value}),
        lambda: setattr(context, name, value),
        lambda: RequestContext.from_dict({**before, name: value}),
    )
    for way in ways:
        with pytest.raises(error, match=name) as caught:
            way()
        assert SECRET not in str(caught.value)
    assert context.to_dict() == before


@decision(35)
@pytest.mark.parametrize("name", ["is_admin", "instance_lock_checked"])
def test_a_flag_is_a_bool(name: str, subtests: pytest.Subtests) -> None:
    for given, kept in ((True, True), (False, False), (1, True), (0, False)):
        with subtests.test(given=given):
            assert getattr(made(**{name: given}), name) is kept
            context = made()
            setattr(context, name, given)
            assert getattr(context, name) is kept
    for value in NO_FLAGS:
        with subtests.test(value=value):
            refused(name, value, TypeError)


class Liar:
    """It says to be a one, and equal to whatever it is compared with."""

    @property
    def __class__(self) -> Any:
        return int

    @__class__.setter
    def __class__(self, kind: Any) -> None:
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]

    def __index__(self) -> int:
        return 1


class LyingNumber(int):
    """It says to be equal to whatever it is compared with."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize("liar", [Liar(), LyingNumber(7)], ids=["object", "number"])
def test_nobody_lies_himself_into_rights(liar: Any) -> None:
    with pytest.raises(TypeError, match="is_admin"):
        made(is_admin=liar)
    with pytest.raises(TypeError, match="is_admin"):
        contexts.require_admin(SimpleNamespace(is_admin=liar))
    with pytest.raises(ValueError, match="read_deleted"):
        made(read_deleted=liar)


def test_rights_are_never_unset(subtests: pytest.Subtests) -> None:
    context = made()
    with pytest.raises(TypeError, match=r"is_admin .* not None"):
        context.is_admin = None  # type: ignore[assignment]
    assert context.is_admin is False


def test_whether_it_becomes_the_current_one_is_a_bool() -> None:
    with pytest.raises(TypeError, match="overwrite"):
        made(overwrite="false")


@decision(34, 35)
@pytest.mark.parametrize("name", TEXTS)
def test_text(name: str, subtests: pytest.Subtests) -> None:
    class Shouting(str):
        def __str__(self) -> str:
            return self.upper()

    some, shouting = uuid.uuid4(), cast("Any", Shouting("a"))
    for given, kept in (("Zoë", "Zoë"), ("x" * 3000, "x" * 3000), (5, "5"), (some, str(some)), (shouting, "a")):
        with subtests.test(given=given):
            found = getattr(made(**{name: given}), name)
            assert (found, type(found)) == (kept, str)
    for value in NO_UNICODE:
        with subtests.test(value=ascii(value)):
            refused(name, SECRET + value, ValueError)
    for value in NO_TEXTS:
        with subtests.test(value=value):
            refused(name, value, TypeError)


def test_no_text_is_none_but_for_the_request(subtests: pytest.Subtests) -> None:
    for name in TEXTS:
        with subtests.test(name=name):
            context = made(**{name: "x"})
            setattr(context, name, None)
            if name == "request_id":
                assert context.request_id.startswith("req-")
            else:
                assert getattr(context, name) is None


@decision(35)
def test_roles_are_texts(subtests: pytest.Subtests) -> None:
    for given in (["a", "Admin"], ("a", "Admin"), iter(["a", "Admin"])):
        with subtests.test(given=given):
            context = made(roles=given)
            assert (context.roles, context.is_admin) == (["a", "Admin"], True)
    no_roles = (
        "admin",
        b"admin",
        {"admin": False},
        5,
        object(),
        [None],
        ["admin", 5],
        [b"admin"],
        [["admin"]],
        [SECRET, 1],
    )
    for value in no_roles:
        with subtests.test(value=value):
            refused("roles", value, TypeError)
    for value in NO_UNICODE:
        with subtests.test(value=ascii(value)):
            refused("roles", ["a", value], ValueError)
    with subtests.test("none"):
        assert made(roles=None).roles == []


def test_the_service_catalog_is_mappings(subtests: pytest.Subtests) -> None:
    volume = {"type": "volume"}
    context = made(service_catalog=iter([{"type": "compute"}, volume]))
    assert context.service_catalog == [volume]
    context.service_catalog = [volume, {}]
    assert context.service_catalog == [volume]
    no_catalogs = ("volume", b"", volume, 5, object(), [None], [volume, "volume"], [[("type", "volume")]], [SECRET])
    for value in no_catalogs:
        with subtests.test(value=value):
            refused("service_catalog", value, TypeError)


def test_the_timestamp_is_a_time(subtests: pytest.Subtests) -> None:
    context = made()
    context.timestamp = "2013-04-04T12:30:01.000005"  # type: ignore[assignment]
    assert context.timestamp == dt.datetime(2013, 4, 4, 12, 30, 1, 5)
    for value in (0, 1365078601, 1.5, False, dt.date(2013, 4, 4), [], object()):
        with subtests.test(value=value):
            refused("timestamp", value, TypeError)
    for value in (dt.datetime.min.replace(tzinfo=EAST), dt.datetime.max.replace(tzinfo=WEST)):
        with subtests.test(value=value):
            refused("timestamp", value, ValueError)
            with pytest.raises(ValueError, match="no counterpart in UTC"):
                made(timestamp=value)
    for value in ("now", "2013-04-04", "2013-04-04T12:30:01Z", "\ud800"):
        with subtests.test(value=ascii(value)), pytest.raises(ValueError, match="is no time of the form"):
            made(timestamp=value)


def test_a_context_is_made_of_a_mapping(subtests: pytest.Subtests) -> None:
    for value in (None, "context", [("user_id", "u")], made()):
        with subtests.test(value=value), pytest.raises(TypeError, match="mapping of its fields"):
            RequestContext.from_dict(value)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="project_id"):
        RequestContext.from_dict({"user_id": "u"})


def test_a_copy_with_rights_is_checked_too() -> None:
    context = made()
    context.roles.append(None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="roles"):
        context.elevated()
    with pytest.raises(ValueError, match="read_deleted"):
        made().elevated(read_deleted=True)  # type: ignore[arg-type]


@decision(35)
def test_a_foreign_context_s_rights_are_a_bool(subtests: pytest.Subtests) -> None:
    checks = (
        contexts.has_admin_rights,
        contexts.is_user_context,
        contexts.require_context,
        contexts.require_admin,
        lambda context: contexts.authorize_project(context, "p"),
        lambda context: contexts.authorize_user(context, "u"),
        lambda context: contexts.authorize_quota_class(context, "c"),
    )
    for check in checks:
        for value in (*NO_FLAGS, None):
            foreign: Any = SimpleNamespace(user_id="u", project_id="p", is_admin=value, read_deleted="no")
            with subtests.test(check=check, value=value), pytest.raises(TypeError, match="is_admin"):
                check(foreign)


def test_a_foreign_context_s_rights_may_be_a_number() -> None:
    class Foreign(SimpleNamespace):
        user_id, project_id, read_deleted = "u", "p", "no"

    admin, user = Foreign(is_admin=1), Foreign(is_admin=0)
    contexts.require_admin(admin)
    contexts.require_context(user)
    assert [contexts.is_user_context(each) for each in (admin, user)] == [False, True]
    with pytest.raises(exceptions.AdminRequired):
        contexts.require_admin(user)


@decision(34)
def test_who_asks_for_his_own_is_known_by_the_text(subtests: pytest.Subtests) -> None:
    some = uuid.uuid4()
    numbered = SimpleNamespace(user_id=5, project_id=some, is_admin=False, read_deleted="no", quota_class=7)
    own = made(user_id=5, project_id=some, quota_class=7)
    for context in (numbered, own):
        for project, user, quota_class in ((some, 5, 7), (str(some), "5", "7")):
            with subtests.test(context=context, project=project):
                contexts.authorize_project(context, project)  # type: ignore[arg-type]
                contexts.authorize_user(context, user)  # type: ignore[arg-type]
                contexts.authorize_quota_class(context, quota_class)  # type: ignore[arg-type]
        for other in (None, "", "05", 6, "\ud800", "5\0", [5], object(), 5.0):
            with subtests.test(context=context, other=other), pytest.raises(exceptions.NotAuthorized):
                contexts.authorize_user(context, other)  # type: ignore[arg-type]
