"""The figures of the last quarter as the tables that docs/real-data.md shows."""

from __future__ import annotations

import numpy as np

from recs_platform.models.metrics import log_loss
from recs_platform.statistics.intervals import Interval
from recs_platform_tests.real.judged import OTHERS, PLATFORM, Quarter


def markdown(quarter: Quarter) -> str:
    return "\n".join([*_quality(quarter), "", *_calibration(quarter.final), ""])


def _quality(quarter: Quarter) -> list[str]:
    lines = [
        f"{len(quarter.labels):,} impressions, {quarter.labels.sum():,} of them redeemed.",
        "",
        "| scored by | ROC AUC | the platform's above it by | NDCG@10 | the platform's above it by | log loss |",
        "|---|---|---|---|---|---|",
    ]
    for of in (PLATFORM, *OTHERS):
        found = quarter.figures(of)
        above = {} if of == PLATFORM else quarter.above(of)
        cells = [of]
        for name in ("ROC AUC", "NDCG@10"):
            cells += [f"{found[name]:.3f}", _signed(above[name]) if above else ""]
        cells.append("" if found["log loss"] is None else f"{found['log loss']:.5f}")
        lines.append(f"| {' | '.join(cells)} |")
    base = log_loss(quarter.labels, np.full(len(quarter.labels), quarter.rate))
    lines.append(f"| {quarter.rate:.3%} for everybody | 0.500 | | | | {base:.5f} |")
    less = quarter.log_loss_above_base_rate()
    return [*lines, "", f"Log loss of the platform's model less that of the base rate: {_signed(less, 5)}."]


def _calibration(final: Quarter) -> list[str]:
    lines = [
        f"Mailings whose {len(final.labels):,} outcomes were final by the end of the year:",
        "",
        "| tenth | impressions | chance that the model gave | redeemed | interval |",
        "|---|---|---|---|---|",
    ]
    for number, one in enumerate(final.calibration(), start=1):
        happened = one.happened
        lines.append(
            f"| {number} | {one.rows:,} | {one.promised:.3%} | {happened.estimate:.3%} "
            f"| {happened.low:.3%} to {happened.high:.3%} |"
        )
    return lines


def _signed(one: Interval, digits: int = 3) -> str:
    low, high = (f"{end:+.{digits}f}" for end in (one.low or 0, one.high or 0))
    return f"{one.estimate:+.{digits}f} ({low} to {high})"
