"""Public docs are true: the commands of README.md and docs/ are run, in order, one folder per page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from recs_platform_tests.docs.console import ROOT, Command, commands, pages_with_commands

_HANGING_AFTER_SECONDS = 900


def run(command: Command, folder: Path) -> None:
    ended = subprocess.run(
        ["bash", "-c", command.text],
        cwd=folder,
        env={
            **os.environ,
            "HOME": str(folder),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_HANGING_AFTER_SECONDS,
        check=False,
    )
    assert ended.returncode == command.exit_code, f"$ {command.text}\n{ended.stdout}"


@pytest.mark.parametrize("page", [pytest.param(page, id=str(page.relative_to(ROOT))) for page in pages_with_commands()])
def test_the_commands_of_a_page_do_what_it_says(page: Path, tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    for command in commands(page.read_text()):
        if not command.skipped:
            run(command, folder)


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
    run(Command("exit 3", 3), tmp_path)
    with pytest.raises(AssertionError, match="why not"):
        run(Command("echo why not; exit 3"), tmp_path)
    with pytest.raises(AssertionError):
        run(Command("true", 2), tmp_path)


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
