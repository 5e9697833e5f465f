"""A parser that blames the word that is wrong, and tells what was meant by it."""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, NoReturn

from nova_db.exceptions.redaction import without_secrets

FAILED: Final = 2
_NUMBER = re.compile(r"-\d+|-\d*\.\d+")


class Help(argparse.HelpFormatter):
    """Sets a text paragraph by paragraph; indented ones, which are examples, stay as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        paragraphs = textwrap.dedent(text).strip("\n").split("\n\n")
        return "\n\n".join(
            each if each.startswith("  ") else super(Help, self)._fill_text(each, width, indent) for each in paragraphs
        )


class _Once(argparse._StoreAction):
    """Takes one value; a second one that differs, before the command or after it, is refused."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        if option is not None and isinstance(parser, Parser):
            before = parser.given.setdefault(self.dest, values)
            if before != values:
                parser.error(f"{option} is given twice: {before} and {values}")
        super().__call__(parser, namespace, values, option)


class Parser(argparse.ArgumentParser):
    """A parser that tells what is wrong in one line.

    Options are not taken by their beginnings: what is one today may be none, or another one's, in the next release.
    """

    summary = ""
    """What a command does, in half a line."""
    hint = ""
    """What to do about an option that is not known and like none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=Help, **kwargs)
        self.register("action", None, _Once)
        self.commands: Mapping[str, Parser] = {}
        """The parsers of the commands, by name."""
        self.given: dict[str, Any] = {}
        """What options that take one value have been given, by all the parsers of a command line."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        # argparse would go on behind an option that it does not know, and blame the value for being no command.
        words = sys.argv[1:] if args is None else list(args)
        wrong = self._wrong(words)
        if wrong is not None:
            self.error(wrong)
        found, left = super().parse_known_args(words, namespace)
        if left and not self.commands:  # else the parser of all commands would tell, and point to its own help
            self.error(f"unrecognized arguments: {' '.join(left)}")
        return found, left

    def error(self, message: str) -> NoReturn:
        # A URL in the wrong place is quoted as any other word.
        told = without_secrets(" ".join(message.split()))
        self.exit(FAILED, f"{self.prog}: {told} (see {self.prog} --help)\n")

    def _wrong(self, words: Sequence[str]) -> str | None:
        """What is wrong with the first word that is no option and no command."""
        options = self._option_string_actions
        taken = None
        at = 0
        while at < len(words):  # ends where the words do
            word = words[at]
            at += 1
            if word == "--":
                return None
            if not _is_option(word):
                if self.commands:
                    return None if word in self.commands else self._unknown_command(word)
                continue
            name, equals, _ = word.partition("=")
            if name not in options:
                return self._unknown_option(name, words[at:])
            if options[name].nargs != 0 and not equals and at < len(words) and not _is_option(words[at]):
                if words[at] in self.commands:
                    taken = f"{name} has taken {words[at]!r} for its {options[name].metavar}, so there is no COMMAND"
                at += 1
        return taken

    def _unknown_command(self, word: str) -> str:
        return f"there is no command {word!r}{did_you_mean(word, self.commands)}"

    def _unknown_option(self, name: str, words: Sequence[str]) -> str:
        """What is wrong with an option that words follow."""
        typed = [word for word in words if word in self.commands]
        for command in (*typed[:1], *self.commands):
            if name in self.commands[command]._option_string_actions:
                return f"the option {name} belongs to a command, and stands after it: {self.prog} {command} {name}"
        meant = did_you_mean(name, self._option_string_actions)
        return f"there is no option {name}{meant or self.hint}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question for what was meant: names that begin so, or else are most like it; empty if there are none."""
    names = sorted(known)
    found = [name for name in names if len(word.strip("-")) > 1 and name.startswith(word.lower())]
    found = found or get_close_matches(word.lower(), names, n=1)
    return f": did you mean {' or '.join(found)}?" if found else ""


def _is_option(word: str) -> bool:
    """Whether argparse does not take a word for a value."""
    return word.startswith("-") and word != "-" and not _NUMBER.fullmatch(word) and " " not in word.partition("=")[0]
