"""Arms and periods side by side: tables of differences with their intervals, from the sums that SQL makes.

Not here: the statistics (statistics/), and which messages and orders are summed (`sql/campaign/metric_sums.sql`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

import pyarrow as pa

from recs_platform.campaign.report.provided import has
from recs_platform.campaign.table_presentations import show_arms, show_periods
from recs_platform.companies.model import Company
from recs_platform.declarations.parameters import Parameters
from recs_platform.pipeline.frame_asset import table_asset
from recs_platform.schemas.campaign import METRICS, ArmComparison, PeriodComparison, SampleRatio
from recs_platform.schemas.table import spec_of
from recs_platform.statistics import cuped, power, ratio, sequential
from recs_platform.statistics.comparison import Difference
from recs_platform.statistics.intervals import Interval
from recs_platform.statistics.paired import paired
from recs_platform.statistics.ratio import Sums
from recs_platform.statistics.sample_ratio import sample_ratio as judge_shares
from recs_platform.warehouse.slices import Days

Row: TypeAlias = Mapping[str, Any]

ENGAGEMENT = frozenset({"opens", "clicks"})
"""Metrics that a customer who is sent nothing cannot have."""


@dataclass(frozen=True)
class ArmSums:
    """An arm's or a period's sums of one metric."""

    first_day: date
    last_day: date
    sums: Sums
    first_look: int | None = None
    """Messages drawn before any of the experiment's could be judged; none of periods."""

    @property
    def value(self) -> float:
        return self.sums.y / self.sums.n


@table_asset(ArmComparison, needs=("metric_sums",), present=show_arms)
def arm_comparison(company: Company, days: Days, metric_sums: pa.Table) -> pa.Table:
    """Every arm against the control arm and against those held out."""
    rows = compare_arms(known_parts(company, metric_sums, "arm"), company.parameters)
    return spec_of(ArmComparison).arrow_table({"as_of": days.last, **row} for row in rows)


@table_asset(SampleRatio, needs=("metric_sums",))
def sample_ratio(company: Company, days: Days, metric_sums: pa.Table) -> pa.Table:
    """How the draw of the arms went, against the plan where there is one."""
    rows = compare_shares(parts_of(metric_sums.to_pylist(), "arm"), company.parameters.planned_arm_shares)
    return spec_of(SampleRatio).arrow_table({"as_of": days.last, **row} for row in rows)


@table_asset(PeriodComparison, needs=("metric_sums",), present=show_periods)
def period_comparison(company: Company, days: Days, metric_sums: pa.Table, paired_customers: pa.Table) -> pa.Table:
    """After the newest release against before it."""
    same = [row for row in paired_customers.to_pylist() if has(company, row["metric"])]
    rows = compare_periods(known_parts(company, metric_sums, "period"), same)
    return spec_of(PeriodComparison).arrow_table({"as_of": days.last, **row} for row in rows)


def known_parts(company: Company, metric_sums: pa.Table, cut: str) -> dict[tuple[str, str], ArmSums]:
    """Without what rests on a feed that the company does not provide: nobody opened is not what is known."""
    return {key: part for key, part in parts_of(metric_sums.to_pylist(), cut).items() if has(company, key[1])}


def parts_of(rows: list[dict[str, Any]], cut: str) -> dict[tuple[str, str], ArmSums]:
    """The sums of each arm or period and metric."""
    names = ("units", "n", "y", "x", "nn", "yy", "xx", "ny", "nx", "yx")
    return {
        (row["part"], row["metric"]): ArmSums(
            row["first_day"],
            row["last_day"],
            Sums(*(row[name] for name in names)),
            row.get("messages_at_first_look"),
        )
        for row in rows
        if row["cut"] == cut
    }


def compare_arms(parts: Mapping[tuple[str, str], ArmSums], parameters: Parameters) -> Iterator[Row]:
    arms = sorted({arm for arm, _ in parts})
    metrics = (*METRICS["arm"], *(metric.name for metric in parameters.metrics))
    share_seen = _share_seen(parts, parameters.planned_messages)
    for arm in arms:
        for baseline in (parameters.control_arm, *parameters.holdout_arms):
            if arm in (baseline, *parameters.holdout_arms) or baseline not in arms:
                continue
            for metric in metrics:
                held_out = baseline in parameters.holdout_arms
                if (arm, metric) in parts and (baseline, metric) in parts and not (held_out and metric in ENGAGEMENT):
                    own, other = parts[arm, metric], parts[baseline, metric]
                    yield {
                        "arm": arm,
                        "baseline": baseline,
                        "metric": metric,
                        **_arm_row(own, other, parameters, share_seen),
                    }


def _share_seen(parts: Mapping[tuple[str, str], ArmSums], planned: int | None) -> float:
    """Messages that can be judged today, over those that the always-valid interval is tuned for: as planned, or else
    all that were drawn before the first look at the experiment. Neither depends on what the messages brought, nor on
    the day of the look."""
    of_arms = {arm: part for (arm, metric), part in parts.items() if metric == "orders"}
    judged = sum(part.sums.n for part in of_arms.values())
    drawn = planned or sum(part.first_look or 0 for part in of_arms.values())
    return judged / drawn if judged and drawn else 1.0


def _arm_row(own: ArmSums, other: ArmSums, parameters: Parameters, share_seen: float) -> Row:
    fixed, adjusted = ratio.difference(own.sums, other.sums), cuped.adjust(own.sums, other.sums)
    sharper = adjusted.comparison if adjusted.theta else None
    messages, difference = own.sums.n, own.value - other.value
    return {
        "messages": round(messages),
        "customers": own.sums.units,
        **difference_columns(own.sums, other.sums, share_seen),
        "adjusted": sharper.estimate if sharper else None,
        "adjusted_low": sharper.low if sharper else None,
        "adjusted_high": sharper.high if sharper else None,
        "noise_removed": adjusted.variance_reduction if sharper else None,
        "total": difference * messages,
        "total_low": None if fixed.low is None else fixed.low * messages,
        "total_high": None if fixed.high is None else fixed.high * messages,
        "days_to_see": _days_to_see(own, other, parameters.minimum_effect),
    }


def difference_columns(own: Sums, other: Sums, share_seen: float) -> Row:
    """Two arms side by side: the interval for one look, the one for any number of looks, and the lift. `share_seen` is
    what is seen today of what the latter is tuned for; it must not depend on what came of it."""
    fixed = ratio.difference(own, other)
    always = _anytime(fixed, share_seen)
    return {
        "value": own.y / own.n,
        "baseline_value": other.y / other.n,
        "difference": own.y / own.n - other.y / other.n,
        "fixed_low": fixed.low,
        "fixed_high": fixed.high,
        "anytime_low": always.low,
        "anytime_high": always.high,
        "p_value": fixed.p_value,
        "relative": fixed.relative,
        "relative_low": fixed.relative_low,
        "relative_high": fixed.relative_high,
    }


def _anytime(difference: Difference, share_seen: float) -> Interval:
    """Tuned for a number of messages, to which the standard error shrinks with their root.

    What it will be then hardly changes from day to day, as tuning must not: only the estimate of the spread settles.
    """
    if not difference.standard_error:
        return Interval(difference.estimate, None, None)
    then = difference.standard_error * math.sqrt(share_seen)
    return sequential.anytime(difference.estimate, difference.standard_error, tuned_for=then)


def _elapsed(own: ArmSums, other: ArmSums) -> int:
    return (max(own.last_day, other.last_day) - min(own.first_day, other.first_day)).days + 1


def _days_to_see(own: ArmSums, other: ArmSums, minimum_effect: float) -> int | None:
    """Days from the last one on, if customers go on coming as they do; looked at every day."""
    spread = ratio.deviation(other.sums) or ratio.deviation(own.sums)
    if not spread or not other.value:
        return None
    elapsed, customers = _elapsed(own, other), own.sums.units + other.sums.units
    needed = power.days_until_visible(
        minimum_effect * abs(other.value),
        spread,
        customers / elapsed,
        share=own.sums.units / customers,
        watched=True,
    )
    return None if needed is None else max(0, needed - elapsed)


def compare_shares(parts: Mapping[tuple[str, str], ArmSums], planned: Mapping[str, float]) -> Iterator[Row]:
    messages = {arm: round(part.sums.n) for (arm, metric), part in sorted(parts.items()) if metric == "orders"}
    verdict = judge_shares(messages, planned) if planned else None
    total = sum(messages.values())
    for arm in sorted({*messages, *planned}) if total else ():
        yield {
            "arm": arm,
            "messages": messages.get(arm, 0),
            "share": messages.get(arm, 0) / total,
            "planned_share": planned.get(arm, 0.0) if verdict else None,
            "expected": verdict.expected[arm] if verdict else None,
            "p_value": verdict.p_value if verdict else None,
        }


def compare_periods(parts: Mapping[tuple[str, str], ArmSums], same: list[dict[str, Any]]) -> Iterator[Row]:
    """Nothing while there are no messages both before and after."""
    if not {"before", "after"} <= {period for period, _ in parts}:
        return
    before, after = (
        next(parts[period, metric] for metric in METRICS["period"] if (period, metric) in parts)
        for period in ("before", "after")
    )
    both = {
        "before_from": before.first_day,
        "before_until": before.last_day,
        "after_from": after.first_day,
        "after_until": after.last_day,
    }
    for metric in METRICS["period"]:
        if ("before", metric) in parts and ("after", metric) in parts:
            row = _period_row(parts["before", metric], parts["after", metric])
            yield {"comparison": "all_customers", "metric": metric, **both, **row}
    for row in sorted(same, key=lambda row: str(row["metric"])):
        yield {"comparison": "same_customers", "metric": row["metric"], **both, **_paired_row(row)}


def _period_row(before: ArmSums, after: ArmSums) -> Row:
    """A customer of both periods counts as two: the interval is then, if anything, too wide."""
    change = ratio.difference(after.sums, before.sums)
    return {
        "customers_before": before.sums.units,
        "customers_after": after.sums.units,
        "before": before.value,
        "after": after.value,
        "difference": after.value - before.value,
        "difference_low": change.low,
        "difference_high": change.high,
        **_ratio(change.lift),
        "p_value": change.p_value,
    }


def _paired_row(row: Row) -> Row:
    same = paired(row["both"], row["before_only"], row["after_only"], row["neither"])
    return {
        "customers_before": same.customers,
        "customers_after": same.customers,
        "before": same.before,
        "after": same.after,
        "difference": same.difference.estimate,
        "difference_low": same.difference.low,
        "difference_high": same.difference.high,
        **_ratio(same.lift),
        "p_value": same.p_value,
    }


def _ratio(lift: Interval) -> Row:
    """After over before; what is below nothing is nothing."""

    def over(value: float | None) -> float | None:
        return None if value is None else max(0.0, 1 + value)

    return {"ratio": over(lift.estimate), "ratio_low": over(lift.low), "ratio_high": over(lift.high)}
