"""CSV files of any dialect."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path

import pytest

from recs_platform.errors import ConfigError
from recs_platform.sources.proposal.csv_sample import dialect_of, every_value, sample_columns

ROWS = "Nr;Ort\n1;Köln\n2;Düren\n"


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (b"a,b\n1,2\n", {}),
        (ROWS.encode(), {"delimiter": ";"}),
        (ROWS.encode("utf-8-sig"), {"delimiter": ";"}),
        (ROWS.encode("latin-1"), {"delimiter": ";", "encoding": "latin-1"}),
        (ROWS.replace("Köln", "„Köln“ 5 €").encode("cp1252"), {"delimiter": ";", "encoding": "cp1252"}),
        (ROWS.encode("utf-16"), {"delimiter": ";", "encoding": "utf-16"}),
        (b"a\tb\n1\t2\n", {"delimiter": "\t"}),
        (b"a|b\n1|2\n", {"delimiter": "|"}),
        (b'name;price\n"a, b, c";1\n"d, e, f";2\n', {"delimiter": ";"}),
        (b"one column alone\n1\n", {}),
    ],
)
def test_dialects(tmp_path: Path, content: bytes, options: dict[str, str]) -> None:
    path = tmp_path / "f.csv"
    path.write_bytes(content)
    assert dialect_of(path).options == options


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".zip"])
def test_packed_files_are_read_like_plain_ones(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"f{ending}"
    if ending == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("f.csv", ROWS.encode("latin-1"))
    else:
        content = ROWS.encode("latin-1")
        path.write_bytes(gzip.compress(content) if ending == ".csv.gz" else content)
    dialect = dialect_of(path)
    assert [(column.name, column.values) for column in sample_columns(path, dialect)] == [
        ("Nr", ("1", "2")),
        ("Ort", ("Köln", "Düren")),
    ]
    assert list(every_value(path, dialect, "Ort")) == ["Köln", "Düren"]
    assert list(every_value(path, dialect, "no such")) == []


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "f.csv.gz"
    path.write_bytes(b"no gzip")
    with pytest.raises(ConfigError, match=r"f\.csv\.gz: cannot be read"):
        dialect_of(path)
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.csv", "a\n1\n")
        archive.writestr("b.csv", "b\n1\n")
    with pytest.raises(ConfigError, match="has 2 files in it"):
        dialect_of(tmp_path / "two.zip")
