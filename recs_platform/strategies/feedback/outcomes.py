"""What came of recommendations: by place and by arm, in words and as a picture.

Not here: the counts (`sql/feedback/recommendation_outcomes.sql`), and what steps back because it was ignored
(`sql/feedback/ignored_weeks.sql`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recs_platform.pipeline.stage import SqlTable, sql_asset
from recs_platform.plurals import counted
from recs_platform.reporting.charts import Axis, Bar, bars, picture
from recs_platform.reporting.figures import percent, share_range, tick
from recs_platform.reporting.presentation import Presentation
from recs_platform.schemas.feedback import RecommendationOutcomes
from recs_platform.schemas.table import spec_of
from recs_platform.statistics.intervals import Interval, proportion
from recs_platform.warehouse.query import Query

Rows = Sequence[Mapping[str, Any]]
TABLE = spec_of(RecommendationOutcomes).name
MOST_PLACES = 25
"""More of them do not fit a picture."""


@dataclass(frozen=True)
class Outcome:
    """Recommendations that are counted together, and what customers did with them."""

    name: str
    served: int
    shown: int
    clicked: int
    bought: int

    @property
    def clicks(self) -> Interval:
        """Of those shown, the share that was clicked."""
        return proportion(self.clicked, self.shown)

    @property
    def purchases(self) -> Interval:
        """Of those served, the share that was bought."""
        return proportion(self.bought, self.served)


def outcomes_table(queries: Mapping[str, Query]) -> SqlTable:
    return sql_asset(TABLE, RecommendationOutcomes, queries, present=show_outcomes)


def by_rank(rows: Rows) -> list[Outcome]:
    return [_named(one, f"place {one.name}") for one in _grouped(rows, lambda row: int(row["rank"]))]


def by_arm(rows: Rows) -> list[Outcome]:
    """Of each product by itself; a list without arms is one."""
    return _grouped(rows, lambda row: f"{row['product']} {row['arm']}".strip())


def by_version(rows: Rows) -> list[Outcome]:
    """Of each publication; the newest last."""
    return _grouped(rows, lambda row: (str(row["product"]), int(row["version"])))


def show_outcomes(rows: Rows) -> Presentation:
    """Nothing but a sentence where nothing was served."""
    if not rows:
        return Presentation("No answer of the prediction service, and none of a feed, is known.")
    drawn = [_bar(one) for one in by_rank(rows)[:MOST_PLACES] if one.shown]
    words = "\n".join(f"- {line}" for line in outcome_lines(rows))
    if not drawn:
        return Presentation(words)
    described = "; ".join(f"{bar.label} {bar.text}" for bar in drawn)
    chart = bars("Share of shown recommendations that were clicked, by place", described, drawn, Axis("Share", tick))
    return Presentation(words, picture(chart))


def _bar(place: Outcome) -> Bar:
    clicks = place.clicks
    return Bar(
        place.name, clicks.estimate or 0.0, f"{_share(clicks)} of {place.shown:,}", low=clicks.low, high=clicks.high
    )


def outcome_lines(rows: Rows) -> Iterator[str]:
    """All in a sentence, and one for each arm where there are several. None where nothing was served."""
    if not rows:
        return
    (of_all,) = _grouped(rows, lambda _: "")
    yield f"{counted(of_all.served, 'recommendation')} served: {outcome_words(of_all)}"
    arms = by_arm(rows)
    if len(arms) > 1:
        for arm in arms:
            yield f"{arm.name}: of {arm.served:,} served {outcome_words(arm)}"


def outcome_words(outcome: Outcome) -> str:
    if not outcome.shown:
        return f"no shop says that any was shown; {outcome.bought:,} bought ({_share(outcome.purchases)})"
    return (
        f"{outcome.shown:,} shown, {outcome.clicked:,} of them clicked ({_share(outcome.clicks)}), "
        f"{outcome.bought:,} bought ({_share(outcome.purchases)})"
    )


def shares_of(outcome: Outcome) -> tuple[str, str]:
    """Clicks of those shown, and purchases of those served, each with its interval; nothing of nothing."""
    clicks = _share(outcome.clicks) if outcome.shown else ""
    return clicks, _share(outcome.purchases)


def _share(interval: Interval) -> str:
    return f"{percent(interval.estimate)}, {share_range(interval)}"


def _grouped(rows: Rows, key: Callable[[Mapping[str, Any]], Any]) -> list[Outcome]:
    sums: dict[Any, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for row in rows:
        for place, name in enumerate(("served", "shown", "clicked", "bought")):
            sums[key(row)][place] += row[name]
    return [Outcome(_name(group), *sums[group]) for group in sorted(sums)]


def _name(group: Any) -> str:
    return " version ".join(map(str, group)) if isinstance(group, tuple) else str(group)


def _named(outcome: Outcome, name: str) -> Outcome:
    return Outcome(name, outcome.served, outcome.shown, outcome.clicked, outcome.bought)
