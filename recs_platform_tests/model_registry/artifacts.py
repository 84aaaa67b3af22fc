"""Where the artifacts of a shelf stand on this machine, for tests that damage, move or count them."""

from __future__ import annotations

from pathlib import Path

from recs_platform.model_registry.folder_store import FolderStore
from recs_platform.model_registry.registry import Registered
from recs_platform.model_registry.shelf import ModelShelf


def root_of(shelf: ModelShelf) -> Path:
    assert isinstance(shelf.artifacts, FolderStore)
    return shelf.artifacts.root


def folder_of(shelf: ModelShelf, registered: Registered) -> Path:
    return root_of(shelf) / registered.uri
