"""Objects whose methods lie, or raise an error of the caller's own, which must come through as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, NoReturn


class OwnError(Exception):
    """An error that only the caller's objects raise."""


class OwnValueError(OwnError, ValueError):
    """One that code which converts values may take for a refusal of its own."""


class OwnTypeError(OwnError, TypeError):
    """Likewise."""


class OwnErrors:
    """The errors that the objects of one call have raised, and the methods that were called although they must not."""

    def __init__(self, kind: type[OwnError] = OwnError) -> None:
        self.kind = kind
        self.raised: list[OwnError] = []
        self.touched: list[str] = []

    def new(self, where: str) -> OwnError:
        """An error to raise."""
        error = self.kind(where)
        self.raised.append(error)
        return error


_SPECIAL = (
    *("__str__", "__repr__", "__format__", "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__"),
    *("__bool__", "__iter__", "__next__", "__len__", "__length_hint__", "__getitem__", "__contains__", "__reversed__"),
    *("__call__", "__int__", "__float__", "__index__", "__complex__", "__round__", "__trunc__", "__add__", "__radd__"),
    *("__sub__", "__neg__", "__mod__", "__enter__", "__exit__", "__await__", "__copy__", "__deepcopy__", "__bytes__"),
    *("__reduce__", "__reduce_ex__", "__getstate__", "__fspath__", "__dir__", "__sizeof__", "__conform__", "__or__"),
)


def _raising(errors: OwnErrors, name: str) -> Callable[..., NoReturn]:
    def method(self: object, *args: object, **kwargs: object) -> NoReturn:
        errors.touched.append(name)
        raise errors.new(name)

    return method


def untouchable(errors: OwnErrors, *, with_class: bool = False, with_attributes: bool = False) -> Any:
    """An object of no known type, every special method of which raises.

    :param with_class: whether to ask for its ``__class__`` raises, too.
    :param with_attributes: whether to ask for any attribute does.
    """
    methods: dict[str, Any] = {name: _raising(errors, name) for name in _SPECIAL}
    if with_class:
        methods["__class__"] = property(_raising(errors, "__class__"))
    if with_attributes:
        methods["__getattribute__"] = _raising(errors, "__getattribute__")
    return type("Untouchable", (), methods)()


def raising_class(errors: OwnErrors) -> Any:
    """A class whose metaclass's special methods raise."""
    special = (
        "__str__",
        "__repr__",
        "__eq__",
        "__hash__",
        "__bool__",
        "__iter__",
        "__len__",
        "__call__",
        "__contains__",
    )
    meta = type("UntouchableMeta", (type,), {name: _raising(errors, name) for name in special})
    return type.__new__(meta, "UntouchableClass", (), {})


class RaisingMapping(Mapping[str, Any]):
    """A mapping one of whose methods raises."""

    PLACES: ClassVar = ("__iter__", "__getitem__", "__len__", "half-way")

    def __init__(self, errors: OwnErrors, place: str, values: Mapping[str, Any] | None = None) -> None:
        self._errors = errors
        self._place = place
        self._values = {"host": "host1", "project_id": "p1"} if values is None else values

    def _at(self, place: str) -> None:
        if self._place == place:
            raise self._errors.new(place)

    def __iter__(self) -> Iterator[str]:
        self._at("__iter__")
        for number, key in enumerate(self._values):
            if number:
                self._at("half-way")
            yield key

    def __getitem__(self, key: str) -> Any:
        self._at("__getitem__")
        return self._values[key]

    def __len__(self) -> int:
        if self._errors.kind is not OwnTypeError:  # which list() itself takes for: it has no length
            self._at("__len__")
        return len(self._values)


class DuckMapping:
    """What has ``keys`` and ``[]``, as ``dict()`` takes it, and is no ``Mapping``."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def keys(self) -> Any:
        return self._values.keys()

    def __getitem__(self, key: str) -> Any:
        return self._values[key]


class RaisingIterable:
    """What can be iterated over, and raises after some items."""

    def __init__(self, errors: OwnErrors, after: int, item: Any = "host1") -> None:
        self._errors = errors
        self._after = after
        self._item = item

    def __iter__(self) -> Iterator[Any]:
        for _ in range(self._after):
            yield self._item
        raise self._errors.new("half-way")


class LyingText(str):
    """A text whose methods say that it is another one."""

    __slots__ = ()

    def __str__(self) -> str:
        return "a lie"

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    def __hash__(self) -> int:
        return 1

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return False

    def __contains__(self, other: object) -> bool:
        return False

    def __format__(self, spec: str) -> str:
        return "a lie"

    def isascii(self) -> bool:
        return True

    def isdigit(self) -> bool:
        return True

    def lower(self) -> str:
        return "a lie"

    def encode(self, *args: Any, **kwargs: Any) -> bytes:
        return b"a lie"


class RaisingText(str):
    """A text whose methods raise."""

    errors: OwnErrors

    @classmethod
    def of(cls, text: str, errors: OwnErrors) -> RaisingText:
        made = cls(text)
        made.errors = errors
        return made

    def _raise(self, *args: Any, **kwargs: Any) -> Any:
        raise self.errors.new("a text's method")

    __str__ = __repr__ = __eq__ = __ne__ = __hash__ = __len__ = __iter__ = __contains__ = __format__ = _raise
    isascii = isdigit = lower = upper = strip = encode = startswith = split = partition = __getitem__ = _raise


class LyingInt(int):
    """A number whose methods say that it is another one."""

    __slots__ = ()

    def __int__(self) -> int:
        return 7

    def __index__(self) -> int:
        return 7

    def __str__(self) -> str:
        return "a lie"

    __repr__ = __str__

    def __eq__(self, other: object) -> bool:
        return True

    def __lt__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1

    def __bool__(self) -> bool:
        return False


class RaisingInt(int):
    """A number whose methods raise."""

    errors: OwnErrors

    @classmethod
    def of(cls, number: int, errors: OwnErrors) -> RaisingInt:
        made = cls(number)
        made.errors = errors
        return made

    def _raise(self, *args: Any, **kwargs: Any) -> Any:
        raise self.errors.new("a number's method")

    __int__ = __index__ = __float__ = __str__ = __repr__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _raise
    __hash__ = __bool__ = __add__ = __sub__ = __neg__ = __abs__ = __format__ = bit_length = _raise


class LyingDict(dict[Any, Any]):
    """A dict whose methods give what is not in it."""

    def __getitem__(self, key: Any) -> Any:
        return "a lie"

    def get(self, key: Any, default: Any = None) -> Any:
        return "a lie"

    def __contains__(self, key: Any) -> bool:
        return True

    def items(self) -> Any:
        return {"a": "lie"}.items()

    def __len__(self) -> int:
        return 0


class IndexLike:
    """What is a number to ``operator.index`` alone."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __index__(self) -> int:
        return self._number


class Slippery:
    """What has any attribute, as a mock has."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Slippery()
