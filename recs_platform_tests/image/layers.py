"""The layers of an image as a registry would get them, file by file."""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recs_platform_tests.image.engine import Engine


@dataclass(frozen=True)
class Pushed:
    config: dict[str, Any]
    layers: list[Path]

    @property
    def packed_bytes(self) -> int:
        return sum(layer.stat().st_size for layer in self.layers)

    def files(self) -> Iterator[tuple[tarfile.TarInfo, tarfile.TarFile]]:
        """Every entry of every layer, also of what a later layer replaces or removes."""
        for layer in self.layers:
            with tarfile.open(layer, "r|*") as archive:
                for entry in archive:
                    yield entry, archive


def pushed(engine: Engine, image: str, folder: Path) -> Pushed:
    engine.buildah("push", "--quiet", image, f"oci:{folder}", signed=True)
    (first,) = _json(folder / "index.json")["manifests"]
    manifest = _json(_blob(folder, first["digest"]))
    layers = [_blob(folder, layer["digest"]) for layer in manifest["layers"]]
    return Pushed(_json(_blob(folder, manifest["config"]["digest"])), layers)


def part_of(name: str) -> str:
    """Under which name a file counts in what the size is made of."""
    _, packages, below = name.partition("/site-packages/")
    if not packages:
        return "Python's own and Debian" if not name.startswith("opt/") else "environment"
    part = below.split("/")[0].removesuffix(".libs").partition(".")[0].lstrip("_")
    return part.partition("-")[0]


def biggest(sizes: Counter[str], number: int) -> list[tuple[str, int]]:
    shown = sizes.most_common(number)
    return [*shown, ("all else", sizes.total() - sum(size for _, size in shown))]


def _blob(folder: Path, digest: str) -> Path:
    return folder / "blobs" / digest.replace(":", "/")


def _json(path: Path) -> dict[str, Any]:
    facts = json.loads(path.read_text())
    assert isinstance(facts, dict)
    return facts
