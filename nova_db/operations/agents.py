"""Builds of guest agents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nova_db import exceptions
from nova_db.context import require_admin
from nova_db.driver.agents import AgentsContract
from nova_db.engine import TRUE, Query, all_of
from nova_db.operations.rows.changes import create, soft_delete, update_record
from nova_db.operations.rows.conditions import LIVE, equals, matches
from nova_db.operations.rows.reading import first
from nova_db.operations.running.declarations import reads, writes
from nova_db.operations.running.transactions import TransactionalDriver
from nova_db.schema import TABLES

if TYPE_CHECKING:
    from nova_db.driver.types import Context, Id, Record, Text, Values
    from nova_db.engine import Transaction

BUILDS = TABLES["agent_builds"]


class AgentsOperations(TransactionalDriver, AgentsContract):
    """Agent builds."""

    @writes(require_admin)
    def agent_build_create(self, tx: Transaction, context: Context, values: Values) -> Record:
        return create(tx, BUILDS, values)

    @reads(require_admin, snapshot=False)
    def agent_build_get_by_triple(
        self, tx: Transaction, context: Context, hypervisor: Text, os: Text, architecture: Text
    ) -> Record | None:
        where = all_of(matches(BUILDS, hypervisor=hypervisor, os=os, architecture=architecture), LIVE)
        return first(tx, Query(BUILDS.name, where, limit=1))

    @reads(require_admin, snapshot=False)
    def agent_build_get_all(self, tx: Transaction, context: Context, hypervisor: Text = None) -> list[Record]:
        of = equals(BUILDS, "hypervisor", hypervisor) if hypervisor else TRUE
        return tx.select(Query(BUILDS.name, all_of(of, LIVE)))

    @writes(require_admin)
    def agent_build_destroy(self, tx: Transaction, context: Context, agent_update_id: Id) -> None:
        if not soft_delete(tx, BUILDS.name, equals(BUILDS, "id", agent_update_id)):
            raise exceptions.AgentBuildNotFound(id=agent_update_id)

    @writes(require_admin)
    def agent_build_update(self, tx: Transaction, context: Context, agent_build_id: Id, values: Values) -> None:
        if update_record(tx, BUILDS, equals(BUILDS, "id", agent_build_id), values) is None:
            raise exceptions.AgentBuildNotFound(id=agent_build_id)
