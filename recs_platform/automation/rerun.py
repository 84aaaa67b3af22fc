"""Which failed runs Dagster's daemon starts again (`run_retries` in dagster.yaml): those that a rerun may cure.

Dagster starts a run again that ended without a failed step: it was killed, its machine stopped, it could not begin.
Of a run whose steps failed, it asks the run's tags. What is said here follows from the kinds of errors (errors.py): a
mistake or a defect is not cured by a rerun, whenever it happens. A run from a terminal is its caller's to repeat.

Not here: trying a step again (failures.py), and what schedules and sensors leave to such a rerun (requests.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from dagster._core.storage.tags import MAX_RETRIES_TAG, RETRY_ON_ASSET_OR_OP_FAILURE_TAG

from recs_platform.automation.failures import TransientFailure
from recs_platform.errors import TooNewError, TransientError

NEVER_AGAIN = {MAX_RETRIES_TAG: "0"}
"""The tag of a run that Dagster starts once."""


def say_if_curable(instance: dg.DagsterInstance, run_id: str, *, curable: bool) -> None:
    """Of a run whose steps failed, before it ends. It may have inherited the tag from the run before it."""
    instance.add_run_tags(run_id, {RETRY_ON_ASSET_OR_OP_FAILURE_TAG: str(curable).lower()})


@contextmanager
def curable_alone(context: dg.InitResourceContext) -> Iterator[None]:
    """Around what a run does before its first step: only what a rerun may cure lets it begin again."""
    try:
        yield
    except (TransientError, TransientFailure, TooNewError):
        # An old program that is started during an upgrade: the new one begins the run again.
        raise
    except Exception:
        if context.instance is not None and context.run is not None:
            context.instance.add_run_tags(context.run.run_id, NEVER_AGAIN)
        raise
