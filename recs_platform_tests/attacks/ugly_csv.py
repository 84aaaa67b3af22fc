"""Ugly CSV files, and what Python's own reader makes of them, read by the letter of RFC 4180."""

from __future__ import annotations

import csv
import gzip
import io
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from recs_platform_tests.attacks.ugly_shop import Attack, Refused, Rows, from_file

BASE = 'item_id,price,name\r\na1,2.50,Bolt\r\na2,10,"Nut, ""big"""\r\na3,0,"two\r\nlines"\r\na4,7.25,Ärmel\r\n'

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def csv_attacks() -> Iterator[Attack]:
    for name, data in _files():
        yield Attack(f"csv {name}", _writer(data), columns=("item_id", "price", "name"), rows=_careful(data))
    for value in NUMBERS:
        data = f"item_id,price\na1,{value}\na2,3\n".encode("utf-8", "surrogatepass")
        yield Attack(f"csv number {value[:20]!r}", _writer(data), rows=_careful(data, ("item_id", "price")))
    for moment, loads in MOMENTS.items():
        data = f'customer_id,updated_at\nc1,"{moment}"\nc2,2025-08-01 00:00:00\n'.encode()
        yield Attack(
            f"csv moment {moment!r}",
            _writer(data, "customers"),
            table="customers",
            columns=("customer_id", "updated_at"),
            rows=[("c1", loads), ("c2", "2025-08-01 00:00:00")],
        )


NUMBERS = [
    *(
        "1,5",
        '"1,5"',
        "1e400",
        "-1e400",
        "nan",
        "NaN",
        "inf",
        "-Infinity",
        "-0",
        "0x10",
        "1_000",
        " 1 ",
        "+1",
        "1.",
        ".5",
    ),
    *(
        "1'000",
        "$5",
        "5 €",
        "12 345",
        "1e5",
        "1e-400",
        "--1",
        "1e",
        "e1",
        "1.2.3",
        "١٢",
        "Ⅻ",
        "½",
        "1/2",
        "0b1",
        "true",
    ),
    *("null", "NULL", "None", "N/A", "#REF!", "=1+1", "9" * 400, "0." + "1" * 5_000, "1" + "0" * 308, "1\u00a0000"),
    *("\u200b1", "1\u202e", '"\t7"', "\x0b1", "[/b]", "{}", "'1'", "−1", "０", "1d", "1f", "1L", "2,", '"2'),
]

MOMENTS = {
    "2025-09-01T10:00:00Z": "2025-09-01 10:00:00",
    "2025-09-01 10:00:00+02:00": "2025-09-01 08:00:00",
    "2025-09-01 10:00:00+02": "2025-09-01 08:00:00",
    "2025-09-01 10:00:00+0200": "2025-09-01 08:00:00",
    "2025-09-01 10:00:00 Europe/Berlin": "2025-09-01 08:00:00",
    "2025-09-01": "2025-09-01 00:00:00",
    "0001-01-01 00:00:00": "0001-01-01 00:00:00",
    "9999-12-31 23:59:59.999999": "9999-12-31 23:59:59.999999",
    **dict.fromkeys(
        [
            *("2025-09-01 10:00:00+02:00:30", "2025-09-01 10:00:00+99:00", "2025-09-01 10:00:00-99:99"),
            *("2025-09-01 10:00:00 Mars/Olympus", "9999-12-31 23:59:59-12:00", "0001-01-01 00:00:00+12:00"),
            *(
                "2025-02-30 10:00:00",
                "2025-13-01",
                "01.09.2025",
                "9/1/2025",
                "1756720800",
                "infinity",
                "-infinity",
                "epoch",
            ),
            *(
                "10000-01-01 00:00:00",
                "0000-01-01",
                "-0001-01-01",
                "294247-01-10 04:00:54.775807",
                "2025-09-01 25:00:00",
            ),
            *(
                "2025-09-01 10:61:00",
                "now",
                "today",
                "2025-W36-1",
                "20250901",
                "2025-09-01 10:00:00 AM",
                "２０２５-09-01",
            ),
        ]
    ),
}


def _writer(data: bytes, table: str = "catalog") -> Any:
    def spoil(folder: Path) -> Mapping[str, Any]:
        (folder / "bad" / "feed.csv").write_bytes(data)
        return from_file(table, "feed.csv")

    return spoil


def _files() -> Iterator[tuple[str, bytes]]:
    whole = BASE.encode()
    for cut in range(0, len(whole), 8):
        yield f"cut at {cut}", whole[:cut]
    for place in range(19, len(whole), 9):
        for byte in (b"\x00", b"\xff", b'"', b",", b"\r"):
            yield f"{byte!r} at {place}", whole[:place] + byte + whole[place + 1 :]
    text = BASE.replace("\r\n", "\n")
    plain = text.replace("Ä", "A")
    for encoding in (
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32",
        "latin-1",
        "cp1252",
        "cp500",
        "utf-7",
        "utf-8-sig",
        "cp437",
    ):
        yield encoding, text.encode(encoding)
    for separator in (";", "\t", "|", " ", ":", "\x01", ", "):
        yield f"separated by {separator!r}", plain.replace(",", separator).encode()
    for name, header in HEADERS.items():
        yield f"header {name}", f"{header}\na1,2.5,Bolt\na2,3,Nut\n".encode()
    for name, row in ROWS.items():
        yield f"row {name}", b"item_id,price,name\na0,1,first\n" + row + b"\na9,9,last\n"
    for name, data in OTHERS.items():
        yield name, data


HEADERS = {
    "twice": "item_id,price,price",
    "empty names": "item_id,price,",
    "blanks": " item_id , price , name ",
    "quoted": '"item_id","price","name"',
    "capitals": "ITEM_ID,PRICE,NAME",
    "none": "x1,5,y",
    "two lines": '"item_id","price","na\nme"',
    "unclosed": 'item_id,price,"name',
    "shorter": "item_id,price",
    "longer": "item_id,price,name,brand",
    "its date": "item_id,price,as_of",
    "its day": "item_id,price,source_day",
    "our words": "item_id,price,unreadable",
    "rejection": "item_id,price,rejection",
    "brackets": "item_id,price,[/b]",
    "SQL": 'item_id,price,"name""; DROP TABLE x; --"',
    "nul": "item_id,price,na\x00me",
    "line": "item_id,price,name\x0b",
    "long": f"item_id,price,{'n' * 100_000}",
}
ROWS = {
    "empty": b"",
    "blanks": b"   ",
    "commas": b",,",
    "too many": b"a1,1,x,y",
    "too few": b"a1,1",
    "one": b"a1",
    "text after a quote": b'a1,1,"x"y',
    "quote within": b'a1,1,x"y"z',
    "backslash": b'a1,1,"x\\"y"',
    "blank before a quote": b'a1,1, "x"',
    "blank after a quote": b'a1,1,"x" ',
    "half a quote": b'a1,1,"x""',
    "overlong": b"a1,1,\xc0\xaf",
    "a surrogate": b"a1,1,\xed\xa0\x80",
    "beyond Unicode": b"a1,1,\xf4\x90\x80\x80",
    "half a character": b"a1,1,\xe2\x82",
    "no character": b"a1,1,\xef\xbf\xbf",
    "a mark": b"a1,1,\xef\xbb\xbfx",
    "right to left": "a1,1,\u202eabc".encode(),
    "emoji": "a1,1,👩‍👩‍👧".encode(),
    "one MB": b"a1,1," + b"x" * 1_000_000,
    "three MB": b"a1,1," + b"x" * 3_000_000,
    "nulls": b"a1,1,\\N",
    "a comment": b"# made by export 3.1",
    "a total": b"Total,,3",
    "CR": b"a1,1,x\r",
    "two CR": b"a1,1,x\r\r",
    "lone CR": b"a1,1,x\ra2,2,y",
    "separator line": b"---,---,---",
    "brackets": b"a1,1,[bold red]x[/b][/x]",
}
OTHERS = {
    "nothing": b"",
    "a mark alone": b"\xef\xbb\xbf",
    "line ends alone": b"\n\n\n\n",
    "a header alone": b"item_id,price,name",
    "a header and a line end": b"item_id,price,name\n",
    "no last line end": b"item_id,price,name\na1,1,x",
    "sep=": b"sep=,\nitem_id,price,name\na1,1,x\n",
    "a title": b"Catalog 2025\n\nitem_id,price,name\na1,1,x\n",
    "gzip": gzip.compress(BASE.encode(), mtime=0),
    "zip": b"PK\x03\x04" + bytes(range(256)) * 4,
    "a page": b"<!DOCTYPE html><html><body>Please log in</body></html>\n" * 20,
    "JSON": b'{"item_id": "a1", "price": 1}\n{"item_id": "a2", "price": 2}\n',
    "XML": b'<?xml version="1.0"?><items><item id="a1" price="1"/></items>\n',
    "Parquet": b"PAR1" + b"\x00" * 400 + b"PAR1",
    "SQLite": b"SQLite format 3\x00" + b"\x00" * 400,
    "zeros": b"\x00" * 5_000,
    "all bytes": bytes(range(256)) * 20,
    "LF after CRLF": b"item_id,price,name\r\na1,1,x\na2,2,y\r\n",
    "CR alone": b"item_id,price,name\ra1,1,x\ra2,2,y\r",
    "5,000 columns": b"item_id,price,name,"
    + b",".join(b"c%d" % n for n in range(5_000))
    + b"\na1,1,x"
    + b"," * 5_000
    + b"\n",
    "a quote to the end": b'item_id,price,name\na1,1,"x\n' + b"a2,2,y\n" * 50_000,
    "a line of 20,000 quotes": b"item_id,price,name\na1,1," + b'"' * 20_000 + b"\n",
    "20,000 empty lines": b"item_id,price,name\n" + b"\n" * 20_000,
}


_BLANK_BESIDE_A_QUOTE = re.compile(rb', "|" ,|" \n')
"""A letter of the value to some readers, and nothing to others."""


def _careful(data: bytes, columns: tuple[str, ...] = ("item_id", "price", "name")) -> Rows | type[Refused] | None:
    """The rows by Python's reader; Refused for what is no CSV in UTF-8 with the table's header."""
    if _BLANK_BESIDE_A_QUOTE.search(data):
        return None
    csv.field_size_limit(10_000_000)
    try:
        text = data.decode("utf-8-sig")
        lines = [line for line in csv.reader(io.StringIO(text, newline=""), strict=True) if line]
    except (UnicodeDecodeError, csv.Error):
        return Refused
    header = [name.strip() for name in lines[0]] if lines else []
    if not {"item_id", "price"} <= set(header) or any(header.count(name) > 1 for name in columns):
        return Refused
    if any(len(line) != len(header) and line != [*line[: len(header)], ""] for line in lines):
        return Refused  # but for a comma at the end of a line, after which there is nothing
    rows = [dict(zip(header, line, strict=False)) for line in lines[1:]]
    return [tuple(_value(name, row.get(name, "")) for name in columns) for row in rows]


def _value(name: str, text: str) -> object:
    if not text.strip(" "):
        return None
    if name != "price":
        return text
    number = text.strip(" \t\n\r\x0b\x0c")
    value = float(number) if _NUMBER.fullmatch(number.replace("_", "")) and number.isascii() else math.nan
    return value if math.isfinite(value) else None
