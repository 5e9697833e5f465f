"""Options that other libraries, oslo.db above all, register under the same names in the same section.

oslo.config takes an option twice only if both declarations are the same to the letter, default and help included. Ours
are the same as any of their names that read the same kind of value: whoever comes second shares the first one's.
"""

from __future__ import annotations

from typing import Final

from oslo_config import cfg, types

_KINDS: Final = (types.Number, types.Boolean, types.String)


class Opt(cfg.Opt):
    """An option of any type."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, cfg.Opt):
            return NotImplemented
        return bool(self.dest == other.dest) and any(
            isinstance(self.type, kind) and isinstance(other.type, kind) for kind in _KINDS
        )

    def __ne__(self, other: object) -> bool:  # oslo.config's own would be inherited
        return not self == other

    __hash__ = cfg.Opt.__hash__


class StrOpt(Opt, cfg.StrOpt):
    """A text."""


class BoolOpt(Opt, cfg.BoolOpt):
    """True or false."""


class IntOpt(Opt, cfg.IntOpt):
    """A whole number."""
