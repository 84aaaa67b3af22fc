"""The layout: any tool for OCI images reads it, tags put at once all stay, what a killed push left is swept."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from recs_platform.errors import UnavailableError
from recs_platform.file_store.bucket import Bucket
from recs_platform.file_store.local import LocalFiles
from recs_platform.file_store.protocol import FileStore
from recs_platform.model_registry.artifact_store import ArtifactStoreError
from recs_platform.model_registry.copies import Copies
from recs_platform.model_registry.oci_layout import Layouts
from recs_platform.model_registry.oci_store import OciStore
from recs_platform.models.artifact import save
from recs_platform_tests.model_registry.artifacts import layouts_in
from recs_platform_tests.models.worlds import linear, trained
from recs_platform_tests.stores.fixtures import IN_STORES, OciRegistry, needed_program, store_named
from recs_platform_tests.warehouse.processes import PATIENCE, start

NAME = "metro-offer_ranking"
TAGS = 8


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save(trained(linear).candidate, tmp_path / "artifact")
    return tmp_path / "artifact"


def skopeo(*arguments: str) -> bytes:
    ended = subprocess.run(
        [needed_program("skopeo"), "--insecure-policy", *arguments], capture_output=True, check=False, timeout=60
    )
    assert ended.returncode == 0, ended.stderr.decode()
    return ended.stdout


def test_the_layout_is_that_of_the_specification(folder: Path, tmp_path: Path) -> None:
    store = layouts_in(tmp_path / "artifacts")
    pushed = store.push(folder, NAME)
    store.tag(NAME, pushed.artifact_digest, "1")
    layout = tmp_path / "artifacts" / NAME
    assert json.loads((layout / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    index = json.loads((layout / "index.json").read_text())
    (entry,) = index["manifests"]
    blob = layout / "blobs" / "sha256" / pushed.artifact_digest.removeprefix("sha256:")
    assert (index["schemaVersion"], entry["digest"], entry["size"]) == (2, pushed.artifact_digest, blob.stat().st_size)
    assert entry["annotations"] == {"org.opencontainers.image.ref.name": "1"}
    manifest = json.loads(blob.read_bytes())
    assert manifest["artifactType"] == "application/vnd.recs.model.v1"
    titles = [layer["annotations"]["org.opencontainers.image.title"] for layer in manifest["layers"]]
    assert titles == ["manifest.json", "manifest.json.sha256", "model.json"]


def test_skopeo_copies_it_to_a_registry_and_back(oci_registry: OciRegistry, folder: Path, tmp_path: Path) -> None:
    store = layouts_in(tmp_path / "artifacts")
    pushed = store.push(folder, NAME)
    store.tag(NAME, pushed.artifact_digest, "1")
    here, there = f"oci:{tmp_path}/artifacts/{NAME}:1", f"docker://{oci_registry.new_root()}/{NAME}:1"
    raw = skopeo("inspect", "--raw", here)
    assert json.loads(raw)["artifactType"] == "application/vnd.recs.model.v1"
    skopeo("copy", "--preserve-digests", "--dest-tls-verify=false", here, there)
    assert skopeo("inspect", "--raw", "--tls-verify=false", there) == raw
    (tmp_path / "back").mkdir()
    skopeo("copy", "--preserve-digests", "--src-tls-verify=false", there, f"oci:{tmp_path}/back/{NAME}:1")
    back = layouts_in(tmp_path / "back")
    assert back.tagged(NAME, "1") == pushed.artifact_digest
    assert back.pull(NAME, pushed.artifact_digest, pushed.digest).is_dir()
    # Somebody else's tags stand beside ours.
    back.tag(NAME, pushed.artifact_digest, "2")
    assert (back.tagged(NAME, "1"), back.tagged(NAME, "2")) == (pushed.artifact_digest,) * 2
    assert skopeo("inspect", "--raw", f"oci:{tmp_path}/back/{NAME}:2") == raw


def tag_many(root: str, copies: Path, digest: str, first: int) -> None:
    """From the moment on when all are ready."""
    (copies.parent / f"ready-{first}").touch()
    while len(list(copies.parent.glob("ready-*"))) < 3:
        time.sleep(0.001)
    files: FileStore = Bucket(root, "RECS_FILES_URL") if "://" in root else LocalFiles(Path(root))
    store = OciStore(Layouts(files), Copies(copies))
    for number in range(first, first + TAGS):
        store.tag(NAME, digest, str(number))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["folder", *IN_STORES])
def test_tags_that_are_put_at_once_all_stay(
    request: pytest.FixtureRequest, kind: str, folder: Path, tmp_path: Path
) -> None:
    """Whoever holds the lock of the registry of models, or has lost it."""
    root = str(tmp_path / "artifacts") if kind == "folder" else store_named(request, kind).new_folder()
    files: FileStore = Bucket(root, "RECS_FILES_URL") if "://" in root else LocalFiles(Path(root))
    store = OciStore(Layouts(files), Copies(tmp_path / "copies"))
    digest = store.push(folder, NAME).artifact_digest
    writers = [start(tag_many, root, tmp_path / "copies", digest, first) for first in (0, TAGS, 2 * TAGS)]
    for writer in writers:
        writer.join(PATIENCE)
        assert writer.exitcode == 0
    assert [store.tagged(NAME, str(number)) for number in range(3 * TAGS)] == [digest] * 3 * TAGS


def test_an_index_that_is_none_is_a_persons_matter(folder: Path, tmp_path: Path) -> None:
    store = layouts_in(tmp_path / "artifacts")
    pushed = store.push(folder, NAME)
    for index in ("", "[]", "{}", '{"manifests": 3}', '{"manifests": [{"annotations": {"a": "b"}}, 4]}', "[" * 90_000):
        (tmp_path / "artifacts" / NAME / "index.json").write_text(index)
        for ask in (
            lambda: store.tagged(NAME, "1"),
            lambda: store.tag(NAME, pushed.artifact_digest, "1"),
        ):
            with pytest.raises(ArtifactStoreError, match=r"index\.json: .*it is not the index .*recs models move"):
                ask()
    assert store.pull(NAME, pushed.artifact_digest, pushed.digest).is_dir(), "a digest needs no index"


def test_a_folder_that_cannot_be_written_says_so(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "artifacts").touch()
    with pytest.raises(ArtifactStoreError, match=rf"artifacts/{NAME}: the artifact store cannot be used \(Not a dir"):
        layouts_in(tmp_path / "artifacts").push(folder, NAME)


@pytest.mark.parametrize(("number", "kind"), [(errno.EIO, UnavailableError), (errno.ENOSPC, ArtifactStoreError)])
def test_a_disk_that_does_not_answer_just_now_is_no_damage(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception]
) -> None:
    store = layouts_in(tmp_path / "artifacts")

    def failing(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfileobj", failing)
        with pytest.raises(kind):
            store.push(folder, NAME)
    pushed = store.push(folder, NAME)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", failing)
        with pytest.raises(kind):
            store.pull(NAME, pushed.artifact_digest, pushed.digest)
    assert store.pull(NAME, pushed.artifact_digest, pushed.digest).is_dir()


def test_what_killed_pushes_and_pulls_left_is_swept_by_later_ones(folder: Path, tmp_path: Path) -> None:
    store = layouts_in(tmp_path / "artifacts")
    pushed = store.push(folder, NAME)
    store.pull(NAME, pushed.artifact_digest, pushed.digest)
    blobs = tmp_path / "artifacts" / NAME / "blobs" / "sha256"
    left = [blobs / ".unfinished-old", blobs / ".unfinished-new", tmp_path / "copies" / f".{'0' * 64}.old"]
    for place in left[:2]:
        place.write_text("half")
    left[2].mkdir()
    for place in (left[0], left[2]):
        os.utime(place, (0, 0))
    store.push(folder, NAME)
    shutil.rmtree(tmp_path / "copies" / pushed.artifact_digest.removeprefix("sha256:"))
    store.pull(NAME, pushed.artifact_digest, pushed.digest)
    assert [place.exists() for place in left] == [False, True, False]
