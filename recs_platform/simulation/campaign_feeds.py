"""The feeds of campaigns: messages sent, what the mail provider reports on them, opens and clicks, with their dirt.

People's and machines' interactions stand in one feed and look alike. Not here: what becomes of a send (`campaigns`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from recs_platform.schemas.sources import Deliveries, Interactions, Treatments
from recs_platform.simulation import dirt
from recs_platform.simulation.campaign_plan import ARMS, FAILURES, HOLDOUT, LATE_RATE, Plan, outage_date, rates
from recs_platform.simulation.campaigns import OPEN_DAYS
from recs_platform.simulation.columns import (
    HOUR,
    Arrow,
    Columns,
    Feed,
    instants,
    known,
    labels,
    landing_table,
    midnight,
    numbered,
    pick,
    rows,
    stack,
    within,
)
from recs_platform.simulation.happenings import OfDay
from recs_platform.simulation.machines import CLICKED, VIEWED, machine_counts, machine_interactions
from recs_platform.simulation.randomness import stream
from recs_platform.simulation.spec import WorldSpec

STRANGERS_OFFSET = 30
"""Days from the start until interactions with messages that were never sent appear: so long a message may also be
older than the feeds."""


def treatments_feed(spec: WorldSpec, plan: Plan, day: date, sends_of: OfDay, customers: Arrow) -> Feed:
    sent, planted = sends_of(spec, day), rates(spec, plan, day)
    chance = np.where(sent["arm"] == HOLDOUT, -1.0, planted.propensity[sent["treatment"]])
    clean = landing_table(
        Treatments,
        {
            "send_id": _send_ids(day, sent),
            "customer_id": labels(customers, sent["customer"]),
            "treatment_id": labels(pa.array(planted.ids), sent["treatment"]),
            "campaign_id": pa.array([f"weekly-{day.isoformat()}"] * rows(sent), pa.string()),
            "arm": labels(pa.array(ARMS), sent["arm"]),
            "sent_at": instants(sent["sent_at"]),
            "propensity": known(chance),
        },
    )
    rng = stream(spec.seed, "treatment dirt", day)
    table, rejected = dirt.spoil(clean, rng, [dirt.Defect("send_id is missing", 0.003, {"send_id": dirt.nothing})])
    counts = {"campaign": _funnel(planted.ids, sent), "campaign_machine": machine_counts(spec, day, sent)}
    return Feed(table, {"rejected": {"treatments": rejected}, **counts})


def deliveries_feed(spec: WorldSpec, day: date, sends_of: OfDay) -> Feed:
    sent = pick(sends_of(spec, day), sends_of(spec, day)["reported_at"] >= 0)
    failed = sent["failure"] >= 0
    clean = landing_table(
        Deliveries,
        {
            "send_id": _send_ids(day, sent),
            "status": labels(pa.array(["delivered", "failed"]), failed.astype(np.int64)),
            "failure_reason": labels(pa.array(FAILURES), sent["failure"]),
            "reported_at": instants(sent["reported_at"]),
        },
    )
    rng = stream(spec.seed, "delivery dirt", day)
    table, rejected = dirt.spoil(clean, rng, [dirt.Defect("send_id is missing", 0.003, {"send_id": dirt.nothing})])
    return Feed(table, {"rejected": {"deliveries": rejected}})


def interactions_feed(spec: WorldSpec, plan: Plan, day: date, sends_of: OfDay) -> Feed:
    """What arrives on a day: its own interactions but for the late ones, and the late ones of the day before."""
    happened = _interactions(spec, plan, day, sends_of)
    before = _interactions(spec, plan, day - timedelta(days=1), sends_of)
    on_time = _landed(pick(happened, ~happened["late"]))
    late = _landed(pick(before, before["late"]))
    rng = stream(spec.seed, "interaction dirt", day)
    defects = [dirt.Defect("kind is unknown", 0.003, {"kind": dirt.constant("UNSUBSCRIBED")})]
    if day >= spec.start + timedelta(days=STRANGERS_OFFSET):
        defects.append(dirt.Defect("send_id is unknown", 0.003, {"send_id": _never_sent}))
    table, rejected = dirt.spoil(on_time, rng, defects)
    counts = {
        "interactions_that_arrive_late": int(happened["late"].sum()),
        "late_interactions_arriving": len(late),
    }
    return Feed(table, {"rejected": {"interactions": rejected}, "late": counts}, late)


def _interactions(spec: WorldSpec, plan: Plan, day: date, sends_of: OfDay) -> Columns:
    """Opens and clicks of a day, by time, with the mark of those that arrive late: a few, and all of an afternoon."""
    parts = []
    for age in range(OPEN_DAYS, -1, -1):
        sent_on = day - timedelta(days=age)
        sent = sends_of(spec, sent_on)
        for column, kind in (("opened_at", VIEWED), ("again_at", VIEWED), ("clicked_at", CLICKED)):
            happened = within(sent, column, day)
            kinds = np.full(rows(happened), kind, np.int64)
            parts.append(_of_sends(sent_on, {"number": happened["number"], "kind": kinds, "at": happened[column]}))
    parts.append(_of_sends(day, machine_interactions(spec, day, sends_of(spec, day))))
    interactions = stack(parts)
    interactions = pick(
        interactions,
        np.lexsort((interactions["kind"], interactions["number"], interactions["sent_on"], interactions["at"])),
    )
    interactions["late"] = stream(spec.seed, "late interactions", day).random(rows(interactions)) < LATE_RATE
    if day == outage_date(spec, plan):
        interactions["late"] |= interactions["at"] >= midnight(day) + 12 * HOUR
    return interactions


def _of_sends(sent_on: date, interactions: Columns) -> Columns:
    return {**interactions, "sent_on": np.full(rows(interactions), int(f"{sent_on:%Y%m%d}"), np.int64)}


def _landed(interactions: Columns) -> pa.Table:
    send_ids = numbered("S", interactions["sent_on"] * 10**8 + interactions["number"])
    kinds = labels(pa.array(["VIEWED", "CLICKED"]), interactions["kind"])
    return landing_table(
        Interactions, {"send_id": send_ids, "kind": kinds, "happened_at": instants(interactions["at"])}
    )


def _never_sent(rng: np.random.Generator, count: int) -> Arrow:
    """Identifiers of messages from before the company's feeds, or of somebody else's."""
    return numbered("S1999", rng.integers(10**11, 10**12, count))


def _send_ids(day: date, sent: Columns) -> Arrow:
    return numbered("S", int(f"{day:%Y%m%d}") * 10**8 + sent["number"])


def _funnel(ids: Sequence[str], sent: Columns) -> dict[str, dict[str, int]]:
    """Per arm and treatment, what becomes of this day's sends in the end: what people do, and the orders the sends
    brought."""
    funnel = {}
    for key in np.unique(sent["arm"] * len(ids) + sent["treatment"]):
        arm, treatment = divmod(int(key), len(ids))
        of_cell = pick(sent, (sent["arm"] == arm) & (sent["treatment"] == treatment))
        funnel[f"{ARMS[arm]}/{ids[treatment]}"] = {
            "sends": rows(of_cell),
            "delivered": int(((of_cell["reported_at"] >= 0) & (of_cell["failure"] < 0)).sum()),
            "failed": int((of_cell["failure"] >= 0).sum()),
            "opened": int((of_cell["opened_at"] >= 0).sum()),
            "clicked": int((of_cell["clicked_at"] >= 0).sum()),
            "brought_orders": int((of_cell["ordered_at"] >= 0).sum()),
        }
    return funnel
