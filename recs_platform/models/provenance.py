"""What a manifest says of where a model comes from: the data that was read, by its content, and the code that ran."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from recs_platform.models.data import Examples
from recs_platform.models.features import Column, numbers

_PART = 100_000
"""Names that are objects of Python at a time."""


@dataclass(frozen=True)
class Provenance:
    snapshot: dict[str, Any]
    """Tables, days, row counts and the hash of their content."""
    code_version: str


def provenance_of(table: str, examples: Examples, code_version: str) -> Provenance:
    """Of a training that reads all of its examples from one table."""
    snapshot = {
        "days": [examples.first.isoformat(), examples.last.isoformat()],
        "rows": len(examples),
        "positives": examples.positives,
        "content": f"sha256:{content_hash(examples)}",
    }
    return Provenance({table: snapshot}, code_version)


def content_hash(examples: Examples) -> str:
    """The hash of what the models are given: the same however rows were stored, split into chunks or ordered."""
    seal = hashlib.sha256(examples.days.astype("<i8").tobytes())
    seal.update(examples.labels.tobytes())
    for column in (examples.ids, examples.groups):
        _seal_text(seal, column)
    for spec in examples.features.specs:
        column = examples.table[spec.name]
        seal.update(f"{spec.name} {spec.kind}".encode())
        if spec.kind == "category":
            _seal_text(seal, column)
        else:
            seal.update(numbers(spec.name, column).astype("<f8").tobytes())
    for what, column in examples.given.items():
        seal.update(what.encode())
        _seal_text(seal, column)
    return seal.hexdigest()


def _seal_text(seal: hashlib._Hash, column: Column) -> None:
    """As one list of JSON, in parts: as objects of Python, millions of names are many times as large."""
    text = column.cast(pa.string())
    seal.update(b"[")
    for start in range(0, len(text), _PART):
        part = json.dumps(text.slice(start, _PART).to_pylist())[1:-1]
        seal.update((", " if start else "").encode() + part.encode())
    seal.update(b"]")
