"""Finds the commands that a Markdown page tells its reader to type.

A page's ```console blocks are run by `test_commands.py`; commands that need another machine (Docker, a cluster, a
cloud) belong in ```sh blocks, which are not.
"""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_EXIT_CODE = re.compile(r"\(exit code (\d+)\)")
_ASSIGNED = re.compile(r"[A-Z_]+=")
_OF_THE_SHELL = set("|&;<>()$`")


@dataclass(frozen=True)
class Command:
    text: str
    exit_code: int = 0

    @property
    def skipped(self) -> bool:
        """`make` would test the tests, and `git clone` and `cd` lead to the checkout that the tests stand in."""
        return self.text.split()[0] in ("make", "cd") or self.text.startswith("git clone")

    @property
    def of_recs(self) -> tuple[dict[str, str], list[str]] | None:
        """The variables and arguments that `recs` is given, of a command that needs nothing else of the shell.

        >>> Command('recs query acme "SELECT COUNT(*) FROM events"').of_recs
        ({}, ['query', 'acme', 'SELECT COUNT(*) FROM events'])
        >>> Command("RECS_COMPANIES_DIR=mine recs status").of_recs
        ({'RECS_COMPANIES_DIR': 'mine'}, ['status'])
        >>> Command("recs status | head").of_recs
        """
        tokens = list(shlex.shlex(self.text, posix=True, punctuation_chars=True))
        if "$" in self.text or "`" in self.text or any(set(token) <= _OF_THE_SHELL for token in tokens if token):
            return None
        words = shlex.split(self.text)
        variables = dict(word.split("=", 1) for word in itertools.takewhile(_ASSIGNED.match, words))
        program, *arguments = words[len(variables) :]
        return (variables, arguments) if program == "recs" else None

    @property
    def make_targets(self) -> list[str]:
        words = self.text.split()
        return [word for word in words[1:] if "=" not in word] if words[0] == "make" else []


def commands(page: str) -> list[Command]:
    """Lines that open with `$ `; a line `(exit code N)` anywhere before the next of them says how it ends.

    >>> commands("```console\\n$ recs status\\nall is well\\n$ recs check nobody\\n(exit code 2)\\n```\\n")
    [Command(text='recs status', exit_code=0), Command(text='recs check nobody', exit_code=2)]
    """
    found: list[Command] = []
    for block in _BLOCK.findall(page):
        found_here: list[Command] = []
        for line in block.splitlines():
            ending = _EXIT_CODE.fullmatch(line.strip())
            if line.startswith("$ "):
                found_here.append(Command(line[2:].strip()))
            elif ending and found_here:
                found_here[-1] = Command(found_here[-1].text, int(ending[1]))
        found += found_here
    return found


def to_run(page: Path) -> tuple[Command, ...]:
    return tuple(command for command in commands(page.read_text()) if not command.skipped)


def common_beginning(page: Path, others: Iterable[Path]) -> tuple[Command, ...]:
    """The commands that a page begins with as another page does; of several, the most."""
    mine = to_run(page)
    lengths = [
        next((n for n, (one, other) in enumerate(zip(mine, to_run(another), strict=False)) if one != other), shortest)
        for another in others
        if another != page and (shortest := min(len(mine), len(to_run(another))))
    ]
    return mine[: max(lengths, default=0)]


def earlier_beginning(beginning: tuple[Command, ...], beginnings: Iterable[tuple[Command, ...]]) -> tuple[Command, ...]:
    """The longest of those that a longer one begins with itself."""
    shorter = [one for one in beginnings if len(one) < len(beginning) and one == beginning[: len(one)]]
    return max(shorter, key=len, default=())


def pages_with_commands() -> list[Path]:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
    return [page for page in pages if commands(page.read_text())]
