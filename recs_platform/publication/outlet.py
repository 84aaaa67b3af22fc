"""Where a product of a company becomes visible: what is published, the live table, who keeps the inventory, and the
stores that customers are served from."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from recs_platform.declarations.product import AnyProduct
from recs_platform.serving_store.protocol import ServingStore
from recs_platform.warehouse.protocol import Warehouse
from recs_platform.warehouse.slices import TableRef


@dataclass(frozen=True)
class Outlet:
    company: str
    strategy: str
    product: AnyProduct
    dataset: str
    warehouse: Warehouse
    database: Engine
    stores: tuple[ServingStore, ...]
    """The platform database, and those that are filled from it."""
    life_days: int = 1
    """How many days pass until the next version is due."""

    @property
    def name(self) -> str:
        """As messages and locks name it."""
        return self.product.of_company(self.company)

    @property
    def source(self) -> TableRef:
        """A snapshot a day."""
        return TableRef(self.dataset, self.product.of, self.company)

    @property
    def live(self) -> TableRef:
        """The same columns; one snapshot at a time."""
        return TableRef(self.dataset, self.product.live, self.company)
