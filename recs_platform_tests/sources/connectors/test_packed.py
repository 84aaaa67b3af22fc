"""Packed CSV files: gzip and zip, what is damaged or hostile in them, and that nothing of them is left behind."""

from __future__ import annotations

import gzip
import io
import stat
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from recs_platform.sources.connectors import data_file
from recs_platform_tests.sources.connectors.reading import Reader

Put = Callable[[str, str | bytes], None]
ROWS = "item_id,price\n1,2\n"
NOISE = Random(1).randbytes(4096).hex().encode()
"""Which hardly shrinks."""


def source(path: str, **options: object) -> dict[str, object]:
    return {"connector": "files", "path": path, **options}


def zipped(*members: tuple[str | zipfile.ZipInfo, str | bytes], packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", packed) as archive:
        for name, text in members:
            archive.writestr(name, text)
    return content.getvalue()


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is written while files are read goes here, and nothing may stay."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_gzip(reader: Reader, put: Put, temporary: Path) -> None:
    put("catalog.csv.gz", gzip.compress(ROWS.encode()))
    assert reader.rows(source("catalog.csv.gz")) == [{"item_id": "1", "price": "2", "source_day": None}]
    put("catalog.csv.gz", gzip.compress("item_id;price\nä;2\n".encode("cp1252")))
    (row,) = reader.rows(source("catalog.csv.gz", encoding="cp1252", delimiter=";"))
    assert row["item_id"] == "ä"
    assert list(temporary.iterdir()) == []


def test_a_zip_of_several_files_is_one_table_in_the_order_of_their_names(
    reader: Reader, put: Put, temporary: Path
) -> None:
    put(
        "catalog.zip",
        zipped(
            ("b/2.csv", "item_id,price,brand\n2,3,x\n"),
            ("a.csv", ROWS),
            ("__MACOSX/._a.csv", b"\0\1"),
            (".hidden.csv", "x"),
            ("README.txt", "x"),
        ),
    )
    assert [(row["item_id"], row["brand"]) for row in reader.rows(source("catalog.zip"))] == [("1", None), ("2", "x")]
    assert list(temporary.iterdir()) == []


def test_a_broken_line_is_named_with_its_file(reader: Reader, put: Put) -> None:
    put("catalog.zip", zipped(("a.csv", ROWS), ("b.csv", "item_id,price\n1,2\n3\n")))
    assert reader.complaint(source("catalog.zip")) == (
        "catalog: line 3 of b.csv in catalog.zip has 1 fields where the header has 2. "
        "Correct the export and deliver the file again."
    )


def test_days_of_packed_files(reader: Reader, put: Put) -> None:
    for day in (1, 2):
        put(f"2025-09-0{day}.csv.gz", gzip.compress(f"item_id,price\n{day},2\n".encode()))
    rows = reader.rows(source("{date}.csv.gz"), days=2)
    assert [(row["item_id"], str(row["source_day"])) for row in rows] == [("1", "2025-09-01"), ("2", "2025-09-02")]


def test_an_export_beside_its_own_packed_copy_counts_once(reader: Reader, put: Put) -> None:
    put("c/a.csv", ROWS)
    put("c/a.csv.gz", gzip.compress(ROWS.encode()))
    put("c/a.zip", zipped(("a.csv", ROWS)))
    assert len(reader.rows(source("c"))) == len(reader.rows(source("c/*"))) == 1
    assert len(reader.rows(source("c/*.gz"))) == len(reader.rows(source("c/*.zip"))) == 1


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("c.csv.gz", gzip.compress(b"item_id,price\n" + NOISE, mtime=0)[:-1000], "a gzip file, or is"),
        ("c.csv.gz", b"item_id,price\n1,2\n", "c.csv.gz is not a gzip file, or is damaged. Deliver it again"),
        ("c.zip", b"item_id,price\n1,2\n", "c.zip is not a zip archive, or is damaged. Deliver it again"),
        ("c.zip", zipped(("a.csv", ROWS * 100))[:-30], "c.zip is not a zip archive, or is damaged"),
        ("c.zip", b"", "c.zip is empty (0 bytes)"),
        ("c.zip", zipped(("a.txt", ROWS)), "c.zip has no .csv file in it. Put the CSV files themselves"),
        ("c.zip", zipped(("inner.zip", zipped(("a.csv", ROWS)))), "c.zip has no .csv file in it"),
        ("c.zip", zipped(*((f"{n}.csv", "") for n in range(1_001))), "c.zip has 1,001 CSV files in it"),
        ("c.csv.gz", gzip.compress(b"", mtime=0), "c.csv.gz has no header"),
    ],
)
def test_what_cannot_be_unpacked(
    reader: Reader, put: Put, temporary: Path, name: str, content: bytes, complaint: str
) -> None:
    put(name, content)
    assert complaint in reader.complaint(source(name))
    assert list(temporary.iterdir()) == []


def test_an_encrypted_archive(reader: Reader, put: Put) -> None:
    content = bytearray(zipped(("a.csv", ROWS)))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    put("c.zip", bytes(content))
    assert reader.complaint(source("c.zip")).startswith("catalog: a.csv in c.zip is encrypted, or packed in a way")


@pytest.mark.parametrize("name", ["../../outside.csv", "/outside.csv", "..\\outside.csv", "a/../../outside.csv"])
def test_a_name_that_leads_out_of_the_archive_leads_nowhere(
    reader: Reader, put: Put, tmp_path: Path, name: str
) -> None:
    """Its rows are read like any others, or it is left aside; nothing is written under its name."""
    before = set(tmp_path.parent.rglob("*"))
    put("c.zip", zipped((name, ROWS), ("a.csv", "item_id,price\n9,9\n")))
    assert [row["item_id"] for row in reader.rows(source("c.zip"))] in (["1", "9"], ["9"], ["9", "1"])
    assert not any("outside" in path.name for path in {*tmp_path.parent.rglob("*")} - before)


def test_a_link_in_an_archive_is_not_followed(reader: Reader, put: Put, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("item_id,price\nsecret,1\n")
    link = zipfile.ZipInfo("link.csv")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    put("c.zip", zipped((link, str(tmp_path / "secret.csv")), ("a.csv", ROWS)))
    assert [row["item_id"] for row in reader.rows(source("c.zip"))] == ["1"]


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """As with a real bomb, without its gigabytes."""
    monkeypatch.setattr(data_file, "_SURELY_HARMLESS", 1 << 20)


@pytest.mark.usefixtures("small_limit")
@pytest.mark.parametrize("line", [b"1,2\n", b"1" * 100])
def test_what_unpacks_without_end_is_refused_before_it_fills_the_disk(
    reader: Reader, put: Put, temporary: Path, line: bytes
) -> None:
    bomb = b"item_id,price\n" + line * ((64 << 20) // len(line))
    put("c.csv.gz", gzip.compress(bomb, mtime=0))
    assert "unpacks to more than 200 times its" in reader.complaint(source("c.csv.gz"))
    put("c.zip", zipped(("a.csv", bomb)))
    assert "unpacks to more than 200 times its" in reader.complaint(source("c.zip"))
    assert list(temporary.iterdir()) == []


@pytest.mark.usefixtures("small_limit")
def test_an_archive_that_lies_about_its_size_is_cut_off_where_it_says(reader: Reader, put: Put) -> None:
    content = bytearray(zipped(("a.csv", b"item_id,price\n" + b"1,2\n" * (8 << 20))))
    at = content.index(b"PK\x01\x02") + 24
    content[at : at + 4] = (1000).to_bytes(4, "little")
    put("c.zip", bytes(content))
    complaint = reader.complaint(source("c.zip"))
    assert "is damaged" in complaint or "200 times" in complaint


def test_a_line_without_end_is_not_read_into_memory(reader: Reader, put: Put) -> None:
    put("c.csv.gz", gzip.compress(b"item_id" * 3_000_000, mtime=0))
    assert "does not open with a header in UTF-8" in reader.complaint(source("c.csv.gz"))
