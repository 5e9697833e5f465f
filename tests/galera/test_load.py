"""Services that write through all nodes at once while nodes die, are cut off and come back."""

from __future__ import annotations

from collections.abc import Callable

from scripts.servers.galera import Node
from tests.galera.audit import Audit, dump
from tests.galera.counting import NOTES
from tests.galera.load import Load

CALLS = 40
"""How many calls each service completes before, during and after a node's absence."""


def endure(
    title: str, url: str, nodes: list[Node], lose: Callable[[Node], None], regain: Callable[[Node], None]
) -> None:
    """Work while one node after the other is lost and comes back; then hold the data against what calls were told."""
    with Load(url) as load:
        for service, node in zip(load.services, nodes, strict=True):
            load.go_on(CALLS)
            lose(node)
            load.go_on(CALLS)
            regain(node)
            node.cluster.wait()
            service.restart(url)
            load.go_on(CALLS)
            assert service.ports() == {node.port}, "the node that came back is not used"
    found = [dump(url, number) for number in range(len(nodes))]
    assert found[0] == found[1] == found[2], "the nodes have different data"
    audit = Audit(load.journal, found[0])
    audit.check()
    NOTES.extend([f"{title}:", *audit.report()])


def test_no_acknowledged_write_is_lost_with_a_node_that_is_killed(url: str, nodes: list[Node]) -> None:
    endure("each node killed once and started again", url, nodes, Node.kill, Node.start)


def test_nor_with_a_node_that_is_cut_off(url: str, nodes: list[Node]) -> None:
    endure("each node cut off once", url, nodes, Node.cut_off, Node.let_back)
