"""What the campaigns of offers came to: a sentence on each kind, and the rates of campaigns beside each other.

Not here: the figures (`sql/offer_ranking/offer_campaigns.sql`), and campaigns of messages (`campaign/`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from recs_platform.plurals import counted
from recs_platform.reporting.charts import Axis, Bar, bars, picture
from recs_platform.reporting.figures import between, count, percent, tick
from recs_platform.reporting.presentation import Presentation

Rows = Sequence[Mapping[str, Any]]
MOST_DRAWN = 30
"""More campaigns than that, the newest of them, do not fit a picture."""


def show_campaigns(rows: Rows) -> Presentation:
    """Nothing but a sentence where offers come in no campaigns."""
    if not rows:
        return Presentation("No offer was shown in a campaign: impressions and offers name none.")
    campaigns = [row for row in rows if row["section"] == "campaign"]
    campaigns.sort(key=lambda row: (row["first_day"], row["name"]), reverse=True)
    drawn = [
        Bar(f"{row['name']} ({row['kind']})", row["rate"], f"{percent(row['rate'])} of {count(row['receipts'])}",
            low=row["low"], high=row["high"])
        for row in campaigns[:MOST_DRAWN]
    ]  # fmt: skip
    described = "; ".join(f"{bar.label} {bar.text}" for bar in drawn)
    chart = bars("Share of those who received a campaign that redeemed of it", described, drawn, Axis("Share", tick))
    return Presentation("\n".join(f"- {line}" for line in campaign_lines(rows)), picture(chart))


def campaign_lines(rows: Rows) -> Iterator[str]:
    """All campaigns in a sentence, and one for each kind where there are several."""
    of_all = next((row for row in rows if row["section"] == "all"), None)
    if of_all is None:
        return
    campaigns = sum(row["section"] == "campaign" for row in rows)
    yield (
        f"{counted(campaigns, 'campaign')} of offers for {counted(of_all['customers'], 'customer')}: of "
        f"{count(of_all['receipts'])} receipts {_rate(of_all)} had something redeemed, "
        f"{counted(of_all['redemptions'], 'redemption')} in all"
    )
    kinds = sorted((row for row in rows if row["section"] == "kind"), key=lambda row: (-row["rate"], row["name"]))
    if len(kinds) > 1:
        for row in kinds:
            yield f"kind {row['name']}: {_rate(row)} of {count(row['receipts'])} receipts"


def _rate(row: Mapping[str, Any]) -> str:
    return f"{percent(row['rate'])} ({between(row['low'], row['high'], percent)})"
