"""Comparing a driver with the contract: what it lacks, and which of its signatures callers would trip over."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from inspect import Parameter, Signature

_POSITIONAL = Parameter.POSITIONAL_OR_KEYWORD


def find_problems(contract: type, names: Iterable[str], driver: object) -> tuple[list[str], list[str]]:
    """Return what is missing from a driver, and what is mis-signed, each sorted.

    ``driver`` is a class or an instance. A missing method is given by its name, a mis-signed one as the signature
    that was found, then the one that was expected.
    """
    missing: list[str] = []
    mismatched: list[str] = []
    for name in sorted(names):
        method = getattr(driver, name, None)
        if method is None or getattr(method, "__isabstractmethod__", False):
            missing.append(name)
            continue
        expected = signature_without_self(contract, name)
        problem = _describe_mismatch(driver, name, expected)
        if problem is not None:
            mismatched.append(problem)
    return missing, mismatched


def signature_without_self(owner: object, name: str) -> Signature:
    """Return the signature of a method as a caller of a bound method sees it, whether the owner is a class or not."""
    signature = inspect.signature(getattr(owner, name))
    if inspect.isclass(owner) and inspect.isfunction(inspect.getattr_static(owner, name)):
        parameters = list(signature.parameters.values())
        return signature.replace(parameters=parameters[1:])
    return signature


def _describe_mismatch(driver: object, name: str, expected: Signature) -> str | None:
    if not callable(getattr(driver, name)):
        return f"{name}: is not callable, expected {name}{_plain(expected)}"
    try:
        found = signature_without_self(driver, name)
    except (TypeError, ValueError):
        return f"{name}: has no readable signature, expected {name}{_plain(expected)}"
    if _fits(found, expected):
        return None
    return f"{name}{_plain(found)}: expected {name}{_plain(expected)}"


def _fits(found: Signature, expected: Signature) -> bool:
    """Whether every call that the contract allows means the same to the driver."""
    theirs = list(found.parameters.values())
    if _takes_anything(theirs):
        return True
    ours = [parameter for parameter in expected.parameters.values() if parameter.kind is _POSITIONAL]
    if len(theirs) < len(ours) or not all(map(_same, theirs, ours)):
        return False
    extra = theirs[len(ours) :]
    if _takes_keywords(expected.parameters.values()) and not _takes_keywords(extra):
        return False
    return all(_optional(parameter) for parameter in extra)


def _takes_anything(parameters: list[Parameter]) -> bool:
    """Whether the parameters are ``*args, **kwargs``: a forwarder, whose target is checked where it is loaded."""
    return [parameter.kind for parameter in parameters] == [Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD]


def _takes_keywords(parameters: Iterable[Parameter]) -> bool:
    return any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters)


def _same(theirs: Parameter, ours: Parameter) -> bool:
    return (
        theirs.kind is _POSITIONAL
        and theirs.name == ours.name
        and type(theirs.default) is type(ours.default)
        and bool(theirs.default == ours.default)
    )


def _optional(parameter: Parameter) -> bool:
    variadic = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    return parameter.kind in variadic or parameter.default is not Parameter.empty


def _plain(signature: Signature) -> str:
    """The signature as text, without annotations."""
    parameters = [parameter.replace(annotation=Parameter.empty) for parameter in signature.parameters.values()]
    return str(Signature(parameters))
