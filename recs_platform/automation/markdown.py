"""Rows as a Markdown table, as Dagster's pages show them, and read back from it, as alerts do.

Masked, since whoever may see the pages may not see personal data. Not here: which rows are shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from recs_platform.masking import mask_row

_BETWEEN_CELLS = re.compile(r"(?<!\\)\|")


def markdown_table(rows: Sequence[Mapping[str, Any]], personal: frozenset[str] = frozenset()) -> str:
    masked = [mask_row(row, personal) for row in rows]
    if not masked:
        return ""
    lines = ["| " + " | ".join(masked[0]) + " |", "|" + " --- |" * len(masked[0])]
    cells = ([_cell(value) for value in row.values()] for row in masked)
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in cells)])


def rows_of(table: str) -> list[dict[str, str]]:
    """
    >>> rows_of(markdown_table([{"id": 7, "kind": "a|b"}, {"id": 8, "kind": None}]))
    [{'id': '7', 'kind': 'a|b'}, {'id': '8', 'kind': 'None'}]
    """
    head, _, *lines = map(_cells, table.split("\n")) if "\n" in table else ([], [])
    return [dict(zip(head, line, strict=False)) for line in lines]


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in _BETWEEN_CELLS.split(line)[1:-1]]
