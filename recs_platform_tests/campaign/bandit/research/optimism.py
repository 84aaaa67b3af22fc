"""Why a proposal must not be judged by the sends it was learned from: measured on simulated logs.

What looks best in a log is partly what was lucky in it. Judged by the same log, the luck counts as merit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recs_platform.campaign.bandit.off_policy import Evaluation, evaluate
from recs_platform.campaign.bandit.table import bandit_rows, shares_of
from recs_platform_tests.campaign.bandit.research.simulated_logs import Scenario, draw_log, value_of


@dataclass(frozen=True)
class Judged:
    """Proposals learned from one log each, judged by it or by another one."""

    truth: float
    """What they are worth, on average, in clicks per send."""
    estimated: float
    covered: float
    """Share of the intervals (DR) that have the true value in them."""


def judged(scenario: Scenario, logs: int, seed: int) -> Mapping[str, Judged]:
    """The bandit's proposals, by which log judged them."""
    found: dict[str, list[tuple[float, float, bool]]] = {"the log it was learned from": [], "another log": []}
    for number in range(logs):
        learned_from, other = (draw_log(scenario, seed + 2 * number + which) for which in range(2))
        proposal = shares_of(bandit_rows(learned_from))
        truth = value_of(proposal, scenario.rates)
        for judges, log in zip(found.values(), (learned_from, other), strict=True):
            result = evaluate(log, proposal)
            if isinstance(result, Evaluation):
                estimate = result.estimates["dr"]
                judges.append((truth, estimate.value, estimate.low <= truth <= estimate.high))
    return {name: Judged(*(float(of) for of in np.mean(results, axis=0))) for name, results in found.items()}


def optimism_markdown(found: Mapping[str, Judged]) -> str:
    lines = ["| judged by | true value | estimated (DR) | intervals that hold |", "|---|---|---|---|"]
    for name, one in found.items():
        lines.append(f"| {name} | {one.truth:.2%} | {one.estimated:.2%} | {one.covered:.0%} |")
    return "\n".join(lines)
