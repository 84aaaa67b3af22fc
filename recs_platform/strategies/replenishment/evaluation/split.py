"""Which clients teach, which methods are tuned on, and which all are judged by: as a file says, or by a hash of names.

Not here: what is kept from them (`trial.py`).
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from recs_platform.errors import ConfigError
from recs_platform.models.sampling import draws
from recs_platform.next_basket.arrays import Ints
from recs_platform.next_basket.log import Names, places_of
from recs_platform.plurals import counted

VALIDATION_SHARE = 0.2
PARTS = ("train", "validation", "test")
_ALSO_CALLED = {"val": "validation", "valid": "validation"}
_SHOWN = 3


@dataclass(frozen=True, eq=False)
class Split:
    """Clients of a log, by number and in order. Who is in no part is known by its purchases, and nothing else."""

    train: Ints
    validation: Ints
    test: Ints


def split_by_hash(clients: Names) -> Split:
    """A fifth is for validation; all others teach by what they bought earlier, and are judged by what was kept back."""
    drawn = draws(clients.to_pylist(), "evaluation")
    validation = np.zeros(len(clients), dtype=np.bool_)
    validation[np.argsort(drawn, kind="stable")[: int(VALIDATION_SHARE * len(clients))]] = True
    others = np.flatnonzero(~validation)
    return Split(others, np.flatnonzero(validation), others)


def read_split(path: Path, clients: Names) -> Split:
    """Of a file of JSON with a list of clients per part, or of CSV with `customer_id` and `split`."""
    parts = _read(path)
    place: dict[str, Ints] = {}
    for part in PARTS:
        names = parts.get(part, [])
        if not names:
            raise ConfigError(f"--split: {path.name} names no {part} clients; it needs {', '.join(PARTS)}.")
        place[part] = places_of(pa.chunked_array([pa.array(names, pa.string())]), clients)
        unknown = [name for name, at in zip(names, place[part].tolist(), strict=True) if at < 0]
        if unknown:
            raise ConfigError(
                f"--split: {counted(len(unknown), 'client')} of {part} in {path.name} "
                f"{'has' if len(unknown) == 1 else 'have'} no order in the log: {_some(unknown)}. "
                "Clients are named as in customer_id."
            )
    _require_once(path, parts)
    return Split(*(np.sort(place[part]) for part in PARTS))


def _read(path: Path) -> dict[str, list[str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise ConfigError(f"--split: {path} cannot be read: {reason}.") from None
    if path.suffix.lower() == ".csv":
        return _of_csv(path, text)
    try:
        given = json.loads(text)
    except ValueError as error:
        raise ConfigError(
            f"--split: {path.name} is not JSON ({error}). Give lists of clients under train, validation and test, or a "
            ".csv file with customer_id and split."
        ) from None
    return _of_json(path, given)


def _of_json(path: Path, given: Any) -> dict[str, list[str]]:
    if not isinstance(given, Mapping):
        raise ConfigError(f"--split: {path.name} holds no lists of clients under train, validation and test.")
    parts: dict[str, list[str]] = {}
    for key, value in given.items():
        part = _ALSO_CALLED.get(key, key)
        if part not in PARTS:
            if isinstance(value, list):
                raise ConfigError(f"--split: {path.name} has a part {key!r}. There is: {', '.join(PARTS)}.")
            continue  # published splits say other things beside
        if part in parts:
            raise ConfigError(f"--split: {path.name} names the {part} clients twice.")
        is_named = isinstance(value, list) and all(isinstance(one, str | int) for one in value)
        if not is_named:
            raise ConfigError(f"--split: {key} in {path.name} is not a list of clients.")
        parts[part] = [str(one) for one in value]
    return parts


def _of_csv(path: Path, text: str) -> dict[str, list[str]]:
    rows = csv.DictReader(text.splitlines())
    missing = [name for name in ("customer_id", "split") if name not in (rows.fieldnames or ())]
    if missing:
        raise ConfigError(f"--split: {path.name} has no column {' and no column '.join(missing)}.")
    parts: dict[str, list[str]] = {}
    for number, row in enumerate(rows, start=2):
        named = (row["split"] or "").strip()
        part = _ALSO_CALLED.get(named, named)
        if part not in PARTS or not row["customer_id"]:
            raise ConfigError(
                f"--split: line {number} of {path.name} is no client with a split. There is: {', '.join(PARTS)}."
            )
        parts.setdefault(part, []).append(row["customer_id"])
    return parts


def _require_once(path: Path, parts: Mapping[str, Iterable[str]]) -> None:
    seen: dict[str, str] = {}
    for part, names in parts.items():
        for name in names:
            if name in seen:
                where = f"twice in {part}" if seen[name] == part else f"in {seen[name]} and in {part}"
                raise ConfigError(f"--split: client {_some([name])} stands {where} in {path.name}. Name it once.")
            seen[name] = part


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(repr(name) for name in names[:_SHOWN]) + more
