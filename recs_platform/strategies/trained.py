"""The strategies that train a model: which one, and when. Not here: how (their own packages)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from recs_platform.companies.model import Company
from recs_platform.models.retraining import Policy
from recs_platform.models.task import RankingTask
from recs_platform.strategies.offer_ranking.features import TASK
from recs_platform.strategies.offer_ranking.policy import policy_of


@dataclass(frozen=True)
class Trained:
    task: RankingTask
    policy: Callable[[Company], Policy]


TRAINED: Mapping[str, Trained] = {"offer_ranking": Trained(TASK, policy_of)}
"""By strategy."""
