"""Flavors, called instance types here: the contract of the sizes that instances come in, and who may use them.

A flavor record has all columns and ``extra_specs``: its live extra specs as a dict, key to value. It has two
identifiers: ``id`` is the key, an integer; ``flavorid`` is the public one, text. Live flavors have neither ``name``
nor ``flavorid`` in common; both can be used again after a flavor is deleted.

"That the caller may use" means: all for administrators; for others the public flavors and those with a live access
row for ``context.project_id``.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any

from nova_db.driver.records import InstanceType, InstanceTypeAccess
from nova_db.driver.types import Context, Id, Text, Values, Visibility


class FlavorsContract(abc.ABC):
    """What a driver does for flavors, their extra specs and the access to them."""

    @abc.abstractmethod
    def instance_type_create(self, context: Context, values: Values) -> InstanceType:
        """Insert a flavor, and return it.

        Auth: admin. Rows: live, where it is looked up whether name and ``flavorid`` are taken.

        ``values`` holds columns, ``name`` and ``flavorid`` among them, and optionally ``extra_specs``, a mapping of
        key to value. ``swap`` is 0, ``rxtx_factor`` 1, ``disabled`` False and ``is_public`` True unless given.

        Racing: a name, and a ``flavorid``, gets one live flavor.

        :raises InstanceTypeExists: a live flavor has the name. This comes first.
        :raises InstanceTypeIdExists: a live flavor has the ``flavorid``; ``flavor_id`` is that.
        :raises KeyError: ``name`` or ``flavorid`` is missing.
        :raises DBError: for whatever other reason the rows could not be inserted.
        """

    @abc.abstractmethod
    def instance_type_get_all(
        self, context: Context, inactive: bool = False, filters: Values | None = None
    ) -> list[InstanceType]:
        """Return the flavors that the caller may use, ordered by ``name``, then ``id``.

        Auth: context. Rows: live, or all if ``inactive`` is true; the context does not matter.

        They meet all of ``filters``. ``project_id`` means nothing here, and other keys than these are ignored as in
        :func:`instance_get_all_by_filters`:

        ``min_memory_mb``, ``min_root_gb``
            The column is at least the value; None is no filter.
        ``disabled``
            The column equals the value.
        ``is_public``
            True: public flavors and those with a live access row for ``context.project_id``, also for an
            administrator. False: flavors that are not public. None is no filter.

        :raises UnknownFilter: another key, with ``[database] strict_filters``. It is an ``Invalid``.
        """

    @abc.abstractmethod
    def instance_type_get(self, context: Context, id: Id) -> InstanceType:
        """Return the flavor with the key ``id``, if the caller may use it.

        Auth: context. Rows: visible.

        :raises InstanceTypeNotFound: no such flavor; ``instance_type_id`` is the id.
        """

    @abc.abstractmethod
    def instance_type_get_by_name(self, context: Context, name: Text) -> InstanceType:
        """Return the first flavor named ``name`` that the caller may use.

        Auth: context. Rows: visible.

        :raises InstanceTypeNotFoundByName: no such flavor. It is an ``InstanceTypeNotFound``.
        """

    @abc.abstractmethod
    def instance_type_get_by_flavor_id(
        self, context: Context, id: Id | None, read_deleted: Visibility = None
    ) -> InstanceType:
        """Return the flavor whose ``flavorid`` is ``id``, if the caller may use it.

        Auth: context. Rows: visible, by ``read_deleted`` instead of the context's unless that is None.

        Of a live flavor and deleted ones the live one is meant.

        :raises FlavorNotFound: no such flavor; ``flavor_id`` is the id.
        """

    @abc.abstractmethod
    def instance_type_destroy(self, context: Context, name: Text) -> None:
        """Soft-delete the flavor named ``name`` and its extra specs.

        Auth: admin. Rows: live.

        Access rows stay. Racing: of several calls one succeeds.

        :raises InstanceTypeNotFoundByName: no such flavor; ``instance_type_name`` is the name.
        """

    @abc.abstractmethod
    def instance_type_access_get_by_flavor_id(self, context: Context, flavor_id: Id | None) -> list[InstanceTypeAccess]:
        """Return the access rows of a flavor, each with ``instance_type_id`` and ``project_id``.

        Auth: admin. Rows: visible flavors, live access rows.

        ``flavor_id`` is the public identifier.

        :raises FlavorNotFound: no such flavor.
        """

    @abc.abstractmethod
    def instance_type_access_add(self, context: Context, flavor_id: Id | None, project_id: Text) -> InstanceTypeAccess:
        """Give ``project_id`` access to a flavor, public or not, and return the access row.

        Auth: admin. Rows: live.

        ``flavor_id`` is the public identifier. Racing: of several calls for one project one succeeds.

        :raises FlavorNotFound: no such flavor.
        :raises FlavorAccessExists: the project has access.
        """

    @abc.abstractmethod
    def instance_type_access_remove(self, context: Context, flavor_id: Id | None, project_id: Text) -> None:
        """Take access to a flavor from ``project_id``.

        Auth: admin. Rows: live.

        ``flavor_id`` is the public identifier. Racing: of several calls for one project one succeeds.

        :raises FlavorNotFound: no such flavor.
        :raises FlavorAccessNotFound: the project has no access.
        """

    @abc.abstractmethod
    def instance_type_extra_specs_get(self, context: Context, flavor_id: Id | None) -> dict[str, str | None]:
        """Return the extra specs of a flavor as a dict, key to value; ``{}`` if there is no such flavor.

        Auth: context, for whatever flavor. Rows: live.

        ``flavor_id`` is the public identifier.
        """

    @abc.abstractmethod
    def instance_type_extra_specs_delete(self, context: Context, flavor_id: Id | None, key: Text) -> None:
        """Soft-delete the extra spec ``key`` of a flavor, if it is there.

        Auth: context, for whatever flavor. Rows: live.

        ``flavor_id`` is the public identifier.
        """

    @abc.abstractmethod
    def instance_type_extra_specs_update_or_create(
        self, context: Context, flavor_id: Id | None, extra_specs: Mapping[str, Any]
    ) -> None:
        """Set the items of ``extra_specs`` on a flavor; its other extra specs stay.

        Auth: context, for whatever flavor. Rows: live.

        ``flavor_id`` is the public identifier. Values are stored as text, or null. The value of a key that is there
        is changed in place. Racing: a key has one live row per flavor.

        :raises FlavorNotFound: no such flavor, also if there is nothing to set.
        """
