"""requirements.lock makes a fresh machine repeatable, byte by byte, wherever its packages come from."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
EXTRAS = ("dev", "postgres", "gcp", "kubernetes")
LOCKS = ("requirements.lock", "requirements-real.lock", "requirements-servers.lock")
OF_THE_IMAGE = "deploy/requirements.lock"
EXTRAS_OF_THE_IMAGE = ("postgres", "gcp", "kubernetes", "excel")
TO_MAKE_ITS_WHEEL = "deploy/requirements-build.lock"


_PIN = re.compile(r"([a-z0-9._-]+)==([^\s=;]+)((?: --hash=sha256:[0-9a-f]{64})+)")


def locked(name: str = "requirements.lock") -> dict[str, str]:
    text = (ROOT / name).read_text().replace(" \\\n    ", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    pins = [_PIN.fullmatch(line) for line in lines]
    assert all(pins), "every package has one exact version and the hashes of its files"
    return {canonicalize_name(pin[1]): pin[2] for pin in pins if pin}


def required() -> list[Requirement]:
    return [*run_time(EXTRAS), *build_time()]


def run_time(extras: tuple[str, ...]) -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    texts = list(project["project"]["dependencies"])
    for extra in extras:
        texts += project["project"]["optional-dependencies"][extra]
    return [Requirement(text) for text in texts]


def build_time() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [Requirement(text) for text in project["build-system"]["requires"]]


@pytest.mark.parametrize("name", [*LOCKS, OF_THE_IMAGE, TO_MAKE_ITS_WHEEL])
def test_no_address_and_no_path(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert "/" not in text
    assert set(re.findall(r"--[a-z-]+", text)) == {"--hash"}


def test_files_are_those_of_every_machine() -> None:
    """Hashes of one machine's wheels alone would keep the platform from the others."""
    text = (ROOT / "requirements.lock").read_text()
    compiled = text.partition("\nnumpy==")[2].partition("==")[0]
    assert compiled.count("--hash") > 20


def test_it_is_installed_by_its_hashes() -> None:
    assert "--no-deps --require-hashes -r requirements.lock" in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("requirement", required(), ids=str)
def test_a_requirement_of_the_project_is_locked_within_its_range(requirement: Requirement) -> None:
    assert requirement.specifier.contains(locked()[canonicalize_name(requirement.name)])


def test_the_data_of_the_real_example_are_locked_too() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (wanted,) = (Requirement(text) for text in project["project"]["optional-dependencies"]["examples"])
    pins = locked("requirements-real.lock")
    assert list(pins) == [canonicalize_name(wanted.name)]
    assert wanted.specifier.contains(pins[canonicalize_name(wanted.name)])
    assert "--no-deps --require-hashes -r requirements-real.lock" in (ROOT / "Makefile").read_text()


def needed(requirement: Requirement, seen: set[str]) -> Iterator[str]:
    """The package and what it needs in turn, as far as it is installed."""
    name = canonicalize_name(requirement.name)
    key = f"{name}[{','.join(sorted(requirement.extras))}]"
    if key in seen:
        return
    seen.add(key)
    yield name
    try:
        inner = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return
    for text in inner:
        child = Requirement(text)
        extras = ("", *requirement.extras)
        marker = child.marker
        if marker is None or any(marker.evaluate({**default_environment(), "extra": extra}) for extra in extras):
            yield from needed(child, seen)


def test_what_requirements_need_in_turn_is_locked_too() -> None:
    pins, seen = locked(), set[str]()
    missing = {name for requirement in required() for name in needed(requirement, seen)} - set(pins)
    assert missing == set()


def test_the_servers_of_the_tests_are_locked_too() -> None:
    lines = (line.partition(" #")[0] for line in (ROOT / "requirements-servers.in").read_text().splitlines())
    pins = locked("requirements-servers.lock")
    for wanted in (Requirement(line) for line in lines if line and not line.startswith("#")):
        assert wanted.specifier.contains(pins[canonicalize_name(wanted.name)])
    assert "--require-hashes \\\n\t  -r requirements-servers.lock" in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("name", [OF_THE_IMAGE, TO_MAKE_ITS_WHEEL])
def test_the_image_has_what_was_tested(name: str) -> None:
    """The same versions, and the same files of them."""
    assert {pin: version for pin, version in locked(name).items() if locked().get(pin) != version} == {}
    whole = (ROOT / "requirements.lock").read_text()
    hashes = set(re.findall(r"sha256:[0-9a-f]{64}", (ROOT / name).read_text()))
    assert {hash for hash in hashes if hash not in whole} == set()


def test_the_image_has_what_it_needs_and_nothing_else() -> None:
    for name, wanted in ((OF_THE_IMAGE, run_time(EXTRAS_OF_THE_IMAGE)), (TO_MAKE_ITS_WHEEL, build_time())):
        seen = set[str]()
        assert {name for requirement in wanted for name in needed(requirement, seen)} == set(locked(name))
