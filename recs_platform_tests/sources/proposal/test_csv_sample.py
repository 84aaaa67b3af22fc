"""CSV files of any dialect."""

from __future__ import annotations

import gzip
import io
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
    with pytest.raises(ConfigError, match="has 2 CSV files in it"):
        dialect_of(tmp_path / "two.zip")


def test_what_programs_leave_in_an_archive_is_no_file_of_it(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        archive.writestr("f.csv", ROWS)
        archive.writestr("__MACOSX/._f.csv", b"\x00\x05")
        archive.writestr("readme.txt", "f")
    assert dialect_of(tmp_path / "f.zip").delimiter == ";"


def encrypted() -> bytes:
    """An archive that says of its member that a password opens it."""
    plain = io.BytesIO()
    with zipfile.ZipFile(plain, "w") as archive:
        archive.writestr("f.csv", ROWS)
    content = bytearray(plain.getvalue())
    for mark, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + flags] |= 1
    return bytes(content)


def damaged_inside() -> bytes:
    """A gzip file whose head is sound."""
    content = bytearray(gzip.compress(ROWS.encode() * 500, mtime=0))
    content[12:40] = bytes(28)
    return bytes(content)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("f.csv", b"\xff\xfe\x00junk", "cannot be read as CSV"),
        ("f.csv", "a,b\n1,2\n".encode("utf-16")[:-1], "cannot be read as CSV"),
        ("f.csv.gz", damaged_inside(), r"cannot be read \(it is damaged\)"),
        ("f.csv.gz", gzip.compress(ROWS.encode(), mtime=0)[:-9], r"cannot be read \(it is damaged\)"),
        ("f.zip", b"PK\x03\x04junk", r"cannot be read \(it is damaged\)"),
        ("f.zip", encrypted(), "is encrypted, or packed in a way that is not read"),
    ],
    ids=["half a sign", "cut text", "damaged gzip", "cut gzip", "damaged zip", "encrypted zip"],
)
def test_a_bad_file_is_told_in_one_sentence(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=rf"{name}: {says}"):
        dialect_of(path)
