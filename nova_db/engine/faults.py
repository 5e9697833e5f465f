"""Having a library fail below an engine, whatever its calls are: for engines that offer ``LIBRARY_FAULTS``."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from nova_db.engine.watching import Plan


@contextlib.contextmanager
def failing_calls(
    owner: Any, name: str, error: Callable[[], BaseException], at: int, *, never: Collection[str] = ()
) -> Iterator[Plan]:
    """Have the ``at``-th call of a library raise, for the length of a block, in place of being made.

    Counted are the calls of the object that is the attribute ``name`` of ``owner``, and of all that its calls give;
    the steps of an iterator, too, and the end of a block that is left without an error, as it may commit.  Such a block
    is left as by an error, then.

    :param never: the methods that cannot fail, as those that let go of something.
    """
    plan, whole = Plan(at, error), getattr(owner, name)
    setattr(owner, name, _Counted(whole, plan, never))
    try:
        yield plan
    finally:
        setattr(owner, name, whole)


def kinds_of(error: type[BaseException]) -> Mapping[str, Callable[[], BaseException]]:
    """A library's error and those derived from it, by name, as ``library_errors()`` gives them."""
    return {kind.__name__: kind for kind in (error, *error.__subclasses__())}


class _Counted:
    """An object of a library, whose calls are counted and may fail."""

    def __init__(self, whole: Any, plan: Plan, never: Collection[str]) -> None:
        self._whole, self._plan, self._never = whole, plan, never

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._whole, name)
        if not callable(found) or name in self._never:
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            self._plan.count()
            return self._counted(found(*args, **kwargs))

        return call

    def _counted(self, given: Any) -> Any:
        is_plain = given is None or isinstance(given, bool | int | float | str | bytes | tuple | list | dict)
        return given if is_plain else _Counted(given, self._plan, self._never)

    def __enter__(self) -> Any:
        self._whole.__enter__()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> Any:
        if error is None:
            try:
                self._plan.count()
            except BaseException as planned:
                self._whole.__exit__(type(planned), planned, None)
                raise
        return self._whole.__exit__(kind, error, trace)

    def __iter__(self) -> Iterator[Any]:
        for each in self._whole:
            self._plan.count()
            yield each
