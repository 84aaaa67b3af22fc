"""Where the time of a run went, on the page of the run: a tag, one line. Not here: measuring it (clock.py)."""

from __future__ import annotations

from collections.abc import Callable

import dagster as dg
from sqlalchemy.exc import SQLAlchemyError

from recs_platform.masking import mask_text
from recs_platform.timings import RunTimings

TIMINGS_TAG = "recs/timings"
_MEGABYTE = 1_000_000


def say_where_time_went(
    instance: dg.DagsterInstance, run_id: str, timings: RunTimings, warn: Callable[[str], None]
) -> None:
    try:
        instance.add_run_tags(run_id, {TIMINGS_TAG: timings_in_words(timings)})
    except SQLAlchemyError as error:
        # The run has done its work, and a line less is no reason to fail it.
        warn(f"Where the time went could not be noted: {mask_text(str(error))}")


def timings_in_words(timings: RunTimings) -> str:
    """
    >>> from recs_platform.timings import Inputs, Reread, TableTimings, Took
    >>> orders = TableTimings({"write": Took(3.0, 4.0), "audit": Took(1.0, 1.0)}, Inputs(1_000, 6_000_000))
    >>> again = {"visits": Reread(2_000_000, 2, 2_000_000, ())}
    >>> timings_in_words(RunTimings(Took(5.5, 6.0), {"orders": orders}, again))
    '5.5 s (6.0 s CPU): write 3.0, audit 1.0, Dagster 1.5; inputs 6.0 MB, 2.0 MB of them again'
    """
    parts = {**{str(phase): took.seconds for phase, took in timings.phases.items()}, "Dagster": timings.dagster.seconds}
    spent = ", ".join(f"{name} {seconds:.1f}" for name, seconds in parts.items() if seconds)
    again = sum(one.again for one in timings.reread.values())
    twice = f", {again / _MEGABYTE:.1f} MB of them again" if again else ""
    billed = f", {timings.inputs.billed / _MEGABYTE:.1f} MB read by BigQuery" if timings.inputs.billed else ""
    whole = f"{timings.whole.seconds:.1f} s ({timings.whole.cpu:.1f} s CPU)"
    return f"{whole}: {spent}; inputs {timings.inputs.size / _MEGABYTE:.1f} MB{twice}{billed}"
