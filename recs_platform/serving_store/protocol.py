"""What a serving store can do: it holds the live version of products where customers are answered from.

A publisher fills it after the live table has changed, so it follows that table and never leads it. Not here: a store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import pyarrow as pa

from recs_platform.platform_db.tables import Publication


class ServingStore(Protocol):
    """Raises a StorageError for what it cannot do, and goes on serving what it served."""

    @property
    def name(self) -> str:
        """As messages name it."""

    def load(self, publication: Publication, rows: pa.RecordBatchReader) -> None:
        """Put a version's rows where nobody is served them yet. Loaded again, a version begins anew."""

    def swap(self, publication: Publication) -> None:
        """Serve the version that was loaded, in one step."""

    def served_version(self, company: str, product: str) -> int | None:
        """The version of a product that a company's customers are served; None before the first."""

    def customer(self, company: str, product: str, customer: str) -> Sequence[Mapping[str, Any]]:
        """What one customer is served."""
