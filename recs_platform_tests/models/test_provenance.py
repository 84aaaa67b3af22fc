"""The hash of what was learned from does not depend on how it was read."""

from __future__ import annotations

import hashlib
import json

import pytest

from recs_platform.models import provenance
from recs_platform.models.provenance import content_hash
from recs_platform_tests.models.list_worlds import FEATURES, habits, read, rows


def plain() -> str:
    """As it is told, with every column whole."""
    examples = read(rows(habits, clients=9))
    seal = hashlib.sha256(examples.days.astype("<i8").tobytes() + examples.labels.tobytes())
    seal.update(json.dumps(examples.ids.to_pylist()).encode() + json.dumps(examples.groups.to_pylist()).encode())
    for spec in FEATURES.specs:
        column = examples.table[spec.name]
        of_text = json.dumps(column.to_pylist()).encode() if spec.kind == "category" else column.to_numpy().tobytes()
        seal.update(f"{spec.name} {spec.kind}".encode() + of_text)
    return seal.hexdigest()


@pytest.mark.parametrize("part", [1, 7, 60, 180, 1_000])
def test_names_are_hashed_in_parts_as_if_they_were_whole(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "_PART", part)
    assert content_hash(read(rows(habits, clients=9))) == plain()
