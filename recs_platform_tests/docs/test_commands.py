"""Public docs are true: the commands of README.md and docs/ are run, in order, one folder per page."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.docs.console import (
    ROOT,
    Command,
    commands,
    common_beginning,
    earlier_beginning,
    pages_with_commands,
    to_run,
)
from recs_platform_tests.shared import made_once

_HANGING_AFTER_SECONDS = 900
_TYPED = ("models.md", "purchase-log.md")
"""Pages whose commands are typed into a shell, as their readers do; on the others that would only take longer."""


@dataclass(frozen=True)
class Reader(Terminal):
    """Somebody who follows a page, in an empty folder and with no setting made."""

    @property
    def environment(self) -> dict[str, str]:
        return {"HOME": str(self.folder), **self.variables}

    def follow(self, command: Command, *, typed: bool = False) -> None:
        """A command of `recs` in this process, which has everything loaded; others, and what is `typed`, in a shell."""
        of_recs = command.of_recs
        if typed or of_recs is None:
            code, shown = self._shell(command.text)
        else:
            variables, arguments = of_recs
            with _private():
                ended = self.recs(*arguments, **variables)
            code, shown = ended.code, ended.out + ended.err
        assert code == command.exit_code, f"$ {command.text}\n{shown}"

    def _shell(self, text: str) -> tuple[int, str]:
        with self.inside():
            ended = subprocess.run(
                ["bash", "-c", text],
                env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=_HANGING_AFTER_SECONDS,
                check=False,
            )
        return ended.returncode, ended.stdout


@contextmanager
def _private() -> Iterator[None]:
    """What is written is for its owner alone, as by a process of `recs`."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@pytest.mark.slow
@pytest.mark.parametrize("page", [pytest.param(page, id=str(page.relative_to(ROOT))) for page in pages_with_commands()])
def test_the_commands_of_a_page_do_what_it_says(
    page: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path / "work"
    beginning = common_beginning(page, pages_with_commands())
    if beginning:
        shutil.copytree(after(beginning, tmp_path_factory), folder)
    else:
        folder.mkdir()
    for command in to_run(page)[len(beginning) :]:
        Reader(folder).follow(command, typed=page.name in _TYPED)


def after(beginning: tuple[Command, ...], factory: pytest.TempPathFactory) -> Path:
    """The folder in which these commands were run: once, whichever pages begin with them."""

    pages = pages_with_commands()
    earlier = earlier_beginning(beginning, {common_beginning(page, pages) for page in pages})

    def run(folder: Path) -> None:
        if earlier:
            shutil.copytree(after(earlier, factory), folder, dirs_exist_ok=True)
        for command in beginning[len(earlier) :]:
            Reader(folder).follow(command)

    name = hashlib.sha256(repr(beginning).encode()).hexdigest()[:12]
    return made_once(factory, f"docs-{name}", run)


def test_the_make_targets_of_the_docs_exist() -> None:
    targets = set(re.findall(r"^([a-z0-9]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    pages = {page.name: commands(page.read_text()) for page in pages_with_commands()}
    missing = [
        f"{page}: make {target}"
        for page, found in pages.items()
        for command in found
        for target in command.make_targets
        if target not in targets
    ]
    assert {"demo", "test", "check", "e2e", "ui", "bench"} <= targets
    assert missing == []


def test_a_command_that_ends_otherwise_than_promised_fails_the_page(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    reader.follow(Command("exit 3", 3))
    with pytest.raises(AssertionError, match="why not"):
        reader.follow(Command("echo why not; exit 3"))
    with pytest.raises(AssertionError):
        reader.follow(Command("true", 2))
    with pytest.raises(AssertionError, match='no company "nobody"'):
        reader.follow(Command("recs status nobody"))


def test_pages_share_the_commands_that_they_begin_with(tmp_path: Path) -> None:
    names = {"long": "abc", "longer": "abcd", "short": "ax", "other": "b"}
    pages = {name: tmp_path / name for name in names}
    for name, letters in names.items():
        pages[name].write_text("```console\n" + "".join(f"$ recs {letter}\n" for letter in letters) + "```\n")

    def shared(name: str) -> str:
        return "".join(command.text[-1] for command in common_beginning(pages[name], pages.values()))

    assert {name: shared(name) for name in names} == {"long": "abc", "longer": "abc", "short": "a", "other": ""}
    beginnings = {common_beginning(page, pages.values()) for page in pages.values()}
    longest, shorter, none = sorted(beginnings, key=len, reverse=True)
    assert earlier_beginning(longest, beginnings) == shorter
    assert earlier_beginning(shorter, beginnings) == none == ()


def test_commands_are_found_where_readers_find_them() -> None:
    page = """
```console
$ git clone https://example.com/recs
$ make demo V=1
output
$ recs companies check nobody
no company nobody
(exit code 2)
```
```sh
$ not this one
```
"""
    found = commands(page)
    assert [(command.text, command.exit_code) for command in found if not command.skipped] == [
        ("recs companies check nobody", 2)
    ]
    assert [target for command in found for target in command.make_targets] == ["demo"]
