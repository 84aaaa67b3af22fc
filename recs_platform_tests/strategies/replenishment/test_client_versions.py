"""By which version a client's list is made, and who is similar to it in that way."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from recs_platform.companies.model import Company
from recs_platform.schemas.replenishment import ClientItems, ClientProfiles, ExperimentAssignments
from recs_platform.strategies.catalogue import company_named
from recs_platform.strategies.replenishment.client_habits import ordered, read_clients
from recs_platform.strategies.replenishment.client_versions import OWN_MEASURE, by_version, own_measures
from recs_platform.strategies.replenishment.neighbours import similar_clients
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters, parameters_of
from recs_platform.warehouse.slices import Days
from recs_platform_tests.strategies.replenishment.lists import DAY, arrow

EXPERIMENT = {
    "version": "v32",
    "experiment": "lists",
    "experiment_shares": {date(2025, 9, 1): {"v31": 0.5, "v32": 0.5}},
}
CLIENTS = ("anna", "bert", "carl", "dora")
PROFILES = [{"customer_id": client, "orders": n + 1, "is_active": client != "dora"} for n, client in enumerate(CLIENTS)]
ITEMS = [
    {"customer_id": client, "item_id": item, "orders": orders}
    for client, items in {
        "anna": {"a": 9, "b": 1},
        "bert": {"a": 9, "c": 1},
        "carl": {"a": 1, "b": 1},
        "dora": {"a": 9, "b": 1, "c": 1},
    }.items()
    for item, orders in items.items()
]


def company(**parameters: Any) -> Company:
    chosen = ReplenishmentParameters.model_validate(parameters)
    return company_named("concord").model_copy(update={"parameters": chosen})


def assigned(*rows: tuple[str, str, str]) -> pa.Table:
    return arrow(
        ExperimentAssignments,
        [{"experiment": name, "customer_id": client, "arm": arm} for name, client, arm in rows],
    )


def versions_of(assignments: pa.Table, **parameters: Any) -> dict[str, list[str]]:
    items = arrow(ClientItems, ITEMS)
    clients = read_clients(items, arrow(ClientProfiles, PROFILES), ordered(items))
    found = by_version(parameters_of(company(**parameters)), clients.names, clients.active, assignments)
    return {version: clients.names.take(of_it).to_pylist() for version, of_it in found.items()}


def test_all_active_clients_are_of_the_companys_version_without_an_experiment() -> None:
    assert versions_of(assigned(), version="v32") == {"v32": ["anna", "bert", "carl"]}
    assert versions_of(assigned(), version="v31") == {"v31": ["anna", "bert", "carl"]}


def test_a_client_of_an_arm_is_of_its_version_and_others_of_the_companys() -> None:
    assignments = assigned(
        ("lists", "bert", "v31"),
        ("lists", "carl", "v32"),
        # Not active, unknown, and of an experiment that is over.
        ("lists", "dora", "v31"),
        ("lists", "zoe", "v31"),
        ("before", "anna", "v31"),
    )
    assert versions_of(assignments, **EXPERIMENT) == {"v32": ["anna", "carl"], "v31": ["bert"]}
    assert versions_of(assignments, version="v32") == {"v32": ["anna", "bert", "carl"]}


@pytest.mark.parametrize("version", ["v31", "v32"])
def test_who_is_similar_in_an_arm_is_who_would_be_if_all_were_of_its_version(version: str) -> None:
    def similar(assignments: pa.Table, **parameters: Any) -> list[dict[str, Any]]:
        rows = similar_clients.function(
            company=company(**parameters),
            days=Days.one(DAY),
            client_items=arrow(ClientItems, ITEMS),
            client_profiles=arrow(ClientProfiles, PROFILES),
            experiment_assignments=assignments,
            # What version 4 alone reads.
            models=None,
            warehouse=None,
            product_trends=None,
            order_lines=None,
        )
        of_bert = [row for row in rows.to_pylist() if row["customer_id"] == "bert"]
        return [row for row in of_bert if row["measure"] == OWN_MEASURE[version]]

    in_an_arm = similar(assigned(("lists", "bert", version), ("lists", "anna", "v31")), **EXPERIMENT)
    assert in_an_arm == similar(assigned(), version=version)
    assert in_an_arm
    assert not similar(assigned(), version={"v31": "v32", "v32": "v31"}[version])


def test_who_is_scored_by_a_model_needs_no_measure_of_another_version() -> None:
    nobody = np.zeros(0, dtype=np.int64)
    assert own_measures({"v4": nobody}, model_serves=False) == ("weighted",)
    assert own_measures({"v4": nobody}, model_serves=True) == ()
    assert own_measures({"v4": nobody, "v31": nobody}, model_serves=True) == ("jaccard",)
    assert own_measures({"v32": nobody, "v31": nobody}, model_serves=True) == ("jaccard", "weighted")
