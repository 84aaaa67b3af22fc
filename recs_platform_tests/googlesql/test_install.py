"""What `make googlesql` installs is what it was when its hash was written down, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from recs_platform_tests.googlesql.install import fetched, server_name

pytestmark = pytest.mark.googlesql


def npm_that(does: str, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """An npm that does something else than to fetch the package."""
    program = folder / "npm"
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)
    patch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_another_package_under_the_same_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm_that("echo other > zetasql.tgz", tmp_path, monkeypatch)
    with pytest.raises(SystemExit, match="is not what it was: its SHA-256 is "):
        fetched(tmp_path)


def test_what_npm_says_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm_that("echo 'no such host' >&2; exit 1", tmp_path, monkeypatch)
    with pytest.raises(SystemExit, match=r"^npm could not fetch .*: no such host$"):
        fetched(tmp_path)


def test_without_npm_it_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match="apt-get install npm"):
        fetched(tmp_path)


def test_each_machine_has_its_server() -> None:
    machines = [("Linux", "x86_64"), ("Linux", "aarch64"), ("Darwin", "x86_64"), ("Darwin", "arm64")]
    names = [server_name(system, machine) for system, machine in machines]
    assert names == ["remote_server.so", "remote_server_arm.so", "remote_server", "remote_server_arm"]
