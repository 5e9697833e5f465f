"""Options in which a ``$`` may be meant as such: read without telling a part of a password where that fails."""

from __future__ import annotations

from typing import Any


class UnreadableOption(ValueError):
    """An option has a ``$`` in it that oslo.config takes for the beginning of another option's name."""


def secret_option(conf: Any, name: str) -> Any:
    """The value of an option of ``[database]``, as ``conf["database"][name]`` has it.

    :raises UnreadableOption: a ``$`` in it stands for no option; its text quotes nothing of the value.
    """
    try:
        return conf["database"][name]
    except misread():
        pass  # which quotes the word behind the $: so it must not even be the context of ours
    raise unreadable("database", name)


def misread(*others: type[Exception]) -> tuple[type[Exception], ...]:
    """What oslo.config raises where the word behind a ``$`` is no option, and others."""
    from oslo_config import cfg

    return (*others, cfg.NoSuchOptError, cfg.NoSuchGroupError, cfg.TemplateSubstitutionError)


def unreadable(group: str, name: str) -> UnreadableOption:
    """What to raise instead."""
    return UnreadableOption(
        f"[{group}] {name} cannot be read: a $ in it is taken for the beginning of an option's name; "
        f"double each $ that is meant as such, as in a password: $$"
    )
