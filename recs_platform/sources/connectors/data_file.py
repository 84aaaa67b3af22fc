"""The data files that a path holds: itself, itself packed by gzip, or the CSV files in a zip archive; and their text.

A CSV that is packed or not in UTF-8 is written out as plain UTF-8 for as long as it is read. Nothing of an archive is
written under a name of its own, and what unpacks to far more than any table does is refused. Not here: which paths are
meant (files.py), and what the text says (csv_file.py).
"""

from __future__ import annotations

import codecs
import gzip
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, cast

from recs_platform.companies.source_config import FilesSource
from recs_platform.errors import SourceError
from recs_platform.sources.connectors.request import SourceRequest

_CHUNK = 1 << 20
_MOST_MEMBERS = 1_000
_SURELY_HARMLESS = 256 << 20
"""Bytes that any archive may unpack to."""
_MOST_TIMES_LARGER = 200
"""Beyond those: a CSV of one value in all rows packs to about a hundredth."""
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_SELF_MARKED = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "utf-16": "utf-16"}
"""Encodings of which a file's first bytes may tell, and which of the marks is theirs."""


@dataclass(frozen=True)
class DataFile:
    path: Path
    member: str = ""
    """The name of a CSV within a zip archive."""

    @property
    def kind(self) -> str:
        """`.csv`, `.parquet` or `.xlsx`; another ending as it is."""
        name = (self.member or self.path.name).lower()
        return ".csv" if name.endswith(".csv.gz") else Path(name).suffix

    @property
    def packed(self) -> bool:
        return bool(self.member) or self.path.suffix.lower() == ".gz"

    def __str__(self) -> str:
        return f"{self.member} in {self.path}" if self.member else str(self.path)


def data_files(request: SourceRequest, path: Path) -> list[DataFile]:
    """The file itself, or the CSV files in an archive, by name."""
    if path.suffix.lower() != ".zip" or path.stat().st_size == 0:
        return [DataFile(path)]
    with _unpacking(request, DataFile(path)), zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if is_csv(member)]
        size = sum(member.file_size for member in members)
    if not members:
        raise request.error(f"{path} has no .csv file in it", remedy="Put the CSV files themselves into the archive.")
    if len(members) > _MOST_MEMBERS:
        raise request.error(
            f"{path} has {len(members):,} CSV files in it, and at most {_MOST_MEMBERS:,} are read",
            remedy="Deliver them as several archives.",
        )
    _check_size(request, DataFile(path), size)
    return [DataFile(path, name) for name in sorted(member.filename for member in members)]


@contextmanager
def open_bytes(request: SourceRequest, file: DataFile) -> Iterator[IO[bytes]]:
    """The bytes of a file, unpacked as they are read."""
    with _unpacking(request, file):
        if file.member:
            with zipfile.ZipFile(file.path) as archive, archive.open(file.member) as member:
                yield member
        elif file.packed:
            with gzip.open(file.path) as unpacked:
                yield cast(IO[bytes], unpacked)
        else:
            with file.path.open("rb") as plain:
                yield plain


def text_encoding(request: SourceRequest, file: DataFile, source: FilesSource) -> str:
    """What the company file says, unless the file's first bytes say that it is wrong: that is told."""
    with open_bytes(request, file) as content:
        start = content.read(len(codecs.BOM_UTF8))
    said = source.encoding
    marked = next((name for mark, name in _MARKS.items() if start.startswith(mark)), None)
    if marked and marked != _SELF_MARKED.get(said):
        remedy = f"Write encoding: {marked} under sources.{request.spec.name}."
        if marked == "utf-8":
            remedy = f"Take out encoding under sources.{request.spec.name}."
        raise request.error(f"{file} begins with the mark of {marked.upper()}, and is read as {said}", remedy=remedy)
    return "utf-8" if _SELF_MARKED.get(said) == "utf-8" else said


@contextmanager
def plain_text(request: SourceRequest, file: DataFile, source: FilesSource) -> Iterator[Path]:
    """The file as plain text in UTF-8, under a name that is its own or goes away afterwards."""
    encoding = text_encoding(request, file, source)
    if not file.packed and encoding == "utf-8":
        yield file.path
        return
    with TemporaryDirectory(prefix="recs-feed-") as folder:
        plain = Path(folder) / "feed.csv"
        with open_bytes(request, file) as content, plain.open("wb") as target:
            _write_plain(request, file, encoding, content, target)
        yield plain


def _write_plain(request: SourceRequest, file: DataFile, encoding: str, content: IO[bytes], target: IO[bytes]) -> None:
    decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)()
    size, lines = 0, 1
    while chunk := content.read(_CHUNK):
        size += len(chunk)
        if file.packed:
            _check_size(request, file, size)
        if decoder is None:
            target.write(chunk)
            continue
        try:
            text = decoder.decode(chunk)
        except UnicodeDecodeError as error:
            raise not_text(request, file, encoding, lines + _line_ends(error, encoding)) from None
        lines += text.count("\n")
        target.write(text.encode())
    if decoder is not None:
        try:
            target.write(decoder.decode(b"", final=True).encode())
        except UnicodeDecodeError:
            raise not_text(request, file, encoding, lines) from None


def _line_ends(error: UnicodeDecodeError, encoding: str) -> int:
    return error.object[: error.start].decode(encoding, errors="replace").count("\n")


def not_text(request: SourceRequest, file: DataFile, encoding: str, line: int) -> SourceError:
    return request.error(
        f"line {line} of {file} is not text in {encoding.upper()}",
        remedy=f"Correct the export, or say how it is written: sources.{request.spec.name}.encoding, such as cp1252.",
    )


def _check_size(request: SourceRequest, file: DataFile, size: int) -> None:
    packed = file.path.stat().st_size
    if size > max(_SURELY_HARMLESS, packed * _MOST_TIMES_LARGER):
        raise request.error(
            f"{file} unpacks to more than {_MOST_TIMES_LARGER} times its {packed:,} bytes, which no table does",
            remedy="Look at what is in it; deliver it unpacked if it is right.",
        )


def is_csv(member: zipfile.ZipInfo) -> bool:
    """Not a folder, a link, or what programs leave beside files (`__MACOSX/._a.csv`)."""
    link = stat.S_ISLNK(member.external_attr >> 16)
    parts = Path(member.filename).parts
    return member.filename.lower().endswith(".csv") and not link and not any(p.startswith(("_", ".")) for p in parts)


@contextmanager
def _unpacking(request: SourceRequest, file: DataFile) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, gzip.BadGzipFile, EOFError, zlib.error):
        kind = "zip archive" if file.path.suffix.lower() == ".zip" else "gzip file"
        raise request.error(
            f"{file} is not a {kind}, or is damaged", remedy="Deliver it again; it may have been cut off."
        ) from None
    except (RuntimeError, NotImplementedError):
        if file.path.suffix.lower() != ".zip":
            raise
        # zipfile's words for a password, and for a kind of packing that it does not know.
        raise request.error(
            f"{file} is encrypted, or packed in a way that is not read",
            remedy="Pack it as a plain zip archive (deflate), without a password.",
        ) from None
