"""The arguments of an operation: checked by their kinds before it runs, and told by name afterwards."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from nova_db.context import RequestContext
from nova_db.context.fields import FIELDS
from nova_db.driver import kinds
from nova_db.exceptions import MissingKeys
from nova_db.schema.coercion import described, text_of

if TYPE_CHECKING:
    from nova_db.driver.types import Context

Args = tuple[Any, ...]
Kwargs = dict[str, Any]
Check = Callable[["Context"], None]
Authorize = Callable[["Context", Any], None]
"""Asked for the context and the first argument after it: a project, a user, a class."""
Keys = Mapping[str, tuple[str, ...]]
"""The keys that a mapping, or each mapping of a list, has to have, by argument."""

_CONTEXT: Final = ("user_id", "project_id", "is_admin", "read_deleted")
NO_KEYS: Final[Keys] = MappingProxyType({})
_REMEMBERED: Final = 64
"""How many combinations of types are remembered for a function; callers use few."""


class Arguments:
    """The arguments of an operation, however they are passed; ``tx`` and the context are none of them."""

    __slots__ = ("_defaults", "_keys", "_kinds", "_name", "_places", "_required", "_rest", "_signature", "plain")

    def __init__(self, function: Callable[..., Any], keys: Keys) -> None:
        every = list(inspect.signature(function).parameters.values())
        every = every[1 + [parameter.name for parameter in every].index("context") :]
        parameters = [parameter for parameter in every if parameter.kind is not parameter.VAR_KEYWORD]
        self._name = function.__name__.lstrip("_")
        self._signature = inspect.Signature(every)
        self._rest = len(parameters) < len(every)
        self._places = {parameter.name: place for place, parameter in enumerate(parameters)}
        self._kinds = {parameter.name: kinds.kind_of(parameter.annotation) for parameter in parameters}
        self._keys = keys
        self._required = {parameter.name for parameter in parameters if parameter.default is parameter.empty}
        self._defaults = {
            parameter.name: parameter.default
            for parameter in parameters
            if parameter.default is not inspect.Parameter.empty
        }
        # Combinations of types of which every value is fine.  Safe without a lock: an entry says the same for ever, and
        # adding one to a set is one step.
        self.plain: set[tuple[type, ...]] = set()

    def checked(self, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
        """The arguments as the operation takes them; raises what says which one is of no use, and why."""
        self._require_fitting(args, kwargs)
        taken = tuple(map(self._taken, self._places, args))
        named = {name: self._taken(name, value) for name, value in kwargs.items()}
        if not (named or self._keys) and len(self.plain) < _REMEMBERED and self._all_plain(args):
            self.plain.add(tuple(map(type, args)))
        return taken, named

    def _require_fitting(self, args: Args, kwargs: Kwargs) -> None:
        """TypeError unless the arguments are as many as the function takes, and of its names."""
        places = self._places
        known = self._rest or kwargs.keys() <= places.keys()
        if len(args) <= len(places) and known:
            given = {*islice(places, len(args)), *kwargs}
            if self._required <= given and len(given) == len(args) + len(kwargs):
                return
        try:
            self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self._name}(): {error}") from None

    def get(self, name: str, args: Args, kwargs: Kwargs) -> Any:
        """One of them; None where it is missing."""
        place = self._places[name]
        return args[place] if place < len(args) else kwargs.get(name, self._defaults.get(name))

    def by_name(self, args: Args, kwargs: Kwargs) -> Kwargs:
        """All of them, those left out as their defaults."""
        return {**self._defaults, **dict(zip(self._places, args, strict=False)), **kwargs}

    def first(self, args: Args, kwargs: Kwargs) -> Any:
        """The first one after the context, as the text by which it names a project, a user or a class."""
        name = next(iter(self._places))
        value = args[0] if args else kwargs.get(name)
        return value if value is None or type(value) is str else text_of(self._taken(name, value))

    def require_context(self, context: Any, check: Callable[[Any], None]) -> None:
        """TypeError for what is no context, such as the next argument where it was forgotten.

        Rights and rows that are seen are checked as those of our class are when they are set; who is no text is nobody.
        """
        if context is None:
            check(context)
        missing = [name for name in _CONTEXT if not hasattr(context, name)]
        if missing:
            raise TypeError(
                f"{self._name}(): context must be a nova_db.context.RequestContext, or an object like it with "
                f"{', '.join(_CONTEXT)}, not {described(context)}."
            )
        for name in ("is_admin", "read_deleted"):
            value = getattr(context, name)
            try:
                FIELDS[name](name, value)
            except (TypeError, ValueError) as error:
                raise type(error)(f"{self._name}(): {error}") from None

    def _taken(self, name: str, value: Any) -> Any:
        kind = self._kinds.get(name, kinds.ANYTHING)
        if type(value) not in kind.plain:
            try:
                value = kind.take(value)
            except kinds.Unfit as error:
                raise kinds.refusal(f"{self._name}(): {name}", kind, error) from None
        if name in self._keys:
            self._require_keys(name, value)
        return value

    def _require_keys(self, name: str, value: Any) -> None:
        required = self._keys[name]
        for place, mapping in enumerate(value if isinstance(value, list) else (value,)):
            missing = [key for key in required if key not in mapping]
            if missing:
                where = f"{name}[{place}]" if isinstance(value, list) else name
                raise MissingKeys(function=self._name, argument=where, missing=missing, required=list(required))

    def _all_plain(self, args: Args) -> bool:
        return all(type(value) in self._kinds[name].plain for name, value in zip(self._places, args, strict=False))


def admission(
    arguments: Arguments, check: Check, authorize: Authorize | None = None
) -> Callable[[Context, Args, Kwargs], tuple[Args, Kwargs]]:
    """What every call passes before it runs: who calls is checked, then what the call is given."""
    plain = arguments.plain

    def admit(context: Context, args: Args, kwargs: Kwargs) -> tuple[Args, Kwargs]:
        if type(context) is not RequestContext:
            arguments.require_context(context, check)
        check(context)
        if authorize is not None:
            authorize(context, arguments.first(args, kwargs))
        if kwargs or tuple(map(type, args)) not in plain:
            return arguments.checked(args, kwargs)
        return args, kwargs

    return admit
