"""What may be said of the treatment that leads: nothing, that it leads, or that it is almost certainly the best.

Not here: the probabilities (posterior.py), and the shares that follow from them (allocation.py), which explore whatever
is known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from recs_platform.plurals import counted
from recs_platform.reporting.figures import percent

Row: TypeAlias = Mapping[str, Any]
Verdict: TypeAlias = Literal["only_one", "nothing_known", "leads", "best"]

WORTH_MENTION = 3.0
"""By what factor data must have raised the odds of being best before a lead is mentioned: a Bayes factor of 3, where
Jeffreys begins to speak of evidence. Of two treatments that is 75%, of three 60%, of thirty 9.4%."""
ALMOST_CERTAIN = 0.95


@dataclass(frozen=True)
class Evidence:
    verdict: Verdict
    leader: Row
    treatments: int
    clicks: int

    def sentence(self, name: str) -> str:
        """What it comes to, with the treatment as people call it."""
        chance, share = percent(self.leader["chance_best"]), percent(self.leader["share_next"])
        of = f"of {counted(self.treatments, 'treatment')}"
        match self.verdict:
            case "only_one":
                return f"Only {name} was sent: there is nothing to choose between."
            case "nothing_known" if not self.clicks:
                return f"Nothing is known yet: no click is on record for any {of}. Go on sending all of them."
            case "nothing_known":
                by_chance = percent(1 / self.treatments)
                return (
                    f"Nothing is known yet: the highest probability of being the best {of} is {chance}, and each has "
                    f"{by_chance} before there is any data. Go on sending all of them."
                )
            case "leads":
                return (
                    f"{name} leads: the probability that it is the best {of} is {chance}. It should get the most "
                    f"traffic next, {share}, and the others enough to find out."
                )
        return f"{name} is almost certainly the best {of} ({chance}). It should get the most traffic next, {share}."


def evidence_of(rows: Sequence[Row]) -> Evidence | None:
    """Of the rows of one segment of `treatment_bandit`; none when nothing was sent."""
    if not rows:
        return None
    leader = min(rows, key=lambda row: (-row["chance_best"], row["treatment_id"]))
    return Evidence(_verdict(rows, leader), leader, len(rows), sum(row["clicks"] for row in rows))


def _verdict(rows: Sequence[Row], leader: Row) -> Verdict:
    if len(rows) == 1:
        return "only_one"
    chance = leader["chance_best"]
    if not any(row["clicks"] for row in rows) or (chance < 1 and _odds(chance) < WORTH_MENTION * _odds(1 / len(rows))):
        return "nothing_known"
    return "best" if chance >= ALMOST_CERTAIN else "leads"


def _odds(chance: float) -> float:
    return chance / (1 - chance)
