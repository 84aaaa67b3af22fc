"""Logs with a known truth: how often the intervals of an off-policy evaluation hold what they promise.

A planted world of segments and treatments, a logging policy, and a proposal whose true value is known. Each log is
drawn from its own seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recs_platform.campaign.bandit.counts import Floats, SendLog
from recs_platform.campaign.bandit.off_policy import METHODS, Evaluation, Method, evaluate
from recs_platform.campaign.bandit.overlap import Limits, Refusal

SEGMENTS = ("new", "lapsed", "loyal")
SEGMENT_SHARES = np.array([0.5, 0.3, 0.2])
TREATMENTS = tuple(f"T{number:02d}" for number in range(8))
DAYS = 5


@dataclass(frozen=True)
class Scenario:
    """A world, who chose in it, and what is proposed instead. Matrices are segments x treatments."""

    name: str
    rates: Floats
    """Clicks per send."""
    logging: tuple[Floats, ...]
    """The chances of each day."""
    proposed: Floats
    sends: int
    """A day."""

    @property
    def truth(self) -> float:
        return value_of(self.proposal, self.rates)

    @property
    def proposal(self) -> Mapping[str, Mapping[str, float]]:
        rows = (dict(zip(TREATMENTS, row, strict=True)) for row in self.proposed.tolist())
        return dict(zip(SEGMENTS, rows, strict=True))


@dataclass(frozen=True)
class Coverage:
    """What a scenario's logs came to."""

    scenario: Scenario
    logs: int
    evaluations: tuple[Evaluation, ...]
    refusals: tuple[Refusal, ...]

    def covered(self, method: Method) -> float:
        """Share of the evaluated logs whose interval has the true value in it."""
        truth = self.scenario.truth
        found = [evaluation.estimates[method] for evaluation in self.evaluations]
        return float(np.mean([estimate.low <= truth <= estimate.high for estimate in found]))

    def width(self, method: Method) -> float:
        found = [evaluation.estimates[method] for evaluation in self.evaluations]
        return float(np.mean([estimate.high - estimate.low for estimate in found]))

    def gain_covered(self) -> float:
        """The same of the gain over what the logging policy earns on average."""
        earned = np.mean([SEGMENT_SHARES @ (self.scenario.rates * day).sum(1) for day in self.scenario.logging])
        gain = self.scenario.truth - float(earned)
        return float(np.mean([found.gain.low <= gain <= found.gain.high for found in self.evaluations]))


def value_of(proposal: Mapping[str, Mapping[str, float]], rates: Floats) -> float:
    """The clicks per send that an allocation would bring in the planted world."""
    shares = np.array([[proposal[segment][treatment] for treatment in TREATMENTS] for segment in SEGMENTS])
    return float(SEGMENT_SHARES @ (rates * shares).sum(1))


def scenarios() -> tuple[Scenario, ...]:
    """Fair logs, skewed ones, one whose policy changes every day, and one with hardly any overlap."""
    rng = np.random.default_rng(20_251_203)
    treatment = rng.beta(6, 240, len(TREATMENTS))
    rates = np.clip(treatment * np.array([0.7, 1.0, 1.8])[:, None] * rng.uniform(0.8, 1.25, (3, 8)), 0, 1)
    uniform = np.full((3, 8), 1 / 8)
    worst = _favouring(-rates, 60)
    best = _favouring(rates, 60)
    changing = tuple(rng.dirichlet(np.full(8, 2.0), 3) * 0.9 + 0.1 / 8 for _ in range(DAYS))
    return (
        Scenario("uniform log", rates, (uniform,) * DAYS, best, 2_000),
        Scenario("small uniform log", rates, (uniform,) * DAYS, best, 400),
        Scenario("log that favours the worst", rates, (worst,) * DAYS, best, 5_000),
        Scenario("the same, sharper", rates, (_favouring(-rates, 120),) * DAYS, best, 5_000),
        Scenario("chances that change daily", rates, changing, best, 3_000),
        Scenario("hardly any overlap", rates, (_favouring(-rates, 200),) * DAYS, _favouring(rates, 120), 1_000),
    )


def coverage(scenario: Scenario, logs: int, seed: int, limits: Limits | None = None) -> Coverage:
    """Draws logs and evaluates the proposal on each."""
    found = [evaluate(draw_log(scenario, seed + number), scenario.proposal, limits) for number in range(logs)]
    evaluations = tuple(result for result in found if isinstance(result, Evaluation))
    return Coverage(scenario, logs, evaluations, tuple(result for result in found if isinstance(result, Refusal)))


def draw_log(scenario: Scenario, seed: int) -> SendLog:
    """The sends of all days."""
    rng = np.random.default_rng(seed)
    shape = (DAYS, len(SEGMENTS), len(TREATMENTS))
    audience = rng.multinomial(scenario.sends, SEGMENT_SHARES, DAYS)
    chosen = np.stack(scenario.logging)
    sends = rng.multinomial(audience, chosen)
    clicks = rng.binomial(sends, np.broadcast_to(scenario.rates, shape))
    day, segment, treatment = (index.ravel() for index in np.indices(shape))
    return SendLog(
        segments=SEGMENTS,
        treatments=TREATMENTS,
        segment=segment.astype(np.int64),
        treatment=treatment.astype(np.int64),
        age_days=(DAYS - 1 - day).astype(np.float64),
        propensity=chosen.ravel().astype(np.float64),
        sends=sends.ravel().astype(np.float64),
        views=sends.ravel().astype(np.float64),
        clicks=clicks.ravel().astype(np.float64),
    )


def coverage_markdown(found: tuple[Coverage, ...]) -> str:
    """The table of docs/bandit.md."""
    lines = [
        "| log | sends | effective | refused | IPS | SNIPS | DR | gain | width of IPS, SNIPS, DR (points) |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for one in found:
        cells = [one.scenario.name, f"{one.scenario.sends * DAYS:,}"]
        if one.evaluations:
            effective = np.mean([evaluation.overlap.effective_sends for evaluation in one.evaluations])
            covered = [one.covered(method) for method in METHODS]
            widths = ", ".join(f"{100 * one.width(method):.2f}" for method in METHODS)
            cells += [f"{effective:,.0f}", f"{len(one.refusals) / one.logs:.1%}"]
            cells += [*(f"{share:.1%}" for share in [*covered, one.gain_covered()]), widths]
        else:
            cells += ["", f"{len(one.refusals) / one.logs:.1%}", "", "", "", "", ""]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _favouring(value: Floats, sharpness: float) -> Floats:
    """Shares that grow with a value (softmax)."""
    weights = np.exp(sharpness * (value - value.max(1, keepdims=True)))
    shares: Floats = weights / weights.sum(1, keepdims=True)
    return shares
