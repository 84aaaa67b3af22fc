"""What a company's schedule asks for in a morning, as the daemon evaluates it."""

from __future__ import annotations

from datetime import datetime

import dagster as dg

from recs_platform.warehouse.environment import open_warehouse


def asked_for(
    definitions: dg.Definitions, company: str, moment: datetime, instance: dg.DagsterInstance | None = None
) -> list[dg.RunRequest] | str:
    """The requests of a tick, or why there are none. It looks at the lake of the environment."""
    if instance is None:
        with dg.instance_for_test() as instance:
            return asked_for(definitions, company, moment, instance)
    with dg.build_schedule_context(
        instance,
        scheduled_execution_time=moment,
        repository_def=definitions.get_repository_def(),
        resources={"warehouse": open_warehouse()},
    ) as context:
        decided = definitions.resolve_schedule_def(f"{company}_daily").evaluate_tick(context)
    return list(decided.run_requests or ()) or decided.skip_message or ""
