"""What the models work out from a row and its relations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy.ext.hybrid import hybrid_property

from nova_db.conf.naming import filled
from nova_db_sqlalchemy.models.base import NovaBase, columns

if TYPE_CHECKING:
    from collections.abc import Mapping


class InstanceValues(NovaBase):
    """``Instance.name``."""

    id: int | None

    @property
    def name(self) -> str | None:
        """The configured template applied to the id, or to the columns; None before the row has an id."""
        # Here, so that the models can be imported without the whole of the API.
        from nova_db.operations.rows.records import instance_name

        return None if self.id is None else instance_name(columns(self))


class AggregateValues(NovaBase):
    """What an aggregate knows from its hosts and metadata, those of live rows in order of their ids."""

    _hosts: list[Any]
    _metadata: list[Any]

    @property
    def hosts(self) -> list[str]:
        """The names of its hosts."""
        return [membership.host for membership in self._hosts]

    @property
    def metadetails(self) -> dict[str, str]:
        """Its metadata, key to value."""
        return {item.key: item.value for item in self._metadata}

    @property
    def availability_zone(self) -> str | None:
        """The value of the metadata key of that name, or None."""
        return self.metadetails.get("availability_zone")


class QuotaUsageValues(NovaBase):
    """``QuotaUsage.total``, also in queries."""

    in_use: int
    reserved: int

    @hybrid_property
    def total(self) -> int:
        """What is in use and what is reserved."""
        return self.in_use + self.reserved


class VolumeValues(NovaBase):
    """``Volume.name``."""

    id: str

    @property
    def name(self) -> str:
        """The configured template applied to the id."""
        return filled("volume_name_template", self.id)


class SnapshotValues(NovaBase):
    """``Snapshot.name`` and ``Snapshot.volume_name``."""

    id: str
    volume_id: str

    @property
    def name(self) -> str:
        """The configured template applied to the id."""
        return filled("snapshot_name_template", self.id)

    @property
    def volume_name(self) -> str:
        """The name of the volume that the snapshot is of."""
        return filled("volume_name_template", self.volume_id)


BASES: Final[Mapping[str, type[NovaBase]]] = {
    "Aggregate": AggregateValues,
    "Instance": InstanceValues,
    "QuotaUsage": QuotaUsageValues,
    "Snapshot": SnapshotValues,
    "Volume": VolumeValues,
}
"""Models with computed values, to the class that computes them."""
