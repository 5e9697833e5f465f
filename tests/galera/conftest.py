"""The cluster of the run: started before the tests are collected, stopped at the end, its counts told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nova_db_conformance.harness.scenarios import Backend, use_backends
from nova_db_sqlalchemy import SQLAlchemyDriver
from scripts.servers.galera import GaleraCluster, Node
from scripts.servers.host import ServerError
from tests.galera.counting import COUNTED, COUNTS, NOTES, NOWHERE
from tests.galera.spread import wait_for_database

HERE = Path(__file__).parent
CLUSTER = pytest.StashKey[GaleraCluster]()


def _is_asked_for(config: pytest.Config) -> bool:
    folders = (Path(config.invocation_params.dir, argument.partition("::")[0]) for argument in config.args)
    return any(folder.resolve().is_relative_to(HERE) for folder in folders)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave these tests out unless the folder, or one of its files, is named: a cluster is slow to start."""
    return None if _is_asked_for(config) else True


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start the cluster; the tests of the suite that are imported here run on it."""
    if not _is_asked_for(session.config) or session.config.option.collectonly:
        return
    try:
        cluster = GaleraCluster().__enter__()
    except ServerError as error:
        pytest.exit(f"no Galera cluster: {error}", returncode=1)
    session.config.stash[CLUSTER] = cluster
    use_backends([Backend("galera", "tests.galera.spread:SpreadDriver", cluster.url())])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop it, after the databases of the tests were given back."""
    cluster = config.stash.get(CLUSTER, None)
    if cluster is not None:
        from nova_db.fixtures import discard_idle_databases

        discard_idle_databases()
        cluster.remove()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell what became of the calls, node by node."""
    cluster = config.stash.get(CLUSTER, None)
    if cluster is None:
        return
    terminalreporter.section("Galera")
    rows: list[tuple[str, ...]] = [("node", *COUNTED)]
    named = [(node.name, node.port) for node in cluster.nodes]
    for name, port in [*named, ("none reached", NOWHERE)]:
        rows.append((name, *map(str, COUNTS.of(port))))
    rows.append(("all", *(str(COUNTS.total(what)) for what in COUNTED)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        first, *others = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        terminalreporter.write_line("  ".join([row[0].ljust(len(first)), *others]))
    for note in NOTES:
        terminalreporter.write_line(note)


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> GaleraCluster:
    """The cluster."""
    return request.config.stash[CLUSTER]


@pytest.fixture
def nodes(cluster: GaleraCluster) -> Iterator[list[Node]]:
    """The nodes, which a test may kill; all are there again when it ends."""
    yield cluster.nodes
    for node in cluster.nodes:
        if not node.is_running:
            node.start()
    cluster.wait()


@pytest.fixture(scope="session")
def url(cluster: GaleraCluster) -> Iterator[str]:
    """A database on all nodes, with what tests before have left in it."""
    made = SQLAlchemyDriver.provision(cluster.url())
    wait_for_database(made)
    yield made
    SQLAlchemyDriver.discard(made)
