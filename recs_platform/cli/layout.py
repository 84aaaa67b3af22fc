"""How texts and tables are put into lines of a width: broken between words, never inside one. Nothing is printed here.

A word that alone is longer than a line stays whole: an id, a path or a digest is there to be copied. So is a command,
which is worth nothing in halves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from rich.cells import cell_len
from rich.text import Text

_GAP = 2
_HIGHEST_CELL = 5
"""Lines: a table whose cells are higher is no longer read across."""
_TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?"
_COMMAND = r"`[^`\n]+`|\brecs [a-z]+(?: (?!and\b|or\b)(?:\"[^\"\n]*\"|[^\s,;()`\"]+))*"
_WHOLE = re.compile(f"{_TIME}|{_COMMAND}")
_WORD = re.compile(r"\s*\S+")


@dataclass(frozen=True)
class Column:
    title: Text
    right: bool


def wrapped(text: Text, width: int) -> list[Text]:
    """The lines of a text.

    >>> [line.plain for line in wrapped(Text("make the day again: recs run acme --date DAY"), 24)]
    ['make the day again:', 'recs run acme --date DAY']
    """
    if "\n" not in text.plain and cell_len(text.plain) <= width:
        return [text]
    lines = []
    for line in text.split("\n", allow_blank=True):
        indent = " " * (len(line.plain) - len(line.plain.lstrip(" ")))
        breaks, room = [], width
        for start, end in _whole(line.plain):
            word = line.plain[start:end]
            needed = cell_len(word)
            if start and needed > room:
                begin = end - len(word.lstrip())
                breaks.append(begin)
                needed, room = cell_len(line.plain[begin:end]), width - len(indent)
            room -= needed
        for number, part in enumerate(line.divide(breaks)):
            part.rstrip()
            lines.append(Text.assemble(indent if number else "", part))
    return lines


def _whole(line: str) -> Iterator[tuple[int, int]]:
    """Where the words of a line begin and end, and the space before them. A command or a time is one word."""
    kept = [match.span() for match in _WHOLE.finditer(line)]
    begun = None
    for match in _WORD.finditer(line):
        start, end = match.span() if begun is None else (begun, match.end())
        if any(first < end < last for first, last in kept):
            begun = start
        else:
            begun = None
            yield start, end


def table(columns: Sequence[Column], rows: Sequence[Sequence[Text]], width: int) -> Iterator[Text]:
    """A table; or its records below each other, a line for each value, where a table would not be readable."""
    widths = _widths(columns, rows, width)
    if widths is None and not rows:
        return iter(wrapped(Text(" " * _GAP).join(column.title for column in columns), width))
    if widths is None:
        return _records(columns, rows, width)
    return _lines(columns, rows, widths)


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[Text]], width: int) -> list[int] | None:
    """As wide as the words of a column need, and then as its lines need, as far as there is room."""
    cells = [[column.title, *(row[number] for row in rows)] for number, column in enumerate(columns)]
    least = [max(map(_longest_word, column)) for column in cells]
    most = [max(max(map(cell_len, cell.plain.split("\n"))) for cell in column) for column in cells]
    room = width - _GAP * (len(columns) - 1)
    if sum(least) > room:
        return None
    cap = next(
        cap for cap in range(room, -1, -1) if sum(max(a, min(b, cap)) for a, b in zip(least, most, strict=True)) <= room
    )
    chosen = [max(a, min(b, cap)) for a, b in zip(least, most, strict=True)]
    narrow = [number for number, b in enumerate(most) if b > chosen[number]]
    high = any(len(wrapped(cell, chosen[number])) > _HIGHEST_CELL for number in narrow for cell in cells[number])
    return None if high else chosen


def _longest_word(cell: Text) -> int:
    words = (
        line[start:end].lstrip() if start else line[:end]
        for line in cell.plain.split("\n")
        for start, end in _whole(line)
    )
    return max(map(cell_len, words), default=0)


def _lines(columns: Sequence[Column], rows: Iterable[Sequence[Text]], widths: Sequence[int]) -> Iterator[Text]:
    yield from _row([column.title for column in columns], columns, widths)
    yield Text((" " * _GAP).join("─" * width for width in widths), style="dim")
    for row in rows:
        yield from _row(row, columns, widths)


def _row(cells: Sequence[Text], columns: Sequence[Column], widths: Sequence[int]) -> Iterator[Text]:
    blocks = [wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
    for parts in zip_longest(*blocks, fillvalue=Text()):
        line = Text()
        for part, column, width in zip(parts, columns, widths, strict=True):
            space = " " * (width - cell_len(part.plain))
            line.append_text(Text.assemble(space, part) if column.right else Text.assemble(part, space))
            line.append(" " * _GAP)
        line.rstrip()
        yield line


def _records(columns: Sequence[Column], rows: Iterable[Sequence[Text]], width: int) -> Iterator[Text]:
    names = max(cell_len(column.title.plain) for column in columns) + len(": ")
    for number, row in enumerate(rows):
        if number:
            yield Text()
        for column, cell in zip(columns, row, strict=True):
            if not column.title.plain:  # what has no name is the name of its row
                yield from wrapped(cell, width)
                continue
            name = Text.assemble(column.title, ": ")
            name.pad_right(names - cell_len(name.plain))
            for part in wrapped(cell, max(1, width - names)) or [Text()]:
                line = Text.assemble(name, part)
                line.rstrip()
                yield line
                name = Text(" " * names)
