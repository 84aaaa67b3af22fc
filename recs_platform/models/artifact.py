"""A model as a folder: the manifest, its hash, the model's own file, and golden rows. Never a pickle, which would run
whatever it holds.

`sha256sum --check manifest.json.sha256` proves the manifest, and the manifest proves the rest. Every byte is hashed
before it is read; a folder that fails in any way gives one `ArtifactError`, and a disk that does not answer just now an
`UnavailableError`. Not here: where folders are kept, and which model is active.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import mkdtemp

import pyarrow as pa
from pydantic import ValidationError

from recs_platform.errors import UnavailableError, UserError
from recs_platform.models.features import FeatureError, FeatureSet
from recs_platform.models.golden_rows import GoldenRows
from recs_platform.models.kinds import kind_named
from recs_platform.models.manifest import GOLDEN, GOLDEN_FORMAT, Manifest, StoredFeature, judged_file, sha256
from recs_platform.models.model import Model
from recs_platform.models.ranker import Ranker
from recs_platform.outages import may_recover

MANIFEST = "manifest.json"
SEAL = "manifest.json.sha256"
_FETCH = "Fetch the model again by its digest, or train a new one"
_RETRAIN = "Train a model with this code, or use the code that trained it"


class ArtifactError(UserError):
    """A model's folder is damaged or of another make; it must not be served."""

    def __init__(self, path: Path, problem: str, remedy: str, *, place: str | None = None) -> None:
        """`place` is where people find it, if that is not the path."""
        super().__init__(f"{place or path}: {problem}. {remedy}")
        self.path, self.problem, self.remedy = path, problem, remedy


def save(model: Model, folder: Path) -> None:
    """Write the folder, whole or not at all. The same model may be there already; another one is not overwritten."""
    if folder.exists():
        if load(folder).digest != model.digest:
            raise ArtifactError(folder, "another model is stored here", "Give each model a folder of its own")
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        unfinished.chmod(0o755)
        for name, ranker in _rankers(model).items():
            (unfinished / name).write_bytes(ranker.content())
        if model.golden is not None:
            (unfinished / GOLDEN).write_bytes(model.golden.content())
        (unfinished / MANIFEST).write_bytes(model.manifest.canonical())
        (unfinished / SEAL).write_bytes(_seal(model.manifest.canonical()))
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def load(folder: Path, features: FeatureSet | None = None, *, digest: str | None = None, threads: int = 1) -> Model:
    """Read and prove a model. `features` are those that the code declares, `digest` the one that is expected."""
    manifest = _proved_manifest(folder, digest)
    if features is not None:
        try:
            features.require_same(manifest.encoding.features.specs)
        except FeatureError as error:
            raise ArtifactError(folder / MANIFEST, str(error), _RETRAIN) from error
    name = kind_named(manifest.kind).file
    ranker = _ranker(folder, manifest, name, threads)
    judged = None if manifest.judged is None else _ranker(folder, manifest, judged_file(name), threads)
    return Model(manifest, ranker, judged, _golden(folder, manifest) if GOLDEN in manifest.files else None)


def prove(folder: Path, *, digest: str | None = None) -> Manifest:
    """The manifest of a folder whose every byte is as training wrote it: for who stores or fetches it, and scores
    nothing."""
    manifest = _proved_manifest(folder, digest)
    for name in manifest.files:
        _proved_file(folder, manifest, name)
    return manifest


def file_names(manifest: Manifest) -> tuple[str, ...]:
    """All files of the folder."""
    return (MANIFEST, SEAL, *sorted(manifest.files))


def _proved_manifest(folder: Path, digest: str | None) -> Manifest:
    content = _read(folder / MANIFEST)
    if _read(folder / SEAL) != _seal(content):
        raise ArtifactError(folder / MANIFEST, f"its bytes are not those that {SEAL} names", _FETCH)
    if digest is not None and digest != f"sha256:{sha256(content)}":
        raise ArtifactError(folder / MANIFEST, f"its digest is not {digest}", _FETCH)
    return _manifest(folder / MANIFEST, content)


def _rankers(model: Model) -> dict[str, Ranker]:
    """By the names of their files."""
    name = kind_named(model.manifest.kind).file
    return {name: model.ranker} | ({judged_file(name): model.judged_ranker} if model.judged_ranker else {})


def _proved_file(folder: Path, manifest: Manifest, name: str) -> bytes:
    """The content of a file that the manifest names."""
    path = folder / name
    content = _read(path)
    if sha256(content) != manifest.files[path.name]:
        raise ArtifactError(path, "its bytes are not those that the manifest names", _FETCH)
    return content


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        if may_recover(error):
            raise UnavailableError(f"{path}: it cannot be read just now ({error.strerror}).") from error
        raise ArtifactError(path, f"it cannot be read ({error.strerror})", _FETCH) from error


def _seal(manifest: bytes) -> bytes:
    return f"{sha256(manifest)}  {MANIFEST}\n".encode()


def _manifest(path: Path, content: bytes) -> Manifest:
    try:
        manifest = Manifest.model_validate_json(content)
        if set(manifest.files) != _expected_files(manifest):
            raise ArtifactError(path, f"it lists the files {sorted(manifest.files)}", _FETCH)
        _ = manifest.encoding
        if manifest.judged and [_named(one) for one in manifest.judged.features] != [*map(_named, manifest.features)]:
            raise ArtifactError(path, "the model that was judged has other features", _RETRAIN)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        problem = f"it is not a manifest that this code reads ({f'{where}: ' if where else ''}{first['msg']})"
        raise ArtifactError(path, problem, _RETRAIN) from error
    except ValueError as error:
        raise ArtifactError(path, str(error), _RETRAIN) from error
    if manifest.canonical() != content:
        raise ArtifactError(path, "it is laid out in another way than training does", _FETCH)
    return manifest


def _expected_files(manifest: Manifest) -> set[str]:
    name = kind_named(manifest.kind).file
    twin = {judged_file(name)} if manifest.judged else set()
    return {name} | twin | ({GOLDEN} if manifest.format >= GOLDEN_FORMAT else set())


def _named(feature: StoredFeature) -> tuple[str, str]:
    return feature.name, feature.kind


def _golden(folder: Path, manifest: Manifest) -> GoldenRows:
    content = _proved_file(folder, manifest, GOLDEN)
    try:
        golden = GoldenRows.read(content)
        golden.table(manifest.encoding.features)
    except (ValueError, TypeError, KeyError, pa.ArrowException) as error:
        raise ArtifactError(folder / GOLDEN, f"it holds no golden rows ({error})", _RETRAIN) from error
    return golden


def _ranker(folder: Path, manifest: Manifest, name: str, threads: int) -> Ranker:
    kind = kind_named(manifest.kind)
    path, content = folder / name, _proved_file(folder, manifest, name)
    try:
        ranker = kind.read(content, threads)
    except (ValueError, TypeError, KeyError) as error:
        raise ArtifactError(path, f"it is not a {kind.name} model ({error})", _RETRAIN) from error
    if ranker.features != len(manifest.features):
        problem = f"it has {ranker.features} features, but the manifest {len(manifest.features)}"
        raise ArtifactError(path, problem, _RETRAIN)
    return ranker
