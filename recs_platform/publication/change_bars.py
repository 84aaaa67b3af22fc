"""The bars of a comparison's picture, which the products share: a change beside its share."""

from __future__ import annotations

from recs_platform.reporting.charts import Bar
from recs_platform.reporting.figures import percent

CHANGES = "What would change for customers"
"""The title of a picture of what customers would notice."""


def change_bar(label: str, share: float | None, *, sign: bool = False) -> Bar:
    """`sign` shows which way it moved; what cannot be compared is a bar of length 0."""
    return Bar(label, share or 0.0, percent(share or 0.0, sign=sign))
