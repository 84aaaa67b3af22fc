"""Finds the commands that a Markdown page tells its reader to type.

A page's ```console blocks are run by `test_commands.py`; commands that need another machine (Docker, a cluster, a
cloud) belong in ```sh blocks, which are not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```console\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_EXIT_CODE = re.compile(r"\(exit code (\d+)\)")


@dataclass(frozen=True)
class Command:
    text: str
    exit_code: int = 0

    @property
    def skipped(self) -> bool:
        """`make` would test the tests, and `git clone` and `cd` lead to the checkout that the tests stand in."""
        return self.text.split()[0] in ("make", "cd") or self.text.startswith("git clone")

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


def pages_with_commands() -> list[Path]:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
    return [page for page in pages if commands(page.read_text())]
