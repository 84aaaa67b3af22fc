"""A model is asked again what it said at training, and an answer that differs is noticed."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from recs_platform.models.artifact import ArtifactError, load, save
from recs_platform.models.boosted import BoostedRanker
from recs_platform.models.final import finals_of
from recs_platform.models.golden import ROWS, GoldenError, check, golden_text, with_golden
from recs_platform.models.golden_rows import GoldenRows
from recs_platform.models.manifest import sha256
from recs_platform.models.model import Model
from recs_platform_tests.models.test_artifact import FILES, edit
from recs_platform_tests.models.worlds import FEATURES, linear, read, rows, trained

DIGESTS = """
from recs_platform_tests.models.test_golden import golden_of
print(*(golden_of(kind).digest for kind in ("logistic", "boosted")))
"""


@lru_cache
def golden_of(kind: str) -> Model:
    """As training stores it: fitted again on all examples."""
    judged = next(model for model in trained(linear).models if model.ranker.kind == kind)
    examples = read(rows(linear))
    (final,) = finals_of([judged], examples)
    return with_golden(final, examples.table)


@pytest.fixture(params=FILES)
def model(request: pytest.FixtureRequest) -> Model:
    return golden_of(request.param)


@pytest.fixture
def folder(model: Model, tmp_path: Path) -> Path:
    save(model, tmp_path / "model")
    return tmp_path / "model"


def golden_rows(model: Model) -> GoldenRows:
    assert model.golden is not None
    return model.golden


def test_a_stored_model_answers_its_golden_rows(model: Model, folder: Path) -> None:
    loaded = load(folder, FEATURES, digest=model.digest)
    check(loaded)
    assert loaded == model
    assert golden_text(loaded) == f"{ROWS} golden rows answered as at training"
    assert loaded.manifest.files["golden.json"] == sha256((folder / "golden.json").read_bytes())


def test_they_are_real_rows_from_the_lowest_score_to_the_highest(model: Model) -> None:
    golden = golden_rows(model)
    assert len(golden) == ROWS
    assert list(golden.raw) == sorted(golden.raw)
    known = {tuple(row.values()) for row in rows(linear).select(list(FEATURES.names)).to_pylist()}
    assert set(golden.values) <= known
    assert golden.raw[-1] - golden.raw[0] > 2
    assert golden.chances == tuple(model.probabilities(golden.table(FEATURES)).tolist())


def test_they_hold_features_alone(folder: Path) -> None:
    """No customer, no example, no day and no outcome."""
    said = json.loads((folder / "golden.json").read_text())
    assert set(said) == {"features", "rows"}
    assert said["features"] == list(FEATURES.names)
    assert {key for row in said["rows"] for key in row} == {"values", "raw", "chance"}
    assert not re.search(r"C\d{4}|I\d{6}|2026-", (folder / "golden.json").read_text())


def test_missing_values_come_back_as_missing() -> None:
    table = rows(linear, count=ROWS)
    model = with_golden(trained(linear).models[0], table)
    tastes = [row[0] for row in golden_rows(model).values]
    assert tastes.count(None) == table["taste"].null_count > 0
    again = GoldenRows.read(golden_rows(model).content())
    assert again == golden_rows(model)
    check(model)


@pytest.mark.slow
def test_another_process_gives_the_same_digests() -> None:
    told = subprocess.run(
        [sys.executable, "-c", DIGESTS],
        env={**os.environ, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert told.split() == [golden_of(kind).digest for kind in ("logistic", "boosted")]


def test_other_rows_make_another_digest(model: Model) -> None:
    bare = replace(model, golden=None)
    table = read(rows(linear)).table
    assert with_golden(bare, table).digest == model.digest
    assert with_golden(bare, table.slice(1)).digest != model.digest


@pytest.mark.parametrize("tree", [0, 7, 30])
def test_one_changed_value_of_one_tree_is_noticed(tree: int) -> None:
    """Of a leaf that a golden row falls into, by a few millionths."""
    model = golden_of("boosted")
    assert isinstance(model.ranker, BoostedRanker)
    of_leaves = model.ranker._booster.predict(
        model.manifest.encoding.matrix(golden_rows(model).table(FEATURES)), pred_leaf=True
    )
    lines = list(re.finditer(r"^leaf_value=(.*)$", model.ranker.text, re.MULTILINE))
    values = lines[tree].group(1).split()
    leaf = int(np.asarray(of_leaves)[0, tree])
    # As long as it was: LightGBM ends the process where a tree's length is not the one that the header says.
    values[leaf] = re.sub(r"(\.\d{5})(\d)", lambda had: f"{had[1]}{(int(had[2]) + 5) % 10}", values[leaf], count=1)
    text = model.ranker.text
    changed = text[: lines[tree].start(1)] + " ".join(values) + text[lines[tree].end(1) :]
    assert changed != text
    check(replace(model, ranker=BoostedRanker.read(text.encode(), 1)))
    with pytest.raises(
        GoldenError, match=r"it answers \d+ of its 32 golden rows otherwise than at training \(row 1: raw"
    ):
        check(replace(model, ranker=BoostedRanker.read(changed.encode(), 1)))


def test_a_model_that_predicts_constants_is_noticed(model: Model) -> None:
    class Constant:
        kind, features = "constant", len(FEATURES.names)

        def raw_scores(self, matrix: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]  # of floats
            return np.full(len(matrix), -1.0)

    constant = replace(model, ranker=Constant())  # type: ignore[arg-type]  # the rest is not asked
    with pytest.raises(GoldenError, match="otherwise than at training"):
        check(constant)
    with pytest.raises(GoldenError, match="it gives all of its 32 golden rows the same score"):
        check(with_golden(replace(constant, golden=None), rows(linear)))


def test_another_calibration_is_noticed(model: Model) -> None:
    known = model.manifest.calibration
    assert known is not None
    manifest = model.manifest.model_copy(update={"calibration": replace(known, shift=known.shift + 1e-6)})
    with pytest.raises(GoldenError, match=r"row 1: chance 0\.\d+, at training 0\.\d+"):
        check(replace(model, manifest=manifest))


def test_scores_that_are_no_numbers_are_noticed(model: Model) -> None:
    class Lost:
        def raw_scores(self, matrix: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]  # of floats
            return np.full(len(matrix), math.nan)

    with pytest.raises(GoldenError, match="raw score nan"):
        check(replace(model, ranker=Lost()))  # type: ignore[arg-type]  # the rest is not asked


def test_a_model_of_an_earlier_format_has_none_and_says_so(tmp_path: Path) -> None:
    judged = trained(linear).models[1]
    save(judged, tmp_path / "model")
    loaded = load(tmp_path / "model", FEATURES, digest=judged.digest)
    assert (loaded.manifest.format, loaded.golden) == (3, None)
    check(loaded)
    assert golden_text(loaded) == "no golden rows"


def test_what_was_judged_comes_back_as_it_was(model: Model, folder: Path) -> None:
    judged = next(one for one in trained(linear).models if one.ranker.kind == model.ranker.kind)
    assert load(folder).judged.digest == judged.digest
    assert load(folder).judged.golden is None
    # One that serves although no other was fitted: its golden rows are not of the judgement.
    assert with_golden(judged, rows(linear)).judged == judged


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda said: said["rows"][0].pop("raw"), "it holds no golden rows"),
        (lambda said: said["rows"][0]["values"].pop(), "a golden row has other features"),
        (lambda said: said["rows"][0].update(raw=math.inf), "no finite score"),
        (lambda said: said["features"].reverse(), "of other features than the model"),
        (lambda said: said["rows"][0].update(values=["x"] * 5), "it holds no golden rows"),
        (lambda said: said.update(rows=[]), "need values"),
    ],
)
def test_a_file_that_holds_no_golden_rows_is_refused(
    folder: Path, change: Callable[[object], None], message: str
) -> None:
    said = json.loads((folder / "golden.json").read_text())
    change(said)
    content = json.dumps(said).encode()
    (folder / "golden.json").write_bytes(content)
    edit(folder, lambda manifest: manifest["files"].update({"golden.json": sha256(content)}))
    with pytest.raises(ArtifactError, match=f"golden.json: {message if 'holds' in message else '.*' + message}"):
        load(folder)


def test_golden_rows_are_proved_and_never_left_out(folder: Path) -> None:
    content = (folder / "golden.json").read_bytes()
    (folder / "golden.json").write_bytes(content.replace(b"0", b"1", 1))
    with pytest.raises(ArtifactError, match=r"golden\.json: its bytes are not those"):
        load(folder)
    edit(folder, lambda said: said["files"].pop("golden.json"))
    with pytest.raises(ArtifactError, match="it lists the files"):
        load(folder)
