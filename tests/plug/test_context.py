"""Request contexts and the checks made of them."""

from __future__ import annotations

import asyncio
import contextvars
import datetime as dt
import re
import threading
from dataclasses import dataclass
from typing import Any
from unittest import mock

import pytest

from nova_db import context as contexts
from nova_db.context import RequestContext, get_admin_context
from nova_db.exceptions import AdminRequired, NotAuthorized

KEYS = {
    *("user_id", "project_id", "is_admin", "read_deleted", "roles", "remote_address", "timestamp", "request_id"),
    *("auth_token", "quota_class", "user_name", "service_catalog", "project_name", "instance_lock_checked"),
    *("tenant", "user"),
}


@dataclass
class Duck:
    """Not of our kind, but has what it takes."""

    user_id: Any = None
    project_id: Any = None
    is_admin: Any = False
    read_deleted: str = "no"


def test_what_is_given_is_kept() -> None:
    given: dict[str, Any] = {
        "remote_address": "192.0.2.1",
        "request_id": "req-1",
        "auth_token": "token",
        "quota_class": "gold",
        "user_name": "Ada",
        "project_name": "engines",
        "instance_lock_checked": True,
        "read_deleted": "only",
        "is_admin": True,
        "roles": ["member"],
    }
    context = RequestContext("u", "p", **given)

    assert (context.user_id, context.project_id) == ("u", "p")
    assert {name: getattr(context, name) for name in given} == given


def test_defaults() -> None:
    context = RequestContext(None, None)

    assert context.is_admin is False
    assert context.read_deleted == "no"
    assert context.roles == []
    assert context.service_catalog == []
    assert context.instance_lock_checked is False
    assert (context.auth_token, context.quota_class, context.remote_address) == (None, None, None)
    assert re.fullmatch(r"req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", context.request_id)
    assert RequestContext(None, None).request_id != context.request_id


def test_aliases_are_read_only() -> None:
    context = RequestContext("u", "p")

    assert (context.user, context.tenant) == ("u", "p")
    with pytest.raises(AttributeError):
        context.user = "v"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        context.tenant = "q"  # type: ignore[misc]


@pytest.mark.parametrize(
    "roles,expected",
    [([], False), (["member"], False), (["member", "admin"], True), (["Admin"], True), (["x-admin"], False)],
)
def test_the_role_admin_makes_an_administrator(roles: list[str], expected: bool) -> None:
    assert RequestContext("u", "p", roles=roles).is_admin is expected


@pytest.mark.parametrize("is_admin", [True, False])
def test_a_given_is_admin_counts_more_than_roles(is_admin: bool) -> None:
    assert RequestContext("u", "p", is_admin=is_admin, roles=["admin"]).is_admin is is_admin


def test_roles_are_a_copy() -> None:
    roles = ["member"]
    context = RequestContext("u", "p", roles=roles)
    context.roles.append("more")

    assert roles == ["member"]


@pytest.mark.parametrize("value", ["no", "yes", "only"])
def test_read_deleted(value: str) -> None:
    context = RequestContext("u", "p", read_deleted=value)
    assert context.read_deleted == value
    context.read_deleted = "no"
    context.read_deleted = value
    assert context.read_deleted == value


@pytest.mark.parametrize("value", ["", "NO", None, True, "deleted"])
def test_other_read_deleted_is_refused(value: Any) -> None:
    context = RequestContext("u", "p", read_deleted="yes")

    with pytest.raises(ValueError, match="'no', 'yes' and 'only'"):
        RequestContext("u", "p", read_deleted=value)
    with pytest.raises(ValueError, match="'no', 'yes' and 'only'"):
        context.read_deleted = value
    assert context.read_deleted == "yes"
    with pytest.raises(ValueError, match="read_deleted"):
        get_admin_context(read_deleted="sometimes")


def test_timestamp() -> None:
    moment = dt.datetime(2013, 4, 4, 12, 30, 1, 5)
    zone = dt.timezone(dt.timedelta(hours=2))

    assert RequestContext("u", "p", timestamp=moment).timestamp == moment
    assert RequestContext("u", "p", timestamp="2013-04-04T12:30:01.000005").timestamp == moment
    aware = RequestContext("u", "p", timestamp=moment.replace(tzinfo=zone)).timestamp
    assert aware == dt.datetime(2013, 4, 4, 10, 30, 1, 5)
    assert aware.tzinfo is None
    with pytest.raises(ValueError, match="yesterday"):
        RequestContext("u", "p", timestamp="yesterday")


@pytest.mark.parametrize("empty", [None, ""])
def test_timestamp_is_now_when_empty(empty: Any) -> None:
    now = dt.datetime(2013, 4, 4)
    with mock.patch("oslo_utils.timeutils.utcnow", return_value=now):
        assert RequestContext("u", "p", timestamp=empty).timestamp == now


def test_only_volume_services_are_kept() -> None:
    catalog = [{"type": "compute"}, {"type": "volume", "name": "v"}, {"name": "untyped"}]

    assert RequestContext("u", "p", service_catalog=catalog).service_catalog == [{"type": "volume", "name": "v"}]


def test_unknown_arguments_are_dropped_and_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    context = RequestContext("u", "p", shoe_size=44, cookie="secret")

    assert not hasattr(context, "shoe_size")
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "cookie, shoe_size" in record.getMessage()
    assert "secret" not in caplog.text


def test_to_dict_and_back() -> None:
    context = RequestContext(
        "u",
        "p",
        roles=["member"],
        read_deleted="yes",
        timestamp=dt.datetime(2013, 4, 4, 12, 30),
        service_catalog=[{"type": "volume"}],
        instance_lock_checked=True,
    )
    values = context.to_dict()
    before = dict(values)

    assert set(values) == KEYS
    assert values["timestamp"] == "2013-04-04T12:30:00.000000"
    assert (values["user"], values["tenant"]) == ("u", "p")
    again = RequestContext.from_dict(values)
    assert again.to_dict() == values == before
    assert again.timestamp == context.timestamp


def test_to_dict_shares_no_list() -> None:
    context = RequestContext("u", "p", roles=["member"])
    context.to_dict()["roles"].append("admin")

    assert context.roles == ["member"]


def test_elevated() -> None:
    context = RequestContext("u", "p", roles=["member"], request_id="req-1", read_deleted="only")
    elevated = context.elevated()

    assert type(elevated) is RequestContext
    assert {**elevated.to_dict(), "is_admin": False, "roles": ["member"]} == context.to_dict()
    assert elevated.is_admin is True
    assert elevated.roles == ["member", "admin"]
    assert (context.is_admin, context.roles) == (False, ["member"])
    assert context.elevated(read_deleted="yes").read_deleted == "yes"
    assert context.read_deleted == "only"
    with pytest.raises(ValueError, match="read_deleted"):
        context.elevated(read_deleted="never")


def test_elevating_an_administrator_adds_no_second_role() -> None:
    assert RequestContext("u", "p", roles=["admin"]).elevated().roles == ["admin"]


def test_elevating_keeps_a_subclass_and_its_attributes() -> None:
    class Mine(RequestContext):
        trace = ""

    context = Mine("u", "p")
    context.trace = "abc"

    assert type(context.elevated()) is Mine
    assert context.elevated().trace == "abc"


def test_admin_context() -> None:
    context = get_admin_context(read_deleted="yes")

    assert (context.user_id, context.project_id, context.is_admin) == (None, None, True)
    assert context.read_deleted == "yes"
    assert get_admin_context().read_deleted == "no"


def in_thread(function: Any) -> Any:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(function()))
    thread.start()
    thread.join()
    return found[0]


def test_the_current_context() -> None:
    def scenario() -> list[Any]:
        seen: list[Any] = [contexts.get_current()]
        admin = get_admin_context()
        seen.append(contexts.get_current() is admin)
        user = RequestContext("u", "p")
        seen.append(contexts.get_current() is user)
        get_admin_context()
        RequestContext("v", "q", overwrite=False)
        user.elevated(overwrite=True)
        seen.append(contexts.get_current() is user)
        return seen

    assert in_thread(scenario) == [None, True, True, True]


def test_threads_do_not_share_a_current_context() -> None:
    mine = RequestContext("u", "p")

    assert in_thread(contexts.get_current) is None
    in_thread(lambda: RequestContext("v", "q"))
    assert contexts.get_current() is mine


def test_tasks_do_not_share_a_current_context() -> None:
    async def child(name: str) -> list[Any]:
        seen = [contexts.get_current()]
        mine = RequestContext(name, "p")
        await asyncio.sleep(0)  # the other task makes its own
        RequestContext("v", "q", overwrite=False)
        return [*seen, contexts.get_current() is mine]

    async def parent() -> list[Any]:
        mine = RequestContext("u", "p")
        seen = await asyncio.gather(child("a"), child("b"))
        return [each == [mine, True] for each in seen] + [contexts.get_current() is mine]

    assert in_thread(lambda: asyncio.run(parent())) == [True, True, True]


def test_a_thread_that_works_for_a_task_has_the_task_s_current_context() -> None:
    async def scenario() -> list[Any]:
        mine = RequestContext("u", "p")
        seen = [await asyncio.to_thread(contexts.get_current) is mine]
        await asyncio.to_thread(RequestContext, "v", "q")
        return [*seen, contexts.get_current() is mine]

    assert in_thread(lambda: asyncio.run(scenario())) == [True, True]


def test_a_context_of_its_own_starts_without() -> None:
    RequestContext("u", "p")
    assert contextvars.Context().run(contexts.get_current) is None
    assert contextvars.copy_context().run(contexts.get_current) is contexts.get_current()


ADMIN = Duck(is_admin=True)
USER = Duck("u", "p")
NOBODIES = [Duck(), Duck(user_id="u"), Duck(project_id="p"), Duck("", "p"), Duck("u", ""), None]


def test_is_user_context() -> None:
    assert contexts.is_user_context(USER) is True
    assert contexts.is_user_context(Duck("u", "p", is_admin=True)) is False
    assert [contexts.is_user_context(nobody) for nobody in NOBODIES] == [False] * len(NOBODIES)


def test_require_context(subtests: pytest.Subtests) -> None:
    contexts.require_context(ADMIN)
    contexts.require_context(USER)
    for nobody in NOBODIES:
        with subtests.test(nobody=nobody):
            with pytest.raises(NotAuthorized) as caught:
                contexts.require_context(nobody)
            assert type(caught.value) is NotAuthorized
            assert caught.value.kwargs == {"code": 403}


def test_require_admin(subtests: pytest.Subtests) -> None:
    contexts.require_admin(ADMIN)
    for other in [USER, *NOBODIES]:
        with subtests.test(other=other), pytest.raises(AdminRequired):
            contexts.require_admin(other)


@pytest.mark.parametrize("check,mine", [(contexts.authorize_project, "p"), (contexts.authorize_user, "u")])
def test_authorize_project_and_user(check: Any, mine: str, subtests: pytest.Subtests) -> None:
    check(USER, mine)
    for other in ("other", None, ""):
        with subtests.test(other=other):
            with pytest.raises(NotAuthorized):
                check(USER, other)
            for passed in [ADMIN, *NOBODIES]:
                check(passed, other)


def test_authorize_quota_class(subtests: pytest.Subtests) -> None:
    user = RequestContext("u", "p", quota_class="gold")

    contexts.authorize_quota_class(user, "gold")
    contexts.authorize_quota_class(ADMIN, "gold")
    contexts.authorize_quota_class(Duck(), "gold")
    refused: list[tuple[Any, Any]] = [
        (user, "silver"),
        (RequestContext("u", "p"), "gold"),
        (RequestContext("u", "p"), None),
        (RequestContext("u", "p", quota_class=""), ""),
        (USER, "gold"),
    ]
    for context, name in refused:
        with subtests.test(context=context, name=name), pytest.raises(NotAuthorized):
            contexts.authorize_quota_class(context, name)


def test_repr_tells_no_token() -> None:
    assert "req-1" in repr(RequestContext("u", "p", request_id="req-1", auth_token="secret"))
    assert "secret" not in repr(RequestContext("u", "p", auth_token="secret"))
