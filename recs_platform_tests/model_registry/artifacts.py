"""Artifact stores of tests, and where in them a version's files stand: for tests that damage, move or count them."""

from __future__ import annotations

import json
from pathlib import Path

from recs_platform.file_store.local import LocalFiles
from recs_platform.model_registry.copies import Copies
from recs_platform.model_registry.oci_layout import Layouts
from recs_platform.model_registry.oci_store import OciStore
from recs_platform.model_registry.registry import Registered
from recs_platform.model_registry.shelf import ModelShelf


def layouts_in(folder: Path) -> OciStore:
    """A store in a folder, its copies beside it."""
    return OciStore(Layouts(LocalFiles(folder)), Copies(folder.with_name("copies")))


def root_of(shelf: ModelShelf) -> Path:
    assert isinstance(shelf.artifacts, OciStore)
    assert isinstance(shelf.artifacts.repositories, Layouts)
    assert isinstance(shelf.artifacts.repositories.files, LocalFiles)
    return shelf.artifacts.repositories.files.root


def file_of(shelf: ModelShelf, registered: Registered, name: str = "manifest.json") -> Path:
    """One file of a version, as it stands in its layout."""
    layout = root_of(shelf) / str(registered.repository)
    return named_file(layout, str(registered.artifact_digest), name)


def files_named(root: Path, name: str) -> list[Path]:
    """The files of this name of all artifacts that stand in the layouts of a folder, tagged or not."""
    found = {
        named_file(blob.parents[2], blob.name, name)
        for blob in root.rglob("blobs/sha256/*")
        if b'"artifactType":"application/vnd.recs.model.v1"' in blob.read_bytes()[:200]
    }
    return sorted(found)


def lose(shelf: ModelShelf, registered: Registered) -> None:
    """Its tag stays, and names nothing any more."""
    for name in ("manifest.json", "manifest.json.sha256"):
        file_of(shelf, registered, name).unlink()


def named_file(layout: Path, artifact_digest: str, name: str) -> Path:
    blobs = layout / "blobs" / "sha256"
    manifest = json.loads((blobs / artifact_digest.removeprefix("sha256:")).read_bytes())
    titles = {layer["annotations"]["org.opencontainers.image.title"]: layer["digest"] for layer in manifest["layers"]}
    return blobs / titles[name].removeprefix("sha256:")
