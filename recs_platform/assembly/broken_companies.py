"""Companies whose files are wrong, in Dagster: nothing runs for them, and nothing of theirs vanishes.

Their partitions stay, and a run of one ends with what is wrong with the file. Their schedules stay as well, on or off
as they were, because Dagster knows a schedule by its name. Each tick fails with what is wrong and starts nothing.

Not here: which companies these are (companies/known_companies.py).
"""

from collections.abc import Sequence

import dagster as dg

from recs_platform.automation.failures import guarded_tick
from recs_platform.automation.jobs import Job
from recs_platform.automation.scheduled import DAILY_RUN_AT, schedule_name
from recs_platform.companies.known_companies import BrokenCompany
from recs_platform.errors import ConfigError

BROKEN_JOB = "companies_with_broken_files"


def broken_schedules(broken: Sequence[BrokenCompany]) -> list[dg.ScheduleDefinition]:
    """In the place of each company's own schedule."""
    job = _job(broken)
    return [_schedule(company, job) for company in broken if company.may_have_run]


def warn_of_broken(broken: Sequence[BrokenCompany]) -> None:
    """In the log of whatever loads the definitions."""
    for company in broken:
        dg.get_dagster_logger("recs").warning(
            f"{company.name} is not loaded, and nothing runs for it, until its file is put right: {company.problems}"
        )


def _schedule(company: BrokenCompany, job: Job) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=schedule_name(company.name),
        job=job,
        cron_schedule=DAILY_RUN_AT,
        # Whether what the file says of its own time zone is right is not known.
        execution_timezone="UTC",
        description=f"{company.name} is not loaded, and this starts nothing, until its file is put right: "
        f"{company.problems}",
    )
    @guarded_tick
    def daily() -> dg.RunRequest:
        raise ConfigError(company.problems)

    return daily


def _job(broken: Sequence[BrokenCompany]) -> Job:
    """What the schedules stand for, as a schedule must have a job. It fails if somebody starts it."""
    problems = "\n".join(company.problems for company in broken)

    @dg.op(name="broken_files")
    def broken_files() -> None:
        raise dg.Failure(problems, allow_retries=False)

    @dg.job(name=BROKEN_JOB, description=f"Starts nothing. These company files are to be put right: {problems}")
    def companies_with_broken_files() -> None:
        broken_files()

    return companies_with_broken_files
