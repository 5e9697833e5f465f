"""The text of ``nova_db/aio/__init__.pyi``: the functions of the contract as coroutine functions."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import nova_db
from nova_db.driver import FUNCTIONS
from nova_db.driver import types as contract_types
from nova_db.stubs import text

PATH: Final = Path(nova_db.__file__).with_name("aio") / "__init__.pyi"
TRANSACTIONS: Final = """\
_T = TypeVar("_T")

def transaction(context: Context, *, isolation: IsolationName = None) -> AbstractAsyncContextManager[Session]: ...
async def run(
    context: Context, function: Callable[[Session], Coroutine[Any, Any, _T]], *, isolation: IsolationName = None
) -> _T: ...
"""
_MODULES: Final = {
    "collections.abc": {"Callable", "Coroutine"},
    "contextlib": {"AbstractAsyncContextManager"},
    "typing": {"Any", "Literal", "TypeVar", "overload"},
    contract_types.__name__: {"Context", "IsolationName", "Session"},
}
"""What the signatures of transactions, and the overloads, take from where."""


def stub() -> str:
    """The whole text."""
    functions = "".join(text.function(name, "async def") for name in FUNCTIONS)
    names = text.all_of(nova_db.__all__)
    return f"{text.head(__name__)}{text.imports(_MODULES)}\n{names}\n{TRANSACTIONS}{functions.rstrip()}\n"
