"""What a company's feeds can tell of messages. What rests on a feed that it does not provide is left out of the report.

A step nobody reports on is not a step that nobody took: without a feed of opens there is no open rate, and not one of
0%. Not here: the sections, which ask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from recs_platform.companies.model import Company
from recs_platform.reporting.figures import percent

_FEEDS = {
    "delivered": "deliveries",
    **dict.fromkeys(("opened", "clicked", "opens", "clicks", "clicks_per_open"), "interactions"),
}
"""The steps and metrics that rest on a feed which not every company has, and that feed."""
REQUIRED_STEPS = ("delivered", "opened", "clicked")
_SECTIONS = {
    "deliveries": ("failures",),
    "interactions": ("paths", "hours", "opened", "machines", "next"),
    "customers": ("mailed",),
}
"""Sections that say nothing without a feed."""
_LOST = {
    "deliveries": "what arrived and what failed (deliveries)",
    "interactions": "opens and clicks, and what to send next, which is learned from them (interactions)",
    "customers": "customers who were sent nothing (customers)",
}


def has(company: Company, what: str) -> bool:
    """Whether a step or a metric can be known."""
    return what not in _FEEDS or company.provides(_FEEDS[what])


def engagement_in_words(company: Company, row: Mapping[str, Any]) -> str:
    """The shares of messages that were opened and clicked, ahead of what else a sentence says of them; nothing where
    that is not known."""
    known = [f"{percent(row[step] / row['sends'])} {step}" for step in ("opened", "clicked") if has(company, step)]
    return f"{', '.join(known)}; " if known else ""


def steps_of(company: Company) -> Sequence[str]:
    """The steps of the funnel that can be known."""
    return [step for step in ("sent", *REQUIRED_STEPS, "ordered") if has(company, step)]


def is_shown(company: Company, anchor: str) -> bool:
    """Whether a section has anything to say."""
    return all(company.provides(feed) for feed, anchors in _SECTIONS.items() if anchor in anchors)


def left_out(company: Company) -> str | None:
    """What the report does not say, in a sentence; nothing where it says all."""
    lost = [words for feed, words in _LOST.items() if not company.provides(feed)]
    if not lost:
        return None
    return f"Left out, because {company.name} provides no feed of it: {'; '.join(lost)}."
