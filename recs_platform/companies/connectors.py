"""The connectors that a company's file may name, and the model of what it says to each. Not here: the models."""

from __future__ import annotations

from recs_platform.companies.purchase_log import PurchasesSource
from recs_platform.companies.source_config import (
    BigQuerySource,
    FilesSource,
    NoSource,
    ServiceSource,
    SimulatedSource,
    SqlSource,
)

CONNECTORS: dict[str, type[FilesSource | SqlSource | BigQuerySource | SimulatedSource | ServiceSource | NoSource]] = {
    "files": FilesSource,
    "purchases": PurchasesSource,
    "sql": SqlSource,
    "bigquery": BigQuerySource,
    "simulated": SimulatedSource,
    "service": ServiceSource,
    "none": NoSource,
}
