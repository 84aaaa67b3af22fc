"""Where a run's code is to be found, as the UI names it: the code location of workspace.yaml, its repository, a job.

Dagster's pages ask for the runs of a repository. A run without an origin is of none, and is left out of the overview,
the timeline and its job's pages. Not here: starting runs (launch.py).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache

from dagster._core.code_pointer import CodePointer
from dagster._core.definitions.repository_definition import SINGLETON_REPOSITORY_NAME
from dagster._core.origin import DEFAULT_DAGSTER_ENTRY_POINT, JobPythonOrigin, RepositoryPythonOrigin
from dagster._core.remote_origin import CodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from dagster._core.workspace.load import location_origins_from_yaml_paths

from recs_platform.automation.instance import shipped_file

DEFINITIONS, _FUNCTION = "recs_platform.definitions", "defs"


@dataclass(frozen=True)
class JobOrigin:
    """What Dagster wants to know of a run: how the UI finds its job, and how another process would load it."""

    remote: RemoteJobOrigin
    code: JobPythonOrigin


def job_origin(job: str) -> JobOrigin:
    """The origin that the UI and the daemon give to a run of this job."""
    code = RepositoryPythonOrigin(
        sys.executable,
        CodePointer.from_module(DEFINITIONS, _FUNCTION, working_directory=None),
        entry_point=DEFAULT_DAGSTER_ENTRY_POINT,
    )
    return JobOrigin(
        RemoteJobOrigin(RemoteRepositoryOrigin(_code_location(), SINGLETON_REPOSITORY_NAME), job),
        code.get_job_origin(job),
    )


@cache
def _code_location() -> CodeLocationOrigin:
    (location,) = location_origins_from_yaml_paths([str(shipped_file("workspace.yaml"))])
    return location
