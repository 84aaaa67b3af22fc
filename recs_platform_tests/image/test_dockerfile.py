"""What can be said of deploy/Dockerfile and of what is sent to a build without building it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
_LINTER = ROOT / ".servers" / "bin" / "hadolint"


def judged(dockerfile: Path) -> str:
    ended = subprocess.run([_LINTER, "--no-color", dockerfile], capture_output=True, text=True, check=False, timeout=60)
    assert bool(ended.returncode) == bool(ended.stdout), ended.stderr
    return ended.stdout


def test_a_linter_finds_nothing() -> None:
    assert judged(DOCKERFILE) == ""


def test_a_linter_finds_what_is_wrong(tmp_path: Path) -> None:
    wrong = tmp_path / "Dockerfile"
    wrong.write_text(DOCKERFILE.read_text().replace("--no-cache-dir ", "").replace("USER 10001:10001", "USER root"))
    assert {"DL3002", "DL3042"} <= set(re.findall(r"DL\d{4}", judged(wrong)))


@pytest.mark.parametrize("name", ["deploy/Dockerfile", ".dockerignore"])
def test_no_address_of_an_index(name: str) -> None:
    assert re.findall(r"https?://\S+|index-url|trusted-host", (ROOT / name).read_text()) == []


def test_packages_are_installed_by_their_hashes() -> None:
    installed = re.findall(r"pip --python [^&]+", DOCKERFILE.read_text().replace("\\\n", ""))
    assert len(installed) == 3
    assert all("--require-hashes -r deploy/" in line or "--no-index" in line for line in installed)
