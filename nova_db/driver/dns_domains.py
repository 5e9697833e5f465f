"""DNS domains: the contract of which project or availability zone a domain belongs to.

A record has ``domain``, its key, ``scope`` (``private``: a zone's; ``public``: a project's), ``availability_zone``
and ``project_id``. Whoever reads it goes by ``scope``: the other of the last two may be left from before.
"""

from __future__ import annotations

import abc

from nova_db.driver.records import DNSDomain
from nova_db.driver.types import Context, Text


class DnsDomainsContract(abc.ABC):
    """What a driver does for DNS domains."""

    @abc.abstractmethod
    def dnsdomain_get(self, context: Context, fqdomain: Text) -> DNSDomain | None:
        """Return the domain ``fqdomain``, or None.

        Auth: context. Rows: live.
        """

    @abc.abstractmethod
    def dnsdomain_list(self, context: Context) -> list[str]:
        """Return the names of all domains, sorted.

        Auth: context. Rows: live.
        """

    @abc.abstractmethod
    def dnsdomain_register_for_project(self, context: Context, fqdomain: str, project: Text) -> None:
        """Make ``fqdomain`` a public domain of ``project``, whether it is there or not.

        Auth: admin. Rows: live.

        Its zone, if it has one, stays. Racing: the domain has one row, and the last call stands.
        """

    @abc.abstractmethod
    def dnsdomain_register_for_zone(self, context: Context, fqdomain: str, zone: Text) -> None:
        """Make ``fqdomain`` a private domain of the availability zone ``zone``, whether it is there or not.

        Auth: admin. Rows: live.

        Its project, if it has one, stays. Racing: the domain has one row, and the last call stands.
        """

    @abc.abstractmethod
    def dnsdomain_unregister(self, context: Context, fqdomain: Text) -> None:
        """Remove the domain ``fqdomain``, if there is one, for good.

        Auth: admin. Rows: visible.
        """
