"""A version's number is its artifact's tag: given once, whoever is killed and whoever comes next."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from recs_platform.model_registry.artifact_store import ArtifactStore
from recs_platform.model_registry.copies import Copies
from recs_platform.model_registry.oci_registry import RegistryRepositories
from recs_platform.model_registry.oci_store import OciStore
from recs_platform.model_registry.registry import Registered
from recs_platform.model_registry.shelf import ModelShelf
from recs_platform.models.challenge import ChallengeVerdict, challenge
from recs_platform.models.model import Model
from recs_platform.platform_db.engine import engine, upgrade
from recs_platform_tests.model_registry.artifacts import layouts_in
from recs_platform_tests.model_registry.killing import killed_everywhere
from recs_platform_tests.models.worlds import FEATURES, linear, trained
from recs_platform_tests.stores.fixtures import OciRegistry

MODEL = "offer_ranking"
MONDAY = date(2026, 3, 2)


@pytest.fixture(params=["folder", "registry"])
def artifacts(request: pytest.FixtureRequest, tmp_path: Path) -> ArtifactStore:
    if request.param == "folder":
        return layouts_in(tmp_path / "artifacts")
    registry: OciRegistry = request.getfixturevalue("oci_registry")
    return OciStore(RegistryRepositories(registry.new_root()), Copies(tmp_path / "copies"))


def database(folder: Path) -> Engine:
    opened = engine(f"sqlite:///{folder / 'platform.db'}")
    upgrade(opened)
    return opened


@pytest.fixture
def shelf(artifacts: ArtifactStore, tmp_path: Path) -> ModelShelf:
    return ModelShelf("metro", database(tmp_path), artifacts, "0123456789abcdef")


def verdict() -> ChallengeVerdict:
    training = trained(linear)
    return challenge(training.candidate, None, training.test, 0.005)


def model(number: int) -> Model:
    """Another one by its digest."""
    candidate = trained(linear).candidate
    return replace(candidate, manifest=candidate.manifest.model_copy(update={"code_version": f"{number}"}))


def day(number: int) -> date:
    return MONDAY + timedelta(days=number)


def names_its_artifact(shelf: ModelShelf, version: Registered) -> bool:
    tagged = shelf.artifacts.tagged(str(version.repository), str(version.tag))
    return version.tag == str(version.version) and tagged == version.artifact_digest


def test_the_number_is_the_tag(shelf: ModelShelf) -> None:
    for number in (1, 2):
        kept = shelf.keep(MODEL, model(number), day(number), verdict())
        assert kept.version == number
        assert names_its_artifact(shelf, kept)


def test_the_same_model_of_another_day_has_a_tag_of_its_own(shelf: ModelShelf) -> None:
    first = shelf.keep(MODEL, model(1), day(1), verdict())
    second = shelf.keep(MODEL, model(1), day(2), verdict())
    assert (second.version, second.artifact_digest) == (2, first.artifact_digest)
    assert names_its_artifact(shelf, first) and names_its_artifact(shelf, second)


def test_a_tag_without_a_row_is_taken_over_by_the_same_model_and_left_out_by_another(shelf: ModelShelf) -> None:
    """What a training leaves that was killed after its tag and before its row."""
    left = shelf._store(MODEL, model(7))
    shelf.artifacts.tag(left.repository, left.artifact_digest, "1")
    shelf.artifacts.tag(left.repository, left.artifact_digest, "2")
    first = shelf.keep(MODEL, model(7), day(1), verdict())
    assert (first.version, first.artifact_digest) == (1, left.artifact_digest)
    second = shelf.keep(MODEL, model(8), day(2), verdict())
    assert second.version == 3, "tag 2 names another model"
    assert names_its_artifact(shelf, first) and names_its_artifact(shelf, second)


def test_a_tag_that_was_deleted_is_put_again_by_the_day_that_is_made_again(shelf: ModelShelf, tmp_path: Path) -> None:
    kept = shelf.keep(MODEL, model(1), day(1), verdict())
    elsewhere = replace(shelf, artifacts=layouts_in(tmp_path / "emptied"))
    assert elsewhere.keep(MODEL, model(1), day(1), verdict()).version == kept.version
    (version,) = elsewhere.versions(MODEL)
    assert names_its_artifact(elsewhere, version), "it is in the store of today from now on"
    assert elsewhere.load(version, FEATURES).digest == kept.digest


def test_a_tag_that_somebody_moved_stops_no_day(shelf: ModelShelf) -> None:
    """The artifact is addressed by its digest; that the tag names another one, `recs trace` tells."""
    kept = shelf.keep(MODEL, model(1), day(1), verdict())
    other = shelf._store(MODEL, model(2))
    repositories = shelf.artifacts.repositories  # type: ignore[attr-defined]
    if isinstance(repositories, RegistryRepositories):
        repositories._put(other.repository, "1", repositories.manifest(other.repository, other.artifact_digest))
    else:
        repositories.files.remove([f"{other.repository}/index.json"])
        shelf.artifacts.tag(other.repository, other.artifact_digest, "1")
    assert shelf.artifacts.tagged(other.repository, "1") == other.artifact_digest
    assert shelf.keep(MODEL, model(1), day(1), verdict()) == kept
    assert shelf.load(kept, FEATURES).digest == kept.digest


@pytest.mark.slow
@pytest.mark.parametrize(
    ("artifacts", "next_one"), [("folder", "the same model"), ("registry", "another model")], indirect=["artifacts"]
)
def test_killed_anywhere_in_a_training(
    shelf: ModelShelf, artifacts: ArtifactStore, tmp_path: Path, next_one: str
) -> None:
    """The next training always gets a number, and every version names its artifact."""
    killed = 0

    def train() -> None:
        own = engine(f"sqlite:///{tmp_path / 'platform.db'}")
        ModelShelf("metro", own, artifacts, "killed").keep(MODEL, model(killed), day(killed), verdict())

    for _ in killed_everywhere(train, tmp_path):
        given = killed if next_one == "the same model" else 1_000 + killed
        newest = shelf.keep(MODEL, model(given), day(killed), verdict())
        assert newest.status == "active"
        assert shelf.load(newest, FEATURES).digest == newest.digest
        killed += 1
    versions = shelf.versions(MODEL)
    assert all(names_its_artifact(shelf, version) for version in versions)
    # That of the child which came to its end is the newest.
    assert (versions[0].run_id, versions[0].status) == ("killed", "active")
    numbers = {version.version for version in versions}
    assert len(numbers) == len(versions) >= killed > 10, "there was hardly a place to be killed at"
    assert (max(numbers) > len(numbers)) == (next_one == "another model"), "tags of the killed are left out"
