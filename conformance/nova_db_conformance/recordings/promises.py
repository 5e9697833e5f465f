"""Where this database promises something else than its ancestor answered, function by function.

A difference of a kind that a promise covers is no difference.  Each promise says on which rule it rests.
"""

from __future__ import annotations

from nova_db_conformance.recordings.comparison import Difference

PROMISES: dict[tuple[str, str], str] = {
    ("aggregate_get_by_host", "order"): "lists are in ascending id",
    ("dnsdomain_list", "order"): "names are sorted",
    ("floating_ip_get_pools", "order"): "pools are sorted",
    ("instance_get_active_by_window_joined", "order"): "lists are in ascending id",
    ("instance_get_all_hung_in_rebooting", "order"): "lists are in ascending id",
    ("migration_get_in_progress_by_host_and_node", "order"): "lists are in ascending id",
}
"""(function, kind of difference) to the rule."""


def is_promised(function: str, difference: Difference) -> bool:
    """Whether a difference of a function's answer is what this database promises."""
    return (function, difference.kind) in PROMISES
