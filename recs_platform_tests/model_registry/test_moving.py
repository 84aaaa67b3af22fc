"""`recs models move`: versions of an earlier shelf, or of another store, come to where artifacts are kept today."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from recs_platform.errors import UnavailableError
from recs_platform.file_store.environment import open_files
from recs_platform.model_registry import oci_client
from recs_platform.model_registry.environment import open_artifacts
from recs_platform.model_registry.inspection import NotMovedError
from recs_platform.model_registry.moving import move
from recs_platform.model_registry.shelf import ModelShelf, open_shelf
from recs_platform.platform_db.engine import engine
from recs_platform.settings import settings
from recs_platform_tests.model_registry.earlier_shelf import MODEL, model, put_on_the_old_shelf, verdict
from recs_platform_tests.model_registry.killing import killed_everywhere
from recs_platform_tests.models.worlds import FEATURES
from recs_platform_tests.stores.fixtures import IN_STORES, OciRegistry, store_named

REMEDY = "Bring it over: recs models move metro"


@pytest.fixture(params=["folder", *IN_STORES])
def shelf(
    request: pytest.FixtureRequest, own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ModelShelf]:
    """One whose versions stand on the old shelf, in a home or in a bucket."""
    if request.param != "folder":
        monkeypatch.setenv("RECS_FILES_URL", store_named(request, str(request.param)).new_folder())
        settings.cache_clear()
    opened = open_shelf("metro", run_id="0123456789abcdef")
    put_on_the_old_shelf(opened, tmp_path)
    yield opened
    opened.database.dispose()


def outcomes(shelf: ModelShelf, *, dry_run: bool = False) -> list[tuple[int, str]]:
    moves = move(shelf.database, "metro", shelf.artifacts, dry_run=dry_run)
    return [(one.version, one.outcome) for one in moves]


def is_whole(shelf: ModelShelf) -> bool:
    for version in shelf.versions(MODEL):
        assert shelf.artifacts.tagged(str(version.repository), str(version.version)) == version.artifact_digest
        assert shelf.load(version, FEATURES).digest == version.digest
    return True


def test_until_it_is_moved_a_load_names_the_command(shelf: ModelShelf) -> None:
    active = shelf.active(MODEL)
    assert active is not None
    said = rf"^metro: version 2 of {MODEL} is still on the shelf of an earlier version\. {REMEDY}$"
    for ask in (
        lambda: shelf.load(active, FEATURES),
        lambda: shelf.activate(MODEL, 1, FEATURES, by="ann"),
        lambda: shelf.rollback(MODEL, FEATURES, to=1, by="ann"),
    ):
        with pytest.raises(NotMovedError, match=said.replace("2", "[12]")):
            ask()
    assert shelf.active(MODEL) == active


def test_versions_come_over_once_and_the_old_shelf_stays(shelf: ModelShelf) -> None:
    files = open_files()
    old, before = files.listed("models"), shelf.versions(MODEL)
    assert outcomes(shelf, dry_run=True) == [(2, "would move"), (1, "would move")], "the one that serves first"
    assert (files.listed("artifacts"), shelf.versions(MODEL)) == ({}, before)
    assert outcomes(shelf) == [(2, "moved"), (1, "moved")]
    assert is_whole(shelf)
    moved, stored = shelf.versions(MODEL), files.listed("artifacts")
    assert [replace(one, repository=None, tag=None, artifact_digest=None) for one in moved] == list(before)
    assert outcomes(shelf) == outcomes(shelf, dry_run=True) == [(2, "there"), (1, "there")]
    assert (shelf.versions(MODEL), files.listed("artifacts"), files.listed("models")) == (moved, stored, old)


def test_a_damaged_one_is_said_and_the_others_come_over(shelf: ModelShelf) -> None:
    files = open_files()
    first = next(version for version in shelf.versions(MODEL) if version.version == 1)
    files.write(f"models/{first.uri}/manifest.json", b"{}")
    for _ in range(2):
        moves = {one.version: one for one in move(shelf.database, "metro", shelf.artifacts)}
        assert moves[2].outcome in ("moved", "there")
        assert moves[1].outcome == "failed"
        assert "manifest.json: its bytes are not those that manifest.json.sha256 names" in moves[1].problem
    files.remove([f"models/{first.uri}/manifest.json"])
    assert outcomes(shelf) == [(2, "there"), (1, "failed")]
    # Who trains it again has it.
    assert shelf.keep(MODEL, model(1), first.as_of, verdict()).version == 1
    assert is_whole(shelf)


def test_a_tag_that_names_something_else_is_a_persons_matter(shelf: ModelShelf) -> None:
    stored = shelf._store(MODEL, model(9))
    shelf.artifacts.tag(stored.repository, stored.artifact_digest, "2")
    moves = {one.version: one for one in move(shelf.database, "metro", shelf.artifacts)}
    assert (moves[1].outcome, moves[2].outcome) == ("moved", "failed")
    assert "a tag is never moved" in moves[2].problem
    assert next(version for version in shelf.versions(MODEL) if version.version == 2).repository is None


def test_a_tag_that_was_lost_is_put_again(shelf: ModelShelf) -> None:
    assert outcomes(shelf) == [(2, "moved"), (1, "moved")]
    open_files().remove([f"artifacts/metro-{MODEL}/index.json"])
    assert outcomes(shelf, dry_run=True) == [(2, "would tag"), (1, "would tag")]
    assert outcomes(shelf) == [(2, "tagged"), (1, "tagged")]
    assert is_whole(shelf)


def test_from_a_layout_to_a_registry_and_back(
    oci_registry: OciRegistry, own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_shelf("metro", run_id="0123456789abcdef")
    opened.keep(MODEL, model(1), date(2026, 3, 1), verdict())
    monkeypatch.setenv("RECS_ARTIFACTS_URL", oci_registry.new_root())
    settings.cache_clear()
    there = replace(opened, artifacts=open_artifacts())
    (version,) = there.versions(MODEL)
    with pytest.raises(NotMovedError, match=rf"^metro: .* is still in metro-{MODEL}\. {REMEDY}$"):
        there.load(version, FEATURES)
    assert outcomes(there) == [(1, "moved")]
    (moved,) = there.versions(MODEL)
    assert (moved.repository, moved.artifact_digest) == (
        f"{settings().artifacts_url}/metro-{MODEL}",
        version.artifact_digest,
    )
    shutil.rmtree(own_home / "artifacts")
    shutil.rmtree(own_home / "scratch")
    assert is_whole(there)
    assert outcomes(opened) == [(1, "moved")]
    assert is_whole(opened)
    opened.database.dispose()


def test_a_registry_that_does_not_answer_moves_nothing(shelf: ModelShelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECS_ARTIFACTS_URL", "127.0.0.1:9/models")
    monkeypatch.setattr(oci_client, "RETRIES", 0)
    settings.cache_clear()
    before = shelf.versions(MODEL)
    with pytest.raises(UnavailableError, match=r"^127\.0\.0\.1:9: the artifact store does not answer"):
        list(move(shelf.database, "metro", open_artifacts()))
    assert shelf.versions(MODEL) == before


@pytest.mark.slow
@pytest.mark.parametrize("target", ["layout", "registry"])
def test_killed_anywhere_in_a_move(
    request: pytest.FixtureRequest, own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    opened = open_shelf("metro", run_id="0123456789abcdef")
    put_on_the_old_shelf(opened, tmp_path, versions=1)  # each is moved by itself
    opened.database.dispose()
    before = shutil.copytree(own_home, tmp_path / "before")

    def work() -> None:
        list(move(engine(settings().database), "metro", open_artifacts()))

    def new_target() -> None:
        if target == "registry":
            registry: OciRegistry = request.getfixturevalue("oci_registry")
            monkeypatch.setenv("RECS_ARTIFACTS_URL", registry.new_root())
            settings.cache_clear()

    killed = 0
    new_target()
    for _ in killed_everywhere(work, own_home):
        killed += 1
        again = open_shelf("metro", run_id="another")
        assert {outcome for _, outcome in outcomes(again)} <= {"moved", "there", "tagged"}
        assert is_whole(again)
        again.database.dispose()
        shutil.rmtree(own_home)
        shutil.copytree(before, own_home)
        new_target()
    assert killed > 12, "there was hardly a place to be killed at"
