"""A folder is believed when every byte of it is proved; each way to be wrong says so."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recs_platform.models.artifact import ArtifactError, load, save
from recs_platform.models.boosted import BoostedRanker
from recs_platform.models.features import FeatureSet, FeatureSpec
from recs_platform.models.manifest import sha256
from recs_platform.models.model import Model
from recs_platform.models.sampling import sigmoid
from recs_platform_tests.models.worlds import FEATURES, linear, rows, trained

FILES = {"logistic": "model.json", "boosted": "model.txt"}


@pytest.fixture(params=["logistic", "boosted"])
def model(request: pytest.FixtureRequest) -> Model:
    return next(model for model in trained(linear).models if model.ranker.kind == request.param)


@pytest.fixture
def folder(model: Model, tmp_path: Path) -> Path:
    save(model, tmp_path / "model")
    return tmp_path / "model"


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def edit(folder: Path, change: Callable[[dict], None]) -> None:  # type: ignore[type-arg]  # any JSON
    """A manifest that was made otherwise, and written as training writes."""
    path = folder / "manifest.json"
    said = json.loads(path.read_text())
    change(said)
    path.write_text(json.dumps(said, sort_keys=True, indent=1, ensure_ascii=False) + "\n")
    seal(folder)


def seal(folder: Path) -> None:
    said = f"{sha256((folder / 'manifest.json').read_bytes())}  manifest.json\n"
    (folder / "manifest.json.sha256").write_text(said)


def test_the_folder_holds_what_its_manifest_lists(model: Model, folder: Path) -> None:
    name = FILES[model.ranker.kind]
    assert sorted(path.name for path in folder.iterdir()) == ["manifest.json", "manifest.json.sha256", name]
    assert sorted(path.name for path in folder.parent.iterdir()) == ["model"]
    assert json.loads((folder / "manifest.json").read_text())["files"] == {name: sha256((folder / name).read_bytes())}
    assert model.digest == f"sha256:{sha256((folder / 'manifest.json').read_bytes())}"
    assert load(folder, FEATURES, digest=model.digest).digest == model.digest


@pytest.mark.parametrize("spoil", [flip_a_bit, cut, Path.unlink])
def test_a_damaged_model_is_refused(model: Model, folder: Path, spoil: Callable[[Path], None]) -> None:
    spoil(folder / FILES[model.ranker.kind])
    with pytest.raises(ArtifactError, match=rf"model/{FILES[model.ranker.kind]}: .* Fetch the model again"):
        load(folder, FEATURES)


@pytest.mark.parametrize("spoil", [flip_a_bit, cut, Path.unlink])
@pytest.mark.parametrize("name", ["manifest.json", "manifest.json.sha256"])
def test_a_damaged_manifest_is_refused(folder: Path, name: str, spoil: Callable[[Path], None]) -> None:
    spoil(folder / name)
    with pytest.raises(ArtifactError, match=r"model/manifest.json.* Fetch the model again"):
        load(folder, FEATURES)


def test_every_flipped_bit_of_the_manifest_is_noticed(folder: Path) -> None:
    whole = (folder / "manifest.json").read_bytes()
    for place in range(0, len(whole), 101):
        (folder / "manifest.json").write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(ArtifactError):
            load(folder, FEATURES)


def test_the_seal_is_what_sha256sum_checks(folder: Path) -> None:
    check = ["sha256sum", "--check", "--strict", "manifest.json.sha256"]
    assert subprocess.run(check, cwd=folder, capture_output=True).returncode == 0
    flip_a_bit(folder / "manifest.json")
    assert subprocess.run(check, cwd=folder, capture_output=True).returncode == 1


def test_there_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"nothing/manifest.json: it cannot be read \(No such file"):
        load(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda said: said.update(format=1),
            r"reads \(format: Input should be 2, 3, 4, 5 or 6\)\. Train a model",
        ),
        (lambda said: said["features"][1].pop("fill"), "laid out in another way"),
        (lambda said: said.update(kind="forest"), "no code is loaded for models of the kind 'forest'"),
        (lambda said: said.update(surprise=1), "surprise: Extra inputs"),
        (lambda said: said.pop("kept_negatives"), "kept_negatives: Field required"),
        (lambda said: said.update(kept_negatives=0), "kept_negatives: Input should be greater than 0"),
        (lambda said: said.update(files={"../model.txt": "0"}), "it lists the files"),
        (lambda said: said["features"].append(said["features"][0]), "features named twice: taste"),
        (lambda said: said["features"].reverse(), r"feature 1 of the model is noise \(number\), but the code declares"),
        (lambda said: said["features"].pop(), "the model has 4 features, but the code declares 5"),
    ],
)
def test_a_manifest_of_another_make_is_refused(folder: Path, change: Callable[[object], None], message: str) -> None:
    edit(folder, change)
    with pytest.raises(ArtifactError, match=message):
        load(folder, FEATURES)


def test_a_model_of_the_first_format_is_refused_for_its_format(folder: Path) -> None:
    """Whatever else it lacks: it was trained before there were fills."""

    def first(said: dict) -> None:  # type: ignore[type-arg]  # any JSON
        said["format"] = 1
        for feature in said["features"]:
            del feature["fill"]
        for window in said["windows"].values():
            window.pop("per_weekday", None)

    edit(folder, first)
    with pytest.raises(ArtifactError) as refused:
        load(folder, FEATURES)
    assert (
        refused.value.problem == "it is not a manifest that this code reads (format: Input should be 2, 3, 4, 5 or 6)"
    )
    assert refused.value.remedy == "Train a model with this code, or use the code that trained it"


def test_a_model_of_the_format_before_scores_as_it_did(folder: Path) -> None:
    """It has no calibration, and its chances are its log-odds corrected for what training left out."""

    def before(said: dict) -> None:  # type: ignore[type-arg]  # any JSON
        said["format"] = 2
        del said["calibration"]

    edit(folder, before)
    model = load(folder, FEATURES)
    assert (model.manifest.format, model.manifest.calibration) == (2, None)
    table = rows(linear, count=50, seed=3)
    plain = sigmoid(model.raw_scores(table) + np.log(model.manifest.kept_negatives))
    assert np.array_equal(model.probabilities(table), plain)


def test_a_calibration_that_was_changed_is_refused(folder: Path) -> None:
    """It is proved like all that the manifest says."""
    path = folder / "manifest.json"
    path.write_text(path.read_text().replace('"shift": ', '"shift": 1'))
    with pytest.raises(ArtifactError, match="its bytes are not those that"):
        load(folder, FEATURES)


def test_a_manifest_with_fewer_features_than_the_model_is_refused(folder: Path) -> None:
    edit(folder, lambda said: said["features"].pop())
    with pytest.raises(ArtifactError, match="it has 5 features, but the manifest 4"):
        load(folder, FeatureSet(FEATURES.specs[:-1]))


def test_a_manifest_laid_out_by_hand_is_refused(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text())))
    seal(folder)
    with pytest.raises(ArtifactError, match="laid out in another way"):
        load(folder)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff\xfe", b"tree\n\nend of trees\n"])
def test_a_file_that_is_hashed_rightly_and_holds_no_model_is_refused(
    model: Model, folder: Path, content: bytes
) -> None:
    name = FILES[model.ranker.kind]
    (folder / name).write_bytes(content)
    edit(folder, lambda said: said["files"].update({name: sha256(content)}))
    with pytest.raises(ArtifactError, match=f"{name}: it is not a {model.ranker.kind} model"):
        load(folder)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_trees_that_break_off_never_reach_lightgbm(share: float) -> None:
    """It would end the process."""
    whole = trained(linear).models[1].ranker.content()
    broken = whole[: int(len(whole) * share)]
    ended = (broken + b"end of trees\n", broken + b"\nend of trees\n")
    for content in (broken, *ended, whole.replace(b"Tree=1\n", b""), whole + whole):
        with pytest.raises(ValueError, match=r"tree|header"):
            BoostedRanker.read(content, threads=1)


def test_other_features_are_refused_and_other_words_are_not(folder: Path) -> None:
    *most, last = FEATURES.specs
    load(folder, FeatureSet((*most, FeatureSpec(last.name, last.kind, "in other words"))))
    with pytest.raises(ArtifactError, match=r"feature 5 of the model is noise .* declares sound .* Train a model"):
        load(folder, FeatureSet((*most, FeatureSpec("sound", "number", ""))))


def test_another_digest_is_refused(folder: Path) -> None:
    with pytest.raises(ArtifactError, match="its digest is not sha256:0"):
        load(folder, digest="sha256:0")


def test_a_model_is_never_overwritten_by_another(model: Model, folder: Path) -> None:
    save(model, folder)  # the same again
    other = replace(model, manifest=model.manifest.model_copy(update={"code_version": "2"}))
    with pytest.raises(ArtifactError, match="another model is stored here"):
        save(other, folder)
    assert load(folder).digest == model.digest


def test_a_write_that_fails_leaves_nothing(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OSError, match="No space"):
        save(model, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []
