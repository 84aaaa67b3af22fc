"""What came of an experiment: its arms beside the control arm, from what each client's published lists came to.

Clients are the units: a client's weeks are summed first. Not here: which weeks count
(`sql/replenishment/experiment_outcomes.sql`), and the statistics (statistics/), which are those of campaigns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from recs_platform.campaign.experiments import difference_columns
from recs_platform.companies.model import Company
from recs_platform.pipeline.frame_asset import table_asset
from recs_platform.schemas.replenishment_reports import DISCOVERIES, PRECISION, REVENUE, ExperimentResults
from recs_platform.schemas.table import spec_of
from recs_platform.statistics.ratio import Sums
from recs_platform.statistics.sample_ratio import sample_ratio
from recs_platform.strategies.replenishment.experiment import Step, steps
from recs_platform.strategies.replenishment.parameters import ReplenishmentParameters, parameters_of
from recs_platform.warehouse.slices import Days

Row: TypeAlias = Mapping[str, Any]

_SUMMED = {PRECISION: ("items", "bought"), DISCOVERIES: ("weeks", "discoveries_bought"), REVENUE: ("weeks", "spent")}
"""Of each metric, what is divided by, and what is divided."""


@table_asset(ExperimentResults)
def experiment_results(company: Company, days: Days, experiment_outcomes: pa.Table) -> pa.Table:
    """The arms of the company's experiment; nothing without one, or before a week is whole."""
    parameters = parameters_of(company)
    of_it = experiment_outcomes.filter(pc.field("experiment") == (parameters.experiment or ""))
    return spec_of(ExperimentResults).arrow_table({"as_of": days.last, **row} for row in compare(of_it, parameters))


def compare(outcomes: pa.Table, parameters: ReplenishmentParameters) -> Iterator[Row]:
    """A row per arm and metric."""
    columns = {name: outcomes[name].to_numpy() for name in outcomes.column_names}
    arms = sorted(set(columns["arm"]))
    if not arms:
        return
    of_arm = {arm: columns["arm"] == arm for arm in arms}
    columns["spent"] = columns["spent_cents"] / 100
    control = parameters.version
    drawn_by = [day for day in outcomes["drawn_by"].to_pylist() if day]
    expected = expected_clients(drawn_by, list(steps(parameters.experiment_shares)))
    clients = {arm: int(of_arm[arm].sum()) for arm in arms}
    ratio = sample_ratio(clients, expected)
    share_seen = _share_seen(columns["weeks"], columns["first_week_until"])
    others = [arm for arm in arms if control in arms and arm != control]
    for metric, (below, above) in _SUMMED.items():
        sums = {arm: Sums.of(columns[below][rows], columns[above][rows]) for arm, rows in of_arm.items()}
        for arm in arms:
            yield {
                "experiment": parameters.experiment,
                "arm": arm,
                "metric": metric,
                "baseline": control,
                "clients": clients[arm],
                "client_weeks": int(columns["weeks"][of_arm[arm]].sum()),
                "value": sums[arm].y / sums[arm].n,
                "baseline_value": sums[control].y / sums[control].n if control in sums else None,
                **(difference_columns(sums[arm], sums[control], share_seen) if arm in others else {}),
                "expected_clients": ratio.expected[arm],
                "ratio_p_value": ratio.p_value,
            }


def expected_clients(drawn_by: Sequence[date], parts: Sequence[Step]) -> dict[str, float]:
    """Of so many clients, each drawn by the shares of a day: how many each arm should have."""
    expected = dict.fromkeys((part.arm for part in parts), 0.0)
    for day, clients in Counter(drawn_by).items():
        known = [part.first_day for part in parts if part.first_day <= day]
        in_force = max(known) if known else parts[0].first_day
        for part in parts:
            if part.first_day == in_force:
                expected[part.arm] += part.share * clients
    return expected


def _share_seen(weeks: Any, first_week_until: Any) -> float:
    """The clients' weeks so far, over those of the first look: what the interval for any number of looks is tuned for.
    It depends on who was drawn when, and not on what lists brought."""
    return float(weeks.sum() / np.count_nonzero(first_week_until == first_week_until.min()))
