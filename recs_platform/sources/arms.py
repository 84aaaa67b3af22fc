"""Whether the arms that a company's file names are those that its messages have.

A name that matches nothing compares nothing, and a report would say in good faith that no customers were held back.
Not here: whether arms were drawn in the planned shares (`campaign/experiments.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from recs_platform.companies.problems import did_you_mean, shown
from recs_platform.declarations.parameters import Parameters
from recs_platform.plurals import counted

_SHOWN_ARMS = 10
_BY_CHANCE = 0.001
"""How likely a planned arm may be missing by chance and still count as missing."""


def arms_in_words(arms: Mapping[str, int]) -> str:
    """The arms that there are, the largest first.

    >>> arms_in_words({"b": 1, "a": 2000})
    'a (2,000 messages), b (1 message)'
    """
    ordered = sorted(arms.items(), key=lambda item: (-item[1], item[0]))
    more = f" and {len(ordered) - _SHOWN_ARMS} more" if len(ordered) > _SHOWN_ARMS else ""
    return ", ".join(f"{arm} ({counted(number, 'message')})" for arm, number in ordered[:_SHOWN_ARMS]) + more


def unmatched_arms(parameters: Parameters, arms: Mapping[str, int]) -> Iterator[str]:
    """A sentence for each name of the company's file that no message has. Defaults name nothing."""
    if not arms:
        return
    given, total = parameters.model_fields_set, sum(arms.values())
    named: list[tuple[str, str]] = []
    if "control_arm" in given:
        named.append(("control_arm", parameters.control_arm))
    # Of several held-out arms one may be from before these messages.
    if "holdout_arms" in given and not set(parameters.holdout_arms) & set(arms):
        named += [("holdout_arms", arm) for arm in parameters.holdout_arms]
    named += [
        ("planned_arm_shares", arm)
        for arm, share in parameters.planned_arm_shares.items()
        if (1 - share) ** total < _BY_CHANCE
    ]
    for parameter, arm in named:
        if arm not in arms:
            yield (
                f"parameters.{parameter}: no message is of an arm {shown(arm)}.{did_you_mean(arm, sorted(arms))} There "
                f"are {arms_in_words(arms)}"
            )
