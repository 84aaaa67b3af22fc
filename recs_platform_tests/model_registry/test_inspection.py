"""What the artifact store says of a version: each way in which the chain from the registry to it can be broken."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from recs_platform.model_registry import oci_client
from recs_platform.model_registry.copies import Copies
from recs_platform.model_registry.inspection import ArtifactState, artifact_of, tag_of
from recs_platform.model_registry.oci_registry import RegistryRepositories
from recs_platform.model_registry.oci_store import OciStore
from recs_platform.model_registry.registry import Registered
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.models.challenge import challenge
from recs_platform.platform_db.engine import engine, upgrade
from recs_platform_tests.model_registry.artifacts import file_of, layouts_in, root_of
from recs_platform_tests.models.worlds import linear, trained


@pytest.fixture
def shelf(tmp_path: Path) -> ModelShelf:
    database = engine(f"sqlite:///{tmp_path / 'platform.db'}")
    upgrade(database)
    return ModelShelf("metro", database, layouts_in(tmp_path / "artifacts"), "run-1")


@pytest.fixture
def version(shelf: ModelShelf) -> Registered:
    training = trained(linear)
    verdict = challenge(training.candidate, None, training.test, 0.005)
    return shelf.keep("offer_ranking", training.candidate, date(2026, 3, 2), verdict)


def test_a_whole_one(shelf: ModelShelf, version: Registered) -> None:
    for ask in (tag_of, artifact_of):
        answer = ask(shelf.artifacts, version)
        assert (answer.state, answer.reachable, answer.problem) == (ArtifactState.WHOLE, True, "")
        assert (answer.repository, answer.tag) == ("metro-offer_ranking", "1")
        assert answer.tagged == answer.artifact_digest == version.artifact_digest


def test_one_that_was_not_moved(shelf: ModelShelf, version: Registered) -> None:
    old = replace(version, repository=None, tag=None, artifact_digest=None)
    answer = artifact_of(shelf.artifacts, old)
    assert (answer.state, answer.tagged) == (ArtifactState.NOT_MOVED, None)
    assert answer.problem.endswith("Bring it over: recs models move metro")


def test_a_tag_that_is_not_there(shelf: ModelShelf, version: Registered) -> None:
    (root_of(shelf) / "metro-offer_ranking" / "index.json").unlink()
    answer = artifact_of(shelf.artifacts, version)
    assert (answer.state, answer.problem) == (ArtifactState.NO_TAG, "metro-offer_ranking has no tag 1.")


def test_a_tag_that_was_moved(shelf: ModelShelf, version: Registered) -> None:
    other = "sha256:" + "0" * 64
    index = root_of(shelf) / "metro-offer_ranking" / "index.json"
    index.write_text(index.read_text().replace(str(version.artifact_digest), other))
    answer = tag_of(shelf.artifacts, version)
    assert (answer.state, answer.tagged) == (ArtifactState.TAG_MOVED, other)
    assert str(version.artifact_digest) in answer.problem


def test_content_that_is_damaged(shelf: ModelShelf, version: Registered) -> None:
    shelf.artifacts.pull(str(version.repository), str(version.artifact_digest), version.digest)
    file_of(shelf, version, "model.json").write_text("{}")
    assert tag_of(shelf.artifacts, version).state is ArtifactState.WHOLE, "content is not read"
    answer = artifact_of(shelf.artifacts, version)
    assert (answer.state, answer.tagged) == (ArtifactState.DAMAGED, version.artifact_digest)
    assert "model.json: its bytes are not those that the manifest names" in answer.problem


def test_a_store_that_does_not_answer(
    shelf: ModelShelf, version: Registered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oci_client, "RETRIES", 0)
    away = OciStore(RegistryRepositories("127.0.0.1:9/models"), Copies(tmp_path / "copies"))
    there = replace(version, repository="127.0.0.1:9/models/metro-offer_ranking")
    answer = artifact_of(away, there)
    assert (answer.state, answer.reachable) == (ArtifactState.UNREACHABLE, False)
    assert "does not answer" in answer.problem


def test_a_store_that_a_person_must_see_to(shelf: ModelShelf, version: Registered) -> None:
    (root_of(shelf) / "metro-offer_ranking" / "index.json").write_text("no index")
    answer = tag_of(shelf.artifacts, version)
    assert (answer.state, answer.reachable) == (ArtifactState.REFUSED, False)
