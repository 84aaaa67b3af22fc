"""Which clients are judged: as a file says, or by a hash."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from recs_platform.errors import ConfigError
from recs_platform.strategies.replenishment.evaluation.split import read_split, split_by_hash

CLIENTS = pa.array(["1", "10", "2", "7"])


def split(folder: Path, text: object, name: str = "split.json") -> tuple[list[int], list[int], list[int]]:
    path = folder / name
    path.write_text(text if isinstance(text, str) else json.dumps(text))
    found = read_split(path, CLIENTS)
    return found.train.tolist(), found.validation.tolist(), found.test.tolist()


def test_json_and_csv_say_the_same(tmp_path: Path) -> None:
    expected = ([1, 3], [2], [0])
    assert split(tmp_path, {"train": ["7", "10"], "validation": ["2"], "test": ["1"]}) == expected
    # As published splits have them: numbers, `val`, and other things beside.
    assert split(tmp_path, {"item_num": 40, "train": [7, 10], "val": [2], "test": [1]}) == expected
    rows = "split,customer_id,more\ntrain,7,x\nval,2,x\ntest,1,x\ntrain,10,x\n"
    assert split(tmp_path, rows, "split.csv") == expected
    assert split(tmp_path, "\ufeff" + rows, "split.CSV") == expected


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("no json", "is not JSON"),
        ("[1]", "holds no lists"),
        ({"train": [1], "val": [2]}, "names no test clients"),
        ({"train": [1], "val": [2], "test": []}, "names no test clients"),
        ({"train": [1], "val": [2], "test": 7}, "test in split.json is not a list"),
        ({"train": [1], "val": [2], "test": [None]}, "test in split.json is not a list"),
        ({"train": [1], "val": [2], "tests": [7]}, "has a part 'tests'"),
        ({"train": [1], "val": [2], "validation": [7], "test": [10]}, "names the validation clients twice"),
        ({"train": [1, 8, 9], "val": [2], "test": [7]}, "2 clients of train .* have no order in the log: '8', '9'"),
        ({"train": [1, 2], "val": [2], "test": [7]}, "client '2' stands in train and in validation"),
        ({"train": [1, 1], "val": [2], "test": [7]}, "client '1' stands twice in train"),
    ],
)
def test_a_wrong_file_is_the_users_mistake(tmp_path: Path, given: object, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        split(tmp_path, given)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no column customer_id and no column split"),
        ("customer_id,part\n1,train\n", "has no column split"),
        ("customer_id,split\n1,train\n2,dev\n", "line 3 of split.csv"),
        ("customer_id,split\n1,train\n,test\n", "line 3 of split.csv"),
        ("customer_id,split\n1,train\n2\n", "line 3 of split.csv"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        split(tmp_path, text, "split.csv")


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_split(tmp_path / "absent.json", CLIENTS)
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not text in UTF-8"):
        read_split(tmp_path / "binary.json", CLIENTS)


def test_a_hash_keeps_a_fifth_apart_whoever_else_is_there() -> None:
    names = pa.array([f"c{number:04}" for number in range(500)])
    found = split_by_hash(names)
    assert len(found.validation) == 100
    assert np.array_equal(np.union1d(found.test, found.validation), np.arange(500))
    assert not np.isin(found.train, found.validation).any()
    assert found.train.tolist() == found.test.tolist()
    alone = split_by_hash(names.slice(0, 1))
    assert (alone.validation.tolist(), alone.test.tolist()) == ([], [0])
