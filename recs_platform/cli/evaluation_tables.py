"""An evaluation as tables of 80 columns, and as one JSON value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from recs_platform.cli.output import print_table, say
from recs_platform.plurals import counted
from recs_platform.strategies.replenishment.evaluation.evaluate import Evaluation, order_of_methods

if TYPE_CHECKING:
    from recs_platform.strategies.replenishment.evaluation.figures import Row

_RANKED = (("recall", 10), ("recall", 20), ("ndcg", 10), ("ndcg", 20), ("precision", 10), ("hit_rate", 10))
_WORDS = {"recall": "recall", "ndcg": "NDCG", "precision": "precision", "hit_rate": "hits"}
_SEGMENTS = ("light", "regular", "heavy")
IDEAL = "The ideal list of NDCG is cut at k: who buys two things can reach 1."


def to_json(company: str, found: Evaluation) -> dict[str, Any]:
    plan = found.plan
    return {
        "company": company,
        "holdout": plan.how,
        "weeks": [str(day) for day in found.first_days],
        "versions": list(plan.versions),
        "clients": found.clients,
        "validation_clients": found.validation,
        "log": found.log,
        "log_days": [str(day) for day in found.days],
        "chosen": found.chosen,
        "notes": [*found.notes, IDEAL],
        "figures": found.rows,
    }


def show(company: str, found: Evaluation) -> None:
    versions = sorted(found.plan.versions, reverse=True)
    methods = order_of_methods(versions)
    for line in _opening(company, found):
        say(line)
    titles = [f"{_WORDS[measure]} {k}" for measure, k in _RANKED]
    print_table(
        "Rankings: the best by score, no quotas (what the literature judges)",
        ("ranked by", *titles),
        [(method, *(_shown(found.figure("ranking", method, *one)) for one in _RANKED)) for method in methods],
        right=1,
    )
    print_table(
        "NDCG of rankings in 20 places, by what was bought and by segment of clients",
        ("ranked by", "repeat", "explore", *_SEGMENTS),
        [(method, *_in_parts(found, method)) for method in methods],
        right=1,
    )
    for version in versions:
        print_table(
            f"Ranking of {version} less each other, in 20 places, with 95% intervals over clients",
            ("less", "recall", "NDCG"),
            [
                (other, *(_difference(found, version, other, measure) for measure in ("recall", "ndcg")))
                for other in methods
                if other != version
            ],
            right=1,
        )
    print_table(
        "Lists as clients get them: quotas of both kinds, few of a group",
        ("version", *titles[1:4:2], "hits 25", "disc.", "reached", "items", "groups"),
        [(version, *_of_lists(found, version)) for version in versions],
        right=1,
    )
    for line in _closing(found):
        say((line, "dim"))


def show_outcomes(rows: Sequence[Mapping[str, Any]]) -> None:
    """What lists that were served came to, where the newest day knows of any: by place and by arm."""
    from recs_platform.strategies.feedback.outcomes import by_arm, by_rank, shares_of

    if not rows:
        return
    columns = ("", "served", "shown", "clicked", "of those shown", "bought", "of those served")
    for title, found in (("by place", by_rank(rows)), ("by arm", by_arm(rows))):
        shown = [
            (one.name, one.served, one.shown, one.clicked, clicks, one.bought, purchases)
            for one in found
            for clicks, purchases in [shares_of(one)]
        ]
        print_table(f"What was served, {title}, as of {rows[0]['as_of']}", columns, shown, right=1)


def _opening(company: str, found: Evaluation) -> list[str]:
    log, days = found.log, found.first_days
    what = "everybody's last basket"
    if found.plan.how == "weeks":
        what = f"the newest {counted(len(days), 'week')}, from {days[0]}"
    return [
        f"{company}: {log['clients']:,} clients, {log['items']:,} items, {log['baskets']:,} baskets, "
        f"{log['lines']:,} lines, from {found.days[0]} to {found.days[1]}.",
        f"Kept back: {what}. Judged on {counted(found.clients, 'client')}, tuned on "
        f"{counted(found.validation, 'other')}.",
    ]


def _closing(found: Evaluation) -> list[str]:
    return [
        *found.notes,
        IDEAL,
        "repeat: of what the client had bought before; explore: of what was new to it.",
        "disc.: discoveries bought per client; reached: share of clients with a list; items: share of items in any "
        "list; groups: different ones per list.",
        *(f"{method}: {chosen}." for method, chosen in found.chosen.items()),
    ]


def _in_parts(found: Evaluation, method: str) -> list[str]:
    of_parts = [found.figure("ranking", method, "ndcg", 20, part=part) for part in ("repeat", "explore")]
    of_segments = [found.figure("ranking", method, "ndcg", 20, segment=name) for name in _SEGMENTS]
    return [_shown(row) for row in (*of_parts, *of_segments)]


def _difference(found: Evaluation, version: str, other: str, measure: str) -> str:
    row = found.figure("ranking", version, measure, 20, compared_with=other)
    if row is None or row["value"] is None:
        return ""
    return f"{row['value']:+.4f} ({row['low']:+.4f} to {row['high']:+.4f})"


def _of_lists(found: Evaluation, version: str) -> list[str]:
    ranked = [found.figure("list", version, measure, k) for measure, k in (("recall", 20), ("ndcg", 20))]
    hits = found.figure("list", version, "hit_rate", 25)
    reach = {
        name: (found.figure("list", version, name, 25) or {}).get("value")
        for name in ("discoveries_bought", "clients_reached", "items_reached", "groups")
    }
    shares = [reach["clients_reached"], reach["items_reached"]]
    return [
        *map(_shown, (*ranked, hits)),
        "" if reach["discoveries_bought"] is None else f"{reach['discoveries_bought']:.3f}",
        *("" if share is None else f"{share:.0%}" for share in shares),
        "" if reach["groups"] is None else f"{reach['groups']:.1f}",
    ]


def _shown(row: Row | None) -> str:
    return "" if row is None or row["value"] is None else f"{row['value']:.4f}"
