"""Figures of a materialization that the UI plots. It draws one line for each name, over all partitions of an asset: so
a name is a company's own, such as `rows (acme)`. Not here: what else is said of a materialization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from recs_platform.timings import Inputs, Took


def company_figures(company: str, values: Mapping[str, int | float]) -> dict[str, dg.MetadataValue[Any]]:
    return {
        f"{name} ({company})": dg.MetadataValue.int(value) if isinstance(value, int) else dg.MetadataValue.float(value)
        for name, value in values.items()
    }


def figures_of(took: Took, inputs: Inputs) -> dict[str, int | float]:
    """What a table or a check took of the machine, and the files behind its inputs."""
    return {"cpu seconds": round(took.cpu, 3), "input rows": inputs.rows, "input bytes": inputs.size}


def figure(metadata: Mapping[str, dg.MetadataValue[Any]], name: str) -> float | None:
    """What a materialization says of its company under this name."""
    found = next((value.value for key, value in metadata.items() if key.startswith(f"{name} (")), None)
    return None if found is None else float(found)
