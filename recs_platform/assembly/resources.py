"""Resources of an environment: what the assets of this process write to. RECS_ENV picks the set.

They have no fields. Dagster keeps a field's value with every run, and its UI shows it to whoever asks; a setting may be
a URL with a password. What a setting says is read where the resource is made.
"""

from __future__ import annotations

import dagster as dg

from recs_platform.automation.rerun import curable_alone
from recs_platform.warehouse.environment import open_warehouse
from recs_platform.warehouse.protocol import Warehouse


class WarehouseResource(dg.ConfigurableResource[Warehouse]):
    """The warehouse of the environment: the lake, locally or on an object store, or BigQuery."""

    def create_resource(self, context: dg.InitResourceContext) -> Warehouse:
        with curable_alone(context):
            return open_warehouse(context.run_id)
