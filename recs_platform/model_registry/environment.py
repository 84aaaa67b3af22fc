"""Where this environment keeps artifacts: in the registry that RECS_ARTIFACTS_URL names, or else as OCI layouts beside
its other files."""

from __future__ import annotations

from pathlib import Path

from recs_platform.file_store.bucket import Bucket, is_bucket
from recs_platform.file_store.environment import open_files
from recs_platform.file_store.local import LocalFiles
from recs_platform.model_registry.artifact_store import ArtifactStore
from recs_platform.model_registry.copies import Copies
from recs_platform.model_registry.oci_layout import Layouts
from recs_platform.model_registry.oci_store import OciStore
from recs_platform.model_registry.old_shelf import OldShelf
from recs_platform.settings import settings

LAYOUTS = "artifacts"
"""The folder of the layouts."""


def open_artifacts() -> ArtifactStore:
    """The environment's store, of all companies."""
    chosen = settings()
    return store_at(chosen.artifacts_url) if chosen.artifacts_url else open_layouts()


def open_layouts() -> ArtifactStore:
    """Where artifacts stand as long as no registry is named."""
    files = settings().files
    folder = (
        Bucket(f"{files.rstrip('/')}/{LAYOUTS}", "RECS_FILES_URL")
        if is_bucket(files)
        else LocalFiles(Path(files).absolute() / LAYOUTS)
    )
    return OciStore(Layouts(folder), _copies())


def store_at(root: str) -> ArtifactStore:
    """That of a registry and a path in it."""
    # Its client takes a while to import, and most environments need none.
    from recs_platform.model_registry.oci_registry import RegistryRepositories

    return OciStore(RegistryRepositories(root), _copies())


def open_old_shelf() -> OldShelf:
    return OldShelf(open_files())


def _copies() -> Copies:
    return Copies(settings().home.absolute() / "scratch" / "copies" / "artifacts")
