"""What a run's pod does: it prepares Dagster's folder, which is empty, and carries out the run whose id it is given.

The run itself (its job, partition and tags) is read from Dagster's database. Not here: starting pods (pods/).
"""

from __future__ import annotations

import sys

from recs_platform.errors import TransientError, UserError
from recs_platform.process import collect_garbage_rarely, write_privately

_MISTAKE, _FAILED = 2, 1


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print("Usage: python -m recs_platform.automation.run_pod RUN_ID", file=sys.stderr)  # noqa: T201
        return _MISTAKE
    collect_garbage_rarely()
    write_privately()
    try:
        return _carry_out(arguments[0])
    except (UserError, TransientError) as error:
        print(error, file=sys.stderr)  # noqa: T201  (the pod's log; there is nobody else to tell)
        return _MISTAKE if isinstance(error, UserError) else _FAILED


def _carry_out(run_id: str) -> int:
    from dagster import DagsterInstance
    from dagster._cli.api import _execute_run_command_body
    from dagster._utils.interrupts import capture_interrupts

    from recs_platform.automation.instance import prepared_home
    from recs_platform.errors import ConfigError

    prepared_home()
    with capture_interrupts(), DagsterInstance.get() as instance:
        if instance.get_run_by_id(run_id) is None:
            raise ConfigError(
                f"Dagster's database knows no run {run_id}: RECS_DAGSTER_DATABASE_URL of this pod names another "
                "database than that of the daemon"
            )
        return _execute_run_command_body(run_id, instance, lambda _: None, set_exit_code_on_failure=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
