"""The parameters of a statement: what is bound, in which form, in the order that the compiled text asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.types import NullType

from nova_db.engine.generated import generate
from nova_db.schema import Kind
from nova_db_sqlalchemy.sql.conversion import NAMES, Bind, formed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nova_db_sqlalchemy.sql.conversion import Forms


class Parameters:
    """Hands out bind parameters while a statement is built, then makes the function that fills them.

    A call gives its values as one flat list; each ``value``, ``items`` or ``whole`` takes the next one of it.
    """

    def __init__(self, forms: Forms) -> None:
        self._forms = forms
        self._taken = 0
        self._lines: list[str] = []
        self._sources: dict[str, str] = {}
        self.has_long_list = False
        """Whether a list is long enough to matter for how the statement is run; a grammar says so."""

    def value(self, kind: Kind | None) -> sa.BindParameter[Any]:
        """The next value."""
        index = self._next()
        return self._bound(f"p{index}", formed(self._forms, kind, f"p[{index}]"))

    def items(self, kind: Kind, size: int) -> list[sa.BindParameter[Any]]:
        """The elements of the next value, a sequence of at most ``size``; the last one fills it up."""
        index = self._next()
        self._lines.append(f"    l{index} = pad(p[{index}], {size})")
        return [
            self._bound(f"p{index}_{place}", formed(self._forms, kind, f"l{index}[{place}]")) for place in range(size)
        ]

    def folded(self) -> sa.BindParameter[Any]:
        """The next value, a text, with its ASCII letters in lower case."""
        index = self._next()
        return self._bound(f"p{index}", f"fold(p[{index}])")

    def whole(self, function: str) -> sa.BindParameter[Any]:
        """The next value, a sequence, as one parameter; ``function`` of ``conversion`` makes it."""
        index = self._next()
        return self._bound(f"{function}_p{index}", f"{function}(p[{index}])")

    def list_of(self, kind: Kind) -> sa.BindParameter[Any]:
        """The next value, a sequence of values of a kind, as one parameter."""
        index = self._next()
        form = formed(self._forms, kind, "each")
        listed = f"p[{index}]" if form == "each" else f"[{form} for each in p[{index}]]"
        return self._bound(f"p{index}", f"nullable_array({listed})")

    def views(self, *forms: str) -> list[sa.BindParameter[Any]]:
        """The next value as several parameters, each in a form of its own."""
        index = self._next()
        return [self._bound(f"p{index}_v{place}", form.format(v=f"p[{index}]")) for place, form in enumerate(forms)]

    def rewind(self) -> None:
        """Begin anew with the first value: the statement asks for the values a second time, in whatever form."""
        self._taken = 0

    def placed(self, text: str, mark: str) -> tuple[str, Bind | None]:
        """A compiled text, its parameters named ``%(name)s``, with marks in their places; and what fills these.

        ``mark``: as the DB-API library takes it; with ``{}`` in it, for a number, a parameter that is named twice has
        one place.
        """
        marks = _Marks(mark)
        if "%" in mark:  # the library, or whoever stands for it, takes what the compiler has doubled
            text = text.replace("%%", "%%%%")
        # The names are found by Python's own formatting: no text of the statement can be taken for one.
        return text % marks, self.binder(marks.names)

    def binder(self, names: Sequence[str]) -> Bind | None:
        """The function from the values of a call to the parameters named; None where they are the same."""
        sources = [self._sources[name] for name in names]
        if sources == [f"p[{index}]" for index in range(self._taken)]:
            return None
        lines = ["def bind(p):", *self._lines, f"    return ({''.join(source + ', ' for source in sources)})"]
        return generate("\n".join(lines), "bind", NAMES)

    def _next(self) -> int:
        index = self._taken
        self._taken += 1
        return index

    def _bound(self, name: str, source: str) -> sa.BindParameter[Any]:
        if self._sources.setdefault(name, source) != source:
            raise ValueError(f"{name} is {self._sources[name]} already, and cannot be {source}")
        return sa.bindparam(name, type_=NullType())


class _Marks(dict[str, str]):
    """In the place of values where a text is formatted: gives marks, and notes the names in their order."""

    def __init__(self, mark: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self._mark = mark

    def __missing__(self, name: str) -> str:
        self.names.append(name)
        mark = self._mark.format(len(self.names))
        if mark != self._mark:
            self[name] = mark
        return mark
