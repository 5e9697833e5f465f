"""Cases inside a test: one that fails is noted, the others still run, and the test fails at its end with all."""

from __future__ import annotations

import contextlib
import reprlib
from collections.abc import Iterator, Mapping
from types import FunctionType
from typing import Any

import testtools

from nova_db.context import RequestContext
from nova_db_conformance.harness.hangs import Hung

__unittest = True  # runners leave out the frames of modules that say so


class CasesFailed(ExceptionGroup[Exception], AssertionError):
    """Several cases of a test failed, all of them by an assertion."""


class CasesTestCase(testtools.TestCase):
    """``subTest`` that collects; that of testtools does nothing.

    ::

        for name in ("", "x" * 256):
            with self.subTest(name=name), self.raises(DBDataError):
                self.db.key_pair_create(self.user, {"name": name})

    Cases must be independent: one that failed may have left anything in the database, and those after it run all the
    same. Steps that rest on what earlier ones have left are one story, and no cases. Cases may be nested; they belong
    to the thread of the test. One that is skipped has the test skipped, for its reason, unless another fails; a race
    that hangs ends the test.
    """

    def setUp(self) -> None:
        """Begin without cases."""
        super().setUp()
        self._inside: list[str] = []
        self._failed: list[Exception] = []
        self._left_out: list[str] = []
        # The clean-up that was registered first runs last, and so has the test's last word.
        self.addCleanup(self._judge)

    @contextlib.contextmanager
    def subTest(self, msg: Any = None, **params: Any) -> Iterator[None]:  # noqa: N802 - as unittest calls it
        """A case, told by a text or by its parameters."""
        self._inside.append(_described(msg, params))
        try:
            yield
        except Hung:
            raise
        except self.skipException as skip:
            self._left_out.append(str(skip))
        except Exception as error:  # noqa: BLE001 - told at the end, whatever it is
            error.add_note(f"case: {', '.join(self._inside)}")
            self._failed.append(error)
        finally:
            self._inside.pop()

    def _judge(self) -> None:
        """Raise what failed: by itself if it is one error, else as a group, which is a failure if its members are."""
        if len(self._failed) == 1:
            raise self._failed[0]
        if self._failed:
            all_failures = all(isinstance(error, self.failureException) for error in self._failed)
            kind = CasesFailed if all_failures else ExceptionGroup
            raise kind(f"{len(self._failed)} cases failed", self._failed)
        if self._left_out:
            # Without the cases: a reason that many tests have is summed up.
            self.skipTest("; ".join(dict.fromkeys(self._left_out)))


_SHORT = reprlib.Repr()
_SHORT.maxstring, _SHORT.maxother = 100, 150


def _described(msg: Any, params: Mapping[str, Any]) -> str:
    """A case in words."""
    texts = [] if msg is None else [str(msg)]
    return ", ".join([*texts, *(f"{name}={_shown(value)}" for name, value in params.items())])


def _shown(value: Any) -> str:
    if isinstance(value, RequestContext):
        return f"<user {value.user_id} of {value.project_id}, admin: {value.is_admin}, sees {value.read_deleted}>"
    if isinstance(value, FunctionType):
        return f"<{value.__qualname__}, line {value.__code__.co_firstlineno}>"
    return _SHORT.repr(value)
