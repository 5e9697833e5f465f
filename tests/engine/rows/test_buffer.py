"""What a writer writes, over cells that stay as they are."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from nova_db.engine.rows.cells import Cells
from nova_db.engine.rows.cells.cells import Buffer

KEYS = st.binary(max_size=2)
VALUES = st.binary(max_size=1)
"""Of which many are keys too."""


class Still(Cells):
    """Cells in a dict."""

    def __init__(self, cells: dict[bytes, bytes]) -> None:
        self.cells = cells

    def get(self, key: bytes) -> bytes | None:
        return self.cells.get(key)

    def scan(self, begin: bytes, end: bytes, *, backwards: bool = False) -> Iterator[tuple[bytes, bytes]]:
        return iter(sorted([cell for cell in self.cells.items() if begin <= cell[0] < end], reverse=backwards))


class BufferMachine(RuleBasedStateMachine):
    """Random writes, marks and undoing, beside a dict."""

    def __init__(self) -> None:
        super().__init__()
        below = {bytes([one]): b"below" for one in range(0, 250, 10)}
        self.buffer = Buffer(Still(below))
        self.cells = dict(below)
        self.marks: list[tuple[int, dict[bytes, bytes]]] = []

    @rule(key=KEYS, value=VALUES)
    def put(self, key: bytes, value: bytes) -> None:
        self.buffer.put(key, value)
        self.cells[key] = value

    @rule(key=KEYS)
    def delete(self, key: bytes) -> None:
        self.buffer.put(key, None)
        self.cells.pop(key, None)

    @rule()
    def mark(self) -> None:
        self.marks.append((self.buffer.mark(), self.cells.copy()))

    @precondition(lambda self: self.marks)
    @rule(number=st.integers(0, 5))
    def undo(self, number: int) -> None:
        number %= len(self.marks)
        mark, self.cells = self.marks[number]
        self.marks = self.marks[:number]
        self.buffer.undo(mark)

    @rule(begin=KEYS, end=KEYS, backwards=st.booleans())
    def scan(self, begin: bytes, end: bytes, backwards: bool) -> None:
        expected = list(Still(self.cells).scan(begin, end, backwards=backwards))
        assert list(self.buffer.scan(begin, end, backwards=backwards)) == expected

    @rule(ranges=st.lists(st.tuples(KEYS, KEYS), max_size=3), prefix=st.binary(max_size=1))
    def led(self, ranges: list[tuple[bytes, bytes]], prefix: bytes) -> None:
        assert list(self.buffer.led(ranges, prefix)) == list(Still(self.cells).led(ranges, prefix))

    @rule(key=KEYS)
    def get(self, key: bytes) -> None:
        assert self.buffer.get(key) == self.cells.get(key)

    @invariant()
    def all_cells_are_there(self) -> None:
        assert dict(self.buffer.scan(b"", b"\xff\xff\xff")) == self.cells


TestBuffer = BufferMachine.TestCase
