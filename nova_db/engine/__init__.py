"""The storage-engine interface: seventeen methods, from which the whole API is made.

Authors of backends start at ``nova_db.engine.interface``.
"""

from __future__ import annotations

from nova_db.engine.interface import INTERFACE_VERSION, Capability, Engine
from nova_db.engine.predicates import (
    FALSE,
    TRUE,
    And,
    Contains,
    Eq,
    EqFold,
    Exists,
    Ge,
    Gt,
    In,
    Le,
    Lt,
    Ne,
    NotIn,
    Or,
    Predicate,
    Regexp,
    all_of,
    any_of,
)
from nova_db.engine.query import Order, Query
from nova_db.engine.semijoins import ExistsEach, exists_each
from nova_db.engine.splitting import split
from nova_db.engine.transaction import Isolation, Transaction
from nova_db.engine.values import Add, Col, IfChanged, IfNew, Row, Values

__all__ = [
    "FALSE",
    "INTERFACE_VERSION",
    "TRUE",
    "Add",
    "And",
    "Capability",
    "Col",
    "Contains",
    "Engine",
    "Eq",
    "EqFold",
    "Exists",
    "ExistsEach",
    "Ge",
    "Gt",
    "IfChanged",
    "IfNew",
    "In",
    "Isolation",
    "Le",
    "Lt",
    "Ne",
    "NotIn",
    "Or",
    "Order",
    "Predicate",
    "Query",
    "Regexp",
    "Row",
    "Transaction",
    "Values",
    "all_of",
    "any_of",
    "exists_each",
    "split",
]
