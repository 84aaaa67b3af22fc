"""A folder that is made once for all workers of a run. Whoever writes to it makes a copy."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The folder `name`, made by the first worker that asks for it while the others wait.

    A worker that fails leaves no folder: the next one that asks fails by itself, and says why.
    """
    root = folder_of_run(factory)
    folder, made = root / name, root / f"{name}.made"
    with FileLock(root / f"{name}.lock"):
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            made.touch()
    return folder


def folder_of_run(factory: pytest.TempPathFactory) -> Path:
    """What all workers of a run share."""
    base = factory.getbasetemp()
    # The folders of all workers stand beside each other in that of the run.
    root = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared"
    root.mkdir(exist_ok=True)
    return root
