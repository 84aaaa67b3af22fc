"""Which failing checks of offer ranking stop what is downstream, and which only warn."""

from __future__ import annotations

from recs_platform.strategies.catalogue import pipelines
from recs_platform.warehouse.check import Severity

BLOCKING = {
    # Features that know the future, or labels that came too early: a model would learn what it can never be told.
    "features_know_the_future",
    "kinds_know_the_future",
    "labels_not_final",
    "rates_know_the_future",
    "redemptions_know_the_future",
    # Feeds whose ids do not meet.
    "impressions_of_unknown_customers",
    "impressions_of_unknown_offers",
    "offers_on_unknown_items",
    "redemptions_of_unknown_customers",
    "redemptions_of_unknown_offers",
    # Scores and explanations that are not those of the day's candidates.
    "candidates_without_score",
    "chances_out_of_bounds",
    "contributions_do_not_add_up",
    # Lists that nobody may be shown.
    "chances_out_of_order",
    "customers_with_candidates_not_reached",
    "item_offered_twice",
    "offer_below_margin_floor",
    "offer_not_running",
    "ranks_broken",
    "too_many_of_a_category",
}
WARNING = {
    # A training that brought nothing, or impressions that got lost: whatever serves goes on.
    "impressions_without_features",
    "training_refused",
    "features_drifted",
    # Scores that say little.
    "scored_without_model",
    "scores_say_nothing",
    # Few candidates, customers or offers: the world may be so.
    "candidate_pool_thin",
    "customers_without_candidates",
    "no_active_offers",
    "offers_not_shown",
    "own_brand_share_not_met",
    "recommendations_dropped",
}


def test_exactly_these_checks_block() -> None:
    """Both ways: what may not be shown goes nowhere, and what may be the world's doing stops nobody's day."""
    checks = pipelines()["offer_ranking"].checks.values()
    areas = ("sql/validation/offer_ranking/", "sql/validation/training/")
    own = [check for check, _ in checks if check.query.path.startswith(areas)]
    found = {level: {check.query.name for check in own if check.severity is level} for level in Severity}
    assert found == {Severity.ERROR: BLOCKING, Severity.WARN: WARNING}
