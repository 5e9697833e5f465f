"""Reading the options of ``[database]`` that may hold a password, without telling a part of it where that fails."""

from __future__ import annotations

from typing import Any


class UnreadableOption(ValueError):
    """An option has a ``$`` in it that oslo.config takes for the beginning of another option's name."""


def secret_option(conf: Any, name: str) -> Any:
    """The value of an option of ``[database]``, as ``conf["database"][name]`` has it.

    :raises UnreadableOption: a ``$`` in it stands for no option; its text quotes nothing of the value.
    """
    from oslo_config import cfg

    try:
        return conf["database"][name]
    except (cfg.NoSuchOptError, cfg.NoSuchGroupError, cfg.TemplateSubstitutionError):
        pass  # which quotes the word behind the $: so it must not even be the context of ours
    raise UnreadableOption(
        f"[database] {name} cannot be read: a $ in it is taken for the beginning of an option's name; "
        f"double each $ that is meant as such, as in a password: $$"
    )
