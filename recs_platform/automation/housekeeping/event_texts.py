"""What an old event says at length: SQL, lineage, previews, pictures. Figures stay, for the UI's plots.

Events are JSON in Dagster's databases; a test reads what is left of one as Dagster does. Not here: which events go
altogether (dagster_history.py).
"""

from __future__ import annotations

import json
from typing import Any

LONG = 3_000
"""Characters of an event that has texts to lose; those of one without are fewer."""
_FIGURES = frozenset(
    {"IntMetadataEntryData", "FloatMetadataEntryData", "TimestampMetadataEntryData", "BoolMetadataEntryData"}
)


def figures_alone(event: str) -> str | None:
    """The event without its texts; None of one that has none."""
    told = json.loads(event)
    about = told["dagster_event"]["event_specific_data"]
    before = len(event)
    if made := about.get("materialization") or about.get("asset_observation"):
        made["metadata_entries"] = [e for e in made["metadata_entries"] if _is_figure(e["entry_data"])]
    elif "check_name" in about:
        about["metadata"] = {name: value for name, value in about.get("metadata", {}).items() if _is_figure(value)}
    shorter = json.dumps(told)
    return shorter if len(shorter) < before else None


def _is_figure(value: dict[str, Any]) -> bool:
    return value["__class__"] in _FIGURES
