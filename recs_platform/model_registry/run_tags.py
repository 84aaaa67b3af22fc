"""The tags of a run that is started in order to train: they carry the reasons, from the sensor to the training plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recs_platform.errors import ConfigError
from recs_platform.model_registry import training_log
from recs_platform.models.retraining import Reason

REASONS_TAG = "recs/training_reasons"


def reasons_of(tags: Mapping[str, str]) -> tuple[Reason, ...]:
    """The reasons that a run's tags carry."""
    value = tags.get(REASONS_TAG)
    if value is None:
        return ()
    try:
        return training_log.from_json(value)
    except ValueError:
        raise ConfigError(
            f"the run's tag {REASONS_TAG} is not a list of reasons with kind, words and evidence_id; leave it out to "
            "train by the calendar alone."
        ) from None


def tags_of(reasons: Sequence[Reason]) -> dict[str, str]:
    """The tags of a run that is started for these reasons."""
    return {REASONS_TAG: training_log.to_json(reasons)}
