"""What tests assert about records, and about the errors that calls raise."""

from __future__ import annotations

import unittest
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from nova_db.exceptions import NovaException
from nova_db.schema import TABLES
from nova_db_conformance.harness.checking import difference, private_copy

if TYPE_CHECKING:
    from nova_db_conformance.harness.races import Round

__unittest = True  # runners leave out the frames of modules that say so
_E = TypeVar("_E", bound=BaseException)


class Raises(Generic[_E]):
    """A block that must raise exactly one class of exception, with certain arguments: ``RecordAssertions.raises``."""

    exception: _E
    """What the block raised; set once it has ended."""

    def __init__(self, error: type[_E], attributes: dict[str, Any]) -> None:
        self._error = error
        self._attributes = attributes

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, _: object) -> bool:
        wanted = self._error
        if not isinstance(raised, wanted):
            if raised is None:
                raise AssertionError(f"{wanted.__name__} was not raised")
            return False
        if type(raised) is not wanted:
            raise AssertionError(
                f"expected {wanted.__name__}, got its subclass {type(raised).__name__}: {raised}"
            ) from raised
        for name, value in self._attributes.items():
            found = _attribute(raised, name)
            if found != value or type(found) is not type(value):
                raise AssertionError(
                    f"expected {wanted.__name__} with {name} {value!r}, got {found!r}: {raised}"
                ) from raised
        self.exception = raised
        return True


class RecordAssertions(unittest.TestCase):
    """Assertions that test cases inherit."""

    def raises(self, error: type[_E], /, **attributes: Any) -> Raises[_E]:
        """Check that a ``with`` block raises exactly this class of exception, with these keyword arguments.

        They are looked up in ``kwargs`` of a ``NovaException``, and among the attributes of any other exception
        (``table``, ``columns`` and ``value`` of a ``DBError``). The block's value has the ``exception`` afterwards.
        """
        return Raises(error, attributes)

    def assertOneWon(self, done: Round, error: type[Exception], **arguments: Any) -> Any:
        """Check that one thread of a round succeeded and all others got this error; return the winner's result."""
        self.assertEqual([error] * (len(done.outcomes) - 1), [type(each) for each in done.errors])
        for each in done.errors:
            self.assertEqual(arguments, {name: _attribute(each, name) for name in arguments})
        [result] = done.results
        return result

    def assertRecord(self, record: Any, /, **columns: Any) -> None:
        """Check that a record is a dict that has these values, of these types."""
        self.assertIs(dict, type(record), f"a record is a plain dict, got {record!r}")
        missing = sorted(columns.keys() - record.keys())
        self.assertFalse(missing, f"the record lacks {', '.join(missing)}; it has {', '.join(sorted(record))}")
        wrong = [
            f"{name} is {record[name]!r}, expected {value!r}"
            for name, value in columns.items()
            if record[name] != value or type(record[name]) is not type(value)
        ]
        if wrong:
            self.fail("; ".join(wrong))

    def assertShape(self, record: Any, table: str, *relations: str) -> None:
        """Check that a record has the columns and computed values of its table, these relations, and nothing else."""
        declared = TABLES[table]
        computed = {name for name, value in declared.computed.items() if value.in_record}
        expected = {*declared.names, *computed, *relations}
        self.assertIs(dict, type(record), f"a record is a plain dict, got {record!r}")
        problems = [f"lacks {name}" for name in sorted(expected - record.keys())]
        problems += [f"has {name}" for name in sorted(record.keys() - expected)]
        if problems:
            self.fail(f"a record of {table} {', '.join(problems)}")

    def assertIds(self, records: Any, expected: Any) -> None:
        """Check that records come in this order; both are lists of records."""
        self.assertEqual([record["id"] for record in expected], [record["id"] for record in records])

    def assertPrivate(self, read: Callable[[], Any]) -> None:
        """Check that what a call returns is a private copy: after ruining it, the call returns the same as before."""
        result = read()
        expected = private_copy(result)
        _ruin(result)
        found = difference(expected, read(), "the result")
        if found:
            self.fail(f"a change of one result shows in the next: {found}")


def _attribute(exception: BaseException, name: str) -> Any:
    if isinstance(exception, NovaException):
        return exception.kwargs.get(name, "(not given)")
    return getattr(exception, name, "(not given)")


def _ruin(value: Any) -> None:
    """Change every container within a value."""
    if isinstance(value, dict):
        for item in value.values():
            _ruin(item)
        value.clear()
        value["ruined"] = True
    elif isinstance(value, list):
        for item in value:
            _ruin(item)
        value[:] = ["ruined"]
    elif isinstance(value, set):
        value.clear()
        value.add("ruined")
    elif isinstance(value, tuple):
        for item in value:
            _ruin(item)
