"""The overview of all companies in words: the cells of its table, which the terminal, Dagster and the report all show.

Not here: what is known (platform_overview.py), and how a table is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

from recs_platform.automation.platform_overview import CompanyOverview, Health
from recs_platform.campaign.earned import Earned, Lift
from recs_platform.plurals import counted
from recs_platform.reporting.figures import money

TITLES = ("company", "health", "whole until", "checks", "live", "earned", "lift", "alerts")
TEXT_COLUMNS = 5
"""The first of them; of the others money is put in a column."""
LEGEND = (
    "Whole until: the newest day of which nothing is missing and nothing failed. Checks: of the last run. Earned: "
    "revenue credited to the messages of the company's campaign window. Lift: what those of its largest arm brought "
    "beyond customers who were held back."
)


def cells(line: CompanyOverview) -> tuple[str, ...]:
    """In the order of the titles."""
    return (
        line.company,
        str(line.health),
        str(line.newest_whole or ""),
        _checks(line),
        ", ".join(map(str, line.live)),
        _earned(line.earned),
        _lift(line.earned.lift, line.earned.currency) if line.earned and line.earned.lift else "",
        ", ".join(f"{number} {severity}" for severity, number in sorted(line.alerts.items())),
    )


def in_a_sentence(lines: Sequence[CompanyOverview]) -> str:
    """How many are well, and how many are what else.

    >>> in_a_sentence([CompanyOverview("acme", None, Health.OK, ""), CompanyOverview("holley", None, Health.LATE, "")])
    '2 companies: 1 late, 1 ok.'
    """
    counts = [(health, sum(line.health is health for line in lines)) for health in Health]
    said = ", ".join(f"{number} {health}" for health, number in counts if number)
    return f"{counted(len(lines), 'company', 'companies')}{': ' if said else ''}{said}."


def _checks(line: CompanyOverview) -> str:
    if line.checks_failed is None or line.checks_warned is None:
        return ""
    counts = ((line.checks_failed, "failed"), (line.checks_warned, "warned"))
    return ", ".join(f"{number} {what}" for number, what in counts if number) or "passed"


def _earned(earned: Earned | None) -> str:
    return money(earned.revenue, earned.currency, cents=False) if earned else ""


def _lift(lift: Lift, currency: str) -> str:
    return f"{money(lift.total, currency, cents=False, sign=True)}{'' if lift.certain else ' (uncertain)'}"
