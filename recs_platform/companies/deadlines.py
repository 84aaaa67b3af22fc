"""The `deadlines:` of a company's file: when each product must be live in the morning, in the company's time zone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Any

from recs_platform.companies.problems import Problem, not_one_of, shown, spelt_right
from recs_platform.declarations.strategy import AnyStrategy


def deadlines_of(given: Mapping[str, Any], strategy: AnyStrategy) -> tuple[dict[str, time], list[Problem]]:
    """The times, and what is wrong with those that are none, or of no product."""
    products, what = list(strategy.publishes), f"a product of {strategy}"
    problems = [Problem((str(name),), not_one_of(name, what, products)) for name in given if name not in products]
    deadlines: dict[str, time] = {}
    for name, text in spelt_right(given, products)[0].items():
        moment = _time(text)
        if moment is not None and name in products:
            deadlines[name] = moment
        elif moment is None:
            problems.append(
                Problem((str(name),), f'should be a time such as "09:00", in quotes, but is {shown(text)}.')
            )
    return deadlines, problems


def _time(given: object) -> time | None:
    if isinstance(given, time):
        return given
    # Without quotes YAML makes a number of 10:30.
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", given) if isinstance(given, str) else None
    return time(int(found[1]), int(found[2])) if found else None
