"""What a strategy that publishes recommendations is told of what became of them: how long that counts, and when what is
shown and ignored steps back. Not here: the rule (`sql/feedback/`, and the query of the strategy's own)."""

from __future__ import annotations

from pydantic import Field

from recs_platform.declarations.parameters import Parameters


class FeedbackParameters(Parameters):
    feedback_window_days: int = Field(
        84,
        ge=7,
        le=365,
        description="Days of answers and reactions that are counted, and from which things are ignored.",
    )
    ignored_after: int = Field(
        3,
        ge=1,
        le=52,
        description="Weeks in which something may be shown to a customer, and neither clicked nor bought, before it "
        "steps back (weeks).",
    )
    ignored_factor: float = Field(
        0.5,
        gt=0,
        le=1,
        description="What its score is multiplied by for each further such week; 1: nothing steps back.",
    )
    ignored_forgotten_weeks: int = Field(
        4, ge=1, le=52, description="Weeks without being shown after which it begins anew (weeks)."
    )
