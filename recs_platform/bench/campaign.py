"""`recs bench campaign`: funnel and attribution of a large sender, end to end, beside plain pandas."""

from __future__ import annotations

from functools import partial

from recs_platform.bench import campaign_day, campaign_rows
from recs_platform.bench.measure import Aim, MeasuredPart
from recs_platform.bench.registry import Options

SENDS = 10_000_000


def parts(options: Options) -> list[MeasuredPart]:
    whole = options.rows or SENDS
    tenth = max(1, whole // 10)
    large, small = options.folder / "large", options.folder / "small"
    return [
        MeasuredPart(
            name="a tenth",
            sizes=_sizes(tenth),
            prepare=partial(campaign_rows.fill_all, {small: tenth}),
            work=partial(campaign_day.measure_campaign, small, compared=True),
            baseline_name="plain pandas, the same rows and the same revenue to the cent",
            baseline=partial(campaign_day.measure_plainly, small, compared=True),
            aim=Aim(ratio=1),
        ),
        MeasuredPart(
            name="funnel and attribution",
            sizes=_sizes(whole),
            prepare=partial(campaign_rows.fill_all, {small: tenth, large: whole}),
            work=partial(campaign_day.measure_campaign, large, compared=False),
            baseline_name="plain pandas on a tenth of the rows",
            baseline=partial(campaign_day.measure_plainly, small, compared=False),
            aim=Aim(seconds=15),
        ),
    ]


def _sizes(sends: int) -> dict[str, int]:
    size = campaign_rows.CampaignSize(sends)
    return {
        "sends": size.sends,
        "interactions": size.interactions,
        "orders": size.orders,
        "customers": size.customers,
    }
