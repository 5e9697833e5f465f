"""Agent builds: the contract of which version of the guest agent goes with a hypervisor, system and architecture.

Several builds may share all three.
"""

from __future__ import annotations

import abc

from nova_db.driver.records import AgentBuild
from nova_db.driver.types import Context, Id, Text, Values


class AgentsContract(abc.ABC):
    """What a driver does for agent builds."""

    @abc.abstractmethod
    def agent_build_create(self, context: Context, values: Values) -> AgentBuild:
        """Insert an agent build with the columns in ``values``, and return it.

        Auth: admin.
        """

    @abc.abstractmethod
    def agent_build_get_by_triple(
        self, context: Context, hypervisor: Text, os: Text, architecture: Text
    ) -> AgentBuild | None:
        """Return the first agent build for this ``hypervisor``, ``os`` and ``architecture``, or None.

        Auth: admin. Rows: live.
        """

    @abc.abstractmethod
    def agent_build_get_all(self, context: Context, hypervisor: Text = None) -> list[AgentBuild]:
        """Return every agent build or, unless ``hypervisor`` is empty, those for that one.

        Auth: admin. Rows: live.
        """

    @abc.abstractmethod
    def agent_build_destroy(self, context: Context, agent_update_id: Id) -> None:
        """Soft-delete the agent build ``agent_update_id``; one deleted before has its ``deleted_at`` renewed.

        Auth: admin. Rows: all.

        :raises AgentBuildNotFound: no such build; ``id`` is the id.
        """

    @abc.abstractmethod
    def agent_build_update(self, context: Context, agent_build_id: Id, values: Values) -> None:
        """Write ``values`` to the agent build ``agent_build_id``; one that is deleted stays so.

        Auth: admin. Rows: all.

        :raises AgentBuildNotFound: no such build; ``id`` is the id.
        """
