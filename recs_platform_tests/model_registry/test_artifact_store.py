"""What every artifact store promises, whatever it is made of. A new one joins `STORES`.

Not here: what a layout or a registry has of its own (test_oci_layout.py, test_oci_registry.py).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from recs_platform.errors import ConfigError, UnavailableError
from recs_platform.file_store import bucket
from recs_platform.file_store.bucket import Bucket
from recs_platform.file_store.local import LocalFiles
from recs_platform.model_registry import oci_client
from recs_platform.model_registry.artifact_store import TagTakenError
from recs_platform.model_registry.copies import Copies
from recs_platform.model_registry.oci_layout import Layouts
from recs_platform.model_registry.oci_registry import RegistryRepositories
from recs_platform.model_registry.oci_store import OciStore
from recs_platform.model_registry.repositories import Repositories
from recs_platform.models.artifact import ArtifactError, file_names, load, prove, save
from recs_platform.models.model import Model
from recs_platform_tests.models.worlds import linear, trained
from recs_platform_tests.stores.fixtures import IN_STORES, OciRegistry, store_named
from recs_platform_tests.stores.proxy import HUNG_UP, LOST, OVERLOADED, Fault, proxied

NAME = "metro-offer_ranking"


@dataclass
class Stores:
    """Opens the same store as often as one likes, each time as another machine: with copies of its own."""

    repositories: Repositories
    folder: Path
    machines: int = 0

    def open(self) -> OciStore:
        self.machines += 1
        return OciStore(self.repositories, Copies(self.folder / f"copies-{self.machines}"))


@pytest.fixture(params=["folder", *IN_STORES, "registry"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Stores:
    return Stores(repositories(request, str(request.param), tmp_path), tmp_path)


def repositories(request: pytest.FixtureRequest, kind: str, folder: Path) -> Repositories:
    if kind == "folder":
        return Layouts(LocalFiles(folder / "store"))
    if kind == "registry":
        registry: OciRegistry = request.getfixturevalue("oci_registry")
        return RegistryRepositories(registry.new_root())
    return Layouts(Bucket(store_named(request, kind).new_folder(), "RECS_FILES_URL"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(trained(linear).candidate, tmp_path / "artifact")
    return tmp_path / "artifact"


@pytest.fixture
def other(tmp_path: Path) -> Path:
    save(another(trained(linear).candidate), tmp_path / "other")
    return tmp_path / "other"


def another(model: Model) -> Model:
    return replace(model, manifest=model.manifest.model_copy(update={"code_version": "1.0.1"}))


def content(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in file_names(prove(folder))}


def test_what_was_pushed_is_pulled_byte_by_byte(stores: Stores, folder: Path) -> None:
    pushed = stores.open().push(folder, NAME)
    assert pushed.digest == prove(folder).digest
    pulled = stores.open().pull(pushed.repository, pushed.artifact_digest, pushed.digest)
    assert content(pulled) == content(folder)
    assert load(pulled, digest=pushed.digest).digest == pushed.digest
    stores.open().prove(pushed.repository, pushed.artifact_digest, pushed.digest)


def test_the_same_content_is_the_same_artifact_everywhere(stores: Stores, folder: Path, other: Path) -> None:
    opened = stores.open()
    first, again = opened.push(folder, NAME), opened.push(folder, NAME)
    elsewhere, another_model = opened.push(folder, "acme-reorder"), opened.push(other, NAME)
    assert first == again
    assert (
        first.artifact_digest
        == elsewhere.artifact_digest
        == ("sha256:4cf88a9b9a9fe6fabff97cbffdd1e9b0ad3536ea9c35426fa098e0e75ec0a7d9")
    ), "versions of any age have this manifest, and their tags are never moved to another one"
    assert another_model.artifact_digest != first.artifact_digest
    assert len({first.repository, elsewhere.repository}) == 2


def test_a_tag_names_one_content_for_ever(stores: Stores, folder: Path, other: Path) -> None:
    opened = stores.open()
    mine, another_model = opened.push(folder, NAME), opened.push(other, NAME)
    assert opened.tagged(mine.repository, "1") is None
    for _ in range(2):
        opened.tag(mine.repository, mine.artifact_digest, "1")
        assert stores.open().tagged(mine.repository, "1") == mine.artifact_digest
    with pytest.raises(TagTakenError, match=rf"{NAME}:1: .*the tag names {mine.artifact_digest}, and not "):
        stores.open().tag(mine.repository, another_model.artifact_digest, "1")
    assert stores.open().tagged(mine.repository, "1") == mine.artifact_digest
    opened.tag(mine.repository, another_model.artifact_digest, "2")
    assert stores.open().tagged(mine.repository, "2") == another_model.artifact_digest
    assert stores.open().tagged(mine.repository, "3") is None


def test_what_was_never_pushed_has_no_tag(stores: Stores, folder: Path) -> None:
    opened = stores.open()
    pushed = opened.push(folder, NAME)
    with pytest.raises(ArtifactError, match="it is not there"):
        opened.tag(pushed.repository, "sha256:" + "0" * 64, "1")
    assert opened.tagged(pushed.repository, "1") is None
    assert opened.tagged(opened.repository("acme-reorder"), "1") is None


def test_other_content_than_was_asked_for_is_refused(stores: Stores, folder: Path, other: Path) -> None:
    opened = stores.open()
    mine, another_model = opened.push(folder, NAME), opened.push(other, NAME)
    for _ in range(2):
        with pytest.raises(ArtifactError, match=f"its digest is not {mine.digest}"):
            opened.pull(mine.repository, another_model.artifact_digest, mine.digest)
        # Now there is a copy of it.
        opened.pull(mine.repository, another_model.artifact_digest, another_model.digest)


@pytest.mark.parametrize("strange", ["sha256:" + "0" * 64, "sha256:../../../etc/passwd", "1", ""])
def test_what_was_never_pushed_is_refused(stores: Stores, folder: Path, strange: str) -> None:
    pushed = stores.open().push(folder, NAME)
    with pytest.raises(ArtifactError):
        stores.open().pull(pushed.repository, strange, pushed.digest)


def test_a_damaged_folder_is_not_pushed(stores: Stores, folder: Path) -> None:
    (folder / "manifest.json").write_text("{}")
    with pytest.raises(ArtifactError):
        stores.open().push(folder, NAME)
    assert not (stores.folder / "store").exists()


def test_copies_may_be_deleted_or_damaged_at_any_time(stores: Stores, folder: Path) -> None:
    opened = stores.open()
    pushed = opened.push(folder, NAME)
    ask = (pushed.repository, pushed.artifact_digest, pushed.digest)
    copy = opened.pull(*ask)
    for name in content(folder):
        for damage in (lambda path: path.write_bytes(b"damaged"), Path.unlink):
            damage(copy / name)
            assert content(opened.pull(*ask)) == content(folder)


@pytest.mark.parametrize("kind", ["folder", *IN_STORES])
def test_each_damaged_blob_is_refused_and_mended_by_the_next_push(
    request: pytest.FixtureRequest, kind: str, folder: Path, tmp_path: Path
) -> None:
    """A registry proves and keeps its blobs itself."""
    layouts = repositories(request, kind, tmp_path)
    assert isinstance(layouts, Layouts)
    stores, kept = Stores(layouts, tmp_path), layouts.files
    pushed = stores.open().push(folder, NAME)
    ask = (pushed.repository, pushed.artifact_digest, pushed.digest)
    blobs = list(kept.listed(f"{NAME}/blobs"))
    assert len(blobs) == 5
    damages: tuple[Callable[[str], None], ...] = (
        lambda name: kept.write(name, kept.read(name)[:-1]),
        lambda name: kept.remove([name]),
    )
    for name in blobs:
        for damage in damages:
            damage(name)
            if not name.endswith("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"):
                for look in (stores.open().pull, stores.open().prove):
                    with pytest.raises(ArtifactError):
                        look(*ask)
            assert stores.open().push(folder, NAME) == pushed
            assert content(stores.open().pull(*ask)) == content(folder)
            assert set(kept.listed(f"{NAME}/blobs")) == set(blobs)


BEHIND = [pytest.param("s3", marks=pytest.mark.slow), pytest.param("gs", marks=pytest.mark.slow), "registry"]


@pytest.mark.parametrize("kind", BEHIND)
def test_a_store_that_does_not_answer_is_no_damage(
    request: pytest.FixtureRequest, kind: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What may have been an accident is tried again; a tag that was put without an answer is found."""
    server = request.getfixturevalue("oci_registry").store() if kind == "registry" else store_named(request, kind)
    monkeypatch.setattr(bucket, "_RETRIES", 1)
    monkeypatch.setattr(oci_client, "RETRIES", 1)
    with proxied(server) as (proxy, behind):
        if kind == "registry":
            reached: Repositories = RegistryRepositories(f"{behind.host}:{behind.port}/{tmp_path.name}")
        else:
            behind.let_in(monkeypatch)
            reached = Layouts(Bucket(server.new_folder(), "RECS_FILES_URL"))
        stores = Stores(reached, tmp_path)
        pushed = stores.open().push(folder, NAME)
        ask = (pushed.repository, pushed.artifact_digest, pushed.digest)
        for number, fault in enumerate((OVERLOADED, LOST, HUNG_UP)):
            proxy.faults.append(Fault(fault, "^(PUT|POST) ", times=1))
            stores.open().tag(pushed.repository, pushed.artifact_digest, f"{number}")
            assert proxy.faults[-1].times == 0
            assert stores.open().tagged(pushed.repository, f"{number}") == pushed.artifact_digest
        own = stores.open()
        own.pull(*ask)
        proxy.faults.append(Fault(OVERLOADED, "", times=10_000))
        for do in (
            lambda: stores.open().push(folder, NAME),
            lambda: stores.open().pull(*ask),
            lambda: stores.open().prove(*ask),
            lambda: stores.open().tagged(pushed.repository, "1"),
            lambda: stores.open().tag(pushed.repository, pushed.artifact_digest, "9"),
        ):
            with pytest.raises(UnavailableError, match="does not answer"):
                do()
        assert content(own.pull(*ask)) == content(folder), "whoever has a copy needs nobody"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["s3", "gs"])
def test_a_bucket_that_is_not_there_is_a_persons_matter(
    request: pytest.FixtureRequest, kind: str, folder: Path, tmp_path: Path
) -> None:
    store_named(request, kind)
    nowhere = Stores(Layouts(Bucket(f"{kind}://nobodys-bucket/models", "RECS_FILES_URL")), tmp_path).open()
    digest = "sha256:" + "0" * 64
    for ask in (lambda: nowhere.push(folder, NAME), lambda: nowhere.pull(NAME, digest, digest)):
        with pytest.raises(ConfigError, match=rf"^RECS_FILES_URL: there is no bucket nobodys-bucket at {kind}://"):
            ask()
