"""A file of the lake under another day: the few bytes that say the day are exchanged, and all others are copied.

DuckDB says a column of one value in the same places of each row group: the one entry of its dictionary, four statistics
in the footer, and a Bloom filter. Each must hold what the day makes there, byte for byte, and the footer must say it
nowhere else. A file in which anything is otherwise is left alone: then the engine writes its rows again (`carried.py`).
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import IO, Any

import pyarrow.parquet as pq

_EPOCH = date(1970, 1, 1)
_DICTIONARY = bytes.fromhex("15041508150c4c150215000000040c")
"""What stands before the only value: the header of a dictionary's page, and how Snappy begins four bytes."""
_STATISTIC = b"\x18\x04"
"""What stands before a value of four bytes."""
_STATISTICS = 4
"""Least and greatest value, each under its old name and its new one."""
_ENDING = 8
"""Bytes of a footer's length and of the mark at the end."""
_BLOCK = 32
_FILTER = 15 + _BLOCK
"""Bytes of a Bloom filter of one block, its header included."""


def copied_under(source: Path, target: Path, column: str, before: date, after: date) -> bool:
    """Copy a file with another day in its date column; False, and nothing was copied, where that cannot be done so."""
    with source.open("rb") as file:
        places = _places(source, file, column, before)
    if places is None:
        return False
    shutil.copyfile(source, target)
    with target.open("r+b") as file:
        for place, is_filter in places:
            file.seek(place)
            file.write(_block(after) if is_filter else _bytes(after))
    return _says(target, column, after)


def _places(path: Path, file: IO[bytes], column: str, day: date) -> list[tuple[int, bool]] | None:
    """Where the file says the day, and whether by a Bloom filter; None where it does so otherwise than is known."""
    if not _says(path, column, day):
        return None
    metadata, places = pq.read_metadata(path), list[tuple[int, bool]]()
    for chunk in _chunks(metadata, column):
        # What the bytes say is compared below; here, that there are no others.
        plain = chunk.physical_type == "INT32" and chunk.compression == "SNAPPY" and chunk.has_dictionary_page
        paged = chunk.has_column_index or chunk.has_offset_index
        if not plain or paged or chunk.encodings != ("PLAIN_DICTIONARY",):
            return None
        entry = _DICTIONARY + _bytes(day)
        if chunk.dictionary_page_offset + len(entry) != chunk.data_page_offset:
            return None
        if _read(file, chunk.dictionary_page_offset, len(entry)) != entry:
            return None
        places.append((chunk.dictionary_page_offset + len(_DICTIONARY), False))
        if chunk.bloom_filter_offset is not None:
            block = chunk.bloom_filter_offset + _FILTER - _BLOCK
            if chunk.bloom_filter_length != _FILTER or _read(file, block, _BLOCK) != _block(day):
                return None
            places.append((block, True))
    said = list(_in_footer(path, file, _STATISTIC + _bytes(day)))
    if len(said) != _STATISTICS * metadata.num_row_groups:
        return None
    return [*places, *((place + len(_STATISTIC), False) for place in said)]


def _says(path: Path, column: str, day: date) -> bool:
    """Whether every row is of this day, as far as statistics tell."""
    chunks = [chunk.statistics for chunk in _chunks(pq.read_metadata(path), column)]
    return all(of and of.has_min_max and of.min == of.max == day and of.null_count == 0 for of in chunks)


def _chunks(metadata: Any, column: str) -> Iterator[Any]:
    """A column's part of each row group."""
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        yield next(chunk for chunk in map(group.column, range(group.num_columns)) if chunk.path_in_schema == column)


def _in_footer(path: Path, file: IO[bytes], wanted: bytes) -> Iterator[int]:
    """Where these bytes stand there."""
    size = path.stat().st_size
    (length,) = struct.unpack("<I", _read(file, size - _ENDING, 4))
    begin = size - _ENDING - length
    footer = _read(file, begin, length)
    place = footer.find(wanted)
    while place >= 0:
        yield begin + place
        place = footer.find(wanted, place + 1)


def _read(file: IO[bytes], place: int, length: int) -> bytes:
    file.seek(place)
    return file.read(length)


def _bytes(day: date) -> bytes:
    return struct.pack("<i", (day - _EPOCH).days)


_SALTS = (0x47B6137B, 0x44974D91, 0x8824AD5B, 0xA2B7289D, 0x705495C7, 0x2DF1424B, 0x9EFC4947, 0x5C6BFB31)
_PRIMES = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x27D4EB2F165667C5)
_WORD = 2**64 - 1


def _block(day: date) -> bytes:
    """The only block of a Bloom filter that has seen this day alone, as Parquet defines it."""
    key = _xxh64(_bytes(day)) & 0xFFFFFFFF
    return b"".join(struct.pack("<I", 1 << ((key * salt & 0xFFFFFFFF) >> 27)) for salt in _SALTS)


def _xxh64(four_bytes: bytes) -> int:
    """XXH64 of four bytes, with the seed 0."""
    first, second, third, fifth = _PRIMES
    mixed = (fifth + 4) ^ (int.from_bytes(four_bytes, "little") * first & _WORD)
    mixed = (mixed << 23 | mixed >> 41) & _WORD
    mixed = (mixed * second + third) & _WORD
    mixed = (mixed ^ mixed >> 33) * second & _WORD
    mixed = (mixed ^ mixed >> 29) * third & _WORD
    return mixed ^ mixed >> 32
