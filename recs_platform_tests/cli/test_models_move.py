"""`recs models move`: what it tells. What it does is tested beside the registry."""

from __future__ import annotations

import shutil
from pathlib import Path

from recs_platform.model_registry.shelf import open_shelf
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.model_registry.earlier_shelf import MODEL, put_on_the_old_shelf


def test_the_command_says_what_it_did(terminal: Terminal, tmp_path: Path) -> None:
    with terminal.inside():
        opened = open_shelf("metro", run_id="0123456789abcdef")
        assert "There is no version of a model yet" in terminal.recs("models", "move").told
        put_on_the_old_shelf(opened, tmp_path / "made")
        opened.database.dispose()
    told = terminal.recs("models", "metro").told
    assert "Not brought over yet: 2 and 1. To bring them over: recs models move metro" in told
    would = terminal.recs("models", "move", "metro", "--dry-run", "--json").json
    assert [one["outcome"] for one in would] == ["would move", "would move"]
    ended = terminal.recs("models", "move", "metro")
    assert ended.code == 0
    assert ended.rows[1:] == [
        ["metro", MODEL, version, "moved", "the shelf of an earlier version", f"metro-{MODEL}:{version}"]
        for version in ("2", "1")
    ]
    assert [one["outcome"] for one in terminal.recs("models", "move", "--json").json] == ["there", "there"]
    assert "Not brought over" not in terminal.recs("models", "metro").told
    shutil.rmtree(terminal.folder / ".recs" / "artifacts")
    broken = terminal.recs("models", "move", "metro")
    assert broken.code == 2
    assert "metro: offer_ranking version 2: " in broken.told
