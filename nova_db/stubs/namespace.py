"""The text of ``nova_db/__init__.pyi``: the functions of the contract, returning typed records."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import nova_db
from nova_db.driver import FUNCTIONS
from nova_db.driver import types as contract_types
from nova_db.stubs import text

PATH: Final = Path(nova_db.__file__).with_name("__init__.pyi")
_MODULES: Final = {
    "collections.abc": {"Callable"},
    "contextlib": {"AbstractContextManager"},
    "typing": {"Literal", "TypeVar", "overload"},
    contract_types.__name__: {"Context", "IsolationName", "Session"},
    nova_db.__name__: {"api as api"},
}
"""What the signatures of transactions, and the overloads, take from where; and the module that comes along."""


def stub() -> str:
    """The whole text."""
    functions = "".join(text.function(name) for name in ("transaction", "run", *FUNCTIONS))
    names = text.all_of(nova_db.__all__)
    return f'{text.head(__name__)}{text.imports(_MODULES)}\n{names}\n_T = TypeVar("_T")\n\n{functions.rstrip()}\n'
