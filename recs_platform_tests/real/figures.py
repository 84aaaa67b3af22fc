"""The figures of the last quarter as the tables that docs/real-data.md shows."""

from __future__ import annotations

from recs_platform.models.paired_lists import Metric
from recs_platform.statistics.intervals import Interval
from recs_platform_tests.real.judged import OTHERS, PAST, PLATFORM, Quarter

_METRICS: tuple[Metric, ...] = ("roc_auc", "ndcg", "log_loss")


def markdown(quarter: Quarter) -> str:
    return "\n".join([*_quality(quarter), "", *_calibration(quarter.final), ""])


def _quality(quarter: Quarter) -> list[str]:
    lines = [
        f"{len(quarter.labels):,} impressions, {quarter.labels.sum():,} of them redeemed.",
        "",
        "| scored by | ROC AUC | the platform's above it by | NDCG@10 | the platform's above it by | log loss |",
        "|---|---|---|---|---|---|",
    ]
    compared = [(other, *(quarter.beside(one, other) for one in _METRICS)) for other in OTHERS]
    _, auc, ndcg, loss = compared[0]
    lines.append(f"| {PLATFORM} | {auc.ours:.3f} | | {ndcg.ours:.3f} | | {loss.ours:.5f} |")
    for other, auc, ndcg, loss in compared:
        chances = "" if other == PAST else f"{loss.theirs:.5f}"
        cells = [other, f"{auc.theirs:.3f}", _signed(auc.difference), f"{ndcg.theirs:.3f}", _signed(ndcg.difference)]
        lines.append(f"| {' | '.join([*cells, chances])} |")
    base = quarter.beside_base_rate()
    lines.append(f"| {quarter.rate:.3%} for everybody | 0.500 | | | | {base.theirs:.5f} |")
    return [*lines, "", f"Log loss of the platform's model less that of the base rate: {_signed(base.difference, 5)}."]


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
