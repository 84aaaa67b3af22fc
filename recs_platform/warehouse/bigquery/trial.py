"""Whether BigQuery lets us do what the platform does: tried out, since rights alone do not say it."""

from __future__ import annotations

from google.cloud import bigquery

from recs_platform.errors import PlatformError
from recs_platform.warehouse.bigquery.bill import Bill
from recs_platform.warehouse.bigquery.client import open_client
from recs_platform.warehouse.bigquery.jobs import Jobs, new_name
from recs_platform.warehouse.bigquery.refusals import explained
from recs_platform.warehouse.bigquery.tables import OURS
from recs_platform.warehouse.bigquery.text import quoted


def problem(project: str, location: str, prefix: str) -> str | None:
    """In words; None where a table can be made, written, read and taken away."""
    try:
        with explained(f"BigQuery in {project}"):
            _try_out(Jobs(open_client(project, location)), f"{prefix}{new_name('doctor')}")
    except PlatformError as error:
        return str(error)
    return None


def _try_out(jobs: Jobs, dataset: str) -> None:
    labels, bill = {OURS: "doctor"}, Bill()
    jobs.create_dataset(dataset, labels)
    try:
        path = f"{jobs.client.project}.{dataset}.tried"
        jobs.create(bigquery.Table(path, schema=[bigquery.SchemaField("number", "INT64")]))
        jobs.change(f"INSERT INTO {quoted(path)} (number) VALUES (1)", labels=labels, bill=bill)
        list(jobs.ask(f"SELECT number FROM {quoted(path)}", labels=labels, bill=bill))
    finally:
        jobs.drop_dataset(dataset)
