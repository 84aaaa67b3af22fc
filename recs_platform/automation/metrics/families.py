"""Every metric there is: its name, what it means, and its labels. docs/metrics.md is the same list for people.

All of them are gauges. They are worked out from books (job log, inventory, ledger, Dagster's storage) whenever somebody
asks, and housekeeping takes old entries out of books: a counter that is made of them would go down, which Prometheus
would read as a restart. What a counter is asked for is therefore said of the last 24 hours. The one counter is of the
endpoint itself, and like every counter of a process it begins at 0 when the process does.

Labels are bounded by what is configured: companies, strategies, products, models, Dagster's own jobs and
daemons. Never a run, a day, a message or anything that comes from data; and no table, of which hundreds of companies
have tens of thousands.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

RUN = ("company", "strategy", "dagster_job")
"""`job` is a label that Prometheus itself gives to what it scrapes."""
OF_COMPANY = ("company", "strategy")


@dataclass(frozen=True)
class Family:
    name: str
    meaning: str
    labels: tuple[str, ...] = ()
    counter: bool = False

    def sample(self, value: float, *labels: str) -> Sample:
        if len(labels) != len(self.labels):
            raise ValueError(f"{self.name} has the labels {', '.join(self.labels)}")
        return Sample(self, labels, float(value))


class Sample(NamedTuple):
    family: Family
    labels: tuple[str, ...]
    value: float


BUILD = Family("recs_build_info", "Always 1; the version of the platform.", ("version",))
SOURCE_UP = Family(
    "recs_source_up",
    "Whether what metrics are read from answered (1) or not (0); without it they are not there.",
    ("source",),
)
SOURCE_SECONDS = Family("recs_source_read_duration_seconds", "How long the last reading took.", ("source",))
SOURCE_FAILURES = Family(
    "recs_source_failures_total", "Readings that failed since the endpoint was started.", ("source",), counter=True
)

COMPANIES = Family("recs_companies", "Company files by state: sound or broken.", ("state",))

NEWEST_DAY = Family(
    "recs_newest_day_timestamp_seconds",
    "End of the newest day of which everything that is due was made; of a company that has tables.",
    OF_COMPANY,
)
DUE_DAY = Family(
    "recs_due_day_timestamp_seconds",
    "End of the newest day that should be there: six hours after the company's schedule runs. Of a company that has "
    "tables and goes on.",
    OF_COMPANY,
)
DEADLINE_DAY = Family(
    "recs_product_due_day_timestamp_seconds",
    "End of the newest day of a product whose deadline is over; not there when that day has no rows.",
    ("company", "strategy", "product"),
)
LIVE_DAY = Family(
    "recs_live_day_timestamp_seconds",
    "End of the day of which the live version of a product is.",
    ("company", "strategy", "product"),
)
LIVE_SINCE = Family(
    "recs_live_published_timestamp_seconds", "When the live version went live.", ("company", "strategy", "product")
)
LIVE_VERSION = Family("recs_live_version", "The number of the live version.", ("company", "strategy", "product"))
LIVE_ROWS = Family("recs_live_rows", "Rows of the live version.", ("company", "strategy", "product"))
LIVE_CUSTOMERS = Family(
    "recs_live_customers",
    "Customers for whom the live version is; of a product that is for customers one by one.",
    ("company", "strategy", "product"),
)

LAST_RUN_ENDED = Family("recs_last_run_ended_timestamp_seconds", "When the last run of a job ended.", RUN)
LAST_RUN_SECONDS = Family(
    "recs_last_run_duration_seconds", "How long the last run of a job took; not of one that was killed.", RUN
)
LAST_RUN_SUCCEEDED = Family(
    "recs_last_run_succeeded", "Whether the last run of a job succeeded (1) or failed (0).", RUN
)
LAST_RUN_ROWS = Family("recs_last_run_rows", "Rows that the last run of a job made.", RUN)
LAST_RUN_CHECKS = Family(
    "recs_last_run_checks",
    "Checks of the last run of a job by outcome: passed, warned (it failed, of severity warn) or failed (of severity "
    "error).",
    (*RUN, "outcome"),
)
DAY_RUNS = Family(
    "recs_last_day_runs", "Runs that ended in the last 24 hours by outcome: succeeded or failed.", (*RUN, "outcome")
)
DAY_RUN_SECONDS = Family("recs_last_day_run_seconds", "How long these runs took together.", RUN)
DAY_ROWS = Family("recs_last_day_rows", "Rows that these runs made.", OF_COMPANY)
DAY_CHECKS = Family("recs_last_day_checks", "Checks of these runs by outcome, as above.", (*OF_COMPANY, "outcome"))
DAY_FAILURES = Family(
    "recs_last_day_failures",
    "Those of these runs that failed, by what ended them: mistake, transient, defect, check, refused (a publication "
    "waits for approval), interrupted, killed, or unknown.",
    (*OF_COMPANY, "kind"),
)

UNDER_WAY = Family("recs_runs_under_way", "Runs by state: queued, starting or running.", ("company", "state"))
OLDEST_QUEUED = Family(
    "recs_oldest_queued_run_timestamp_seconds", "Since when the run waits that waits longest; not there when none does."
)
HEARTBEAT = Family(
    "recs_daemon_heartbeat_timestamp_seconds", "Last sign of life of each of Dagster's daemons; 0 of none.", ("daemon",)
)

LAKE_BYTES = Family("recs_lake_bytes", "Bytes of a company's tables, with what can still be restored.", OF_COMPANY)

DRIFT = Family(
    "recs_drift_figures",
    "Figures of the newest drift report by verdict: ok, watch or drifted.",
    (*OF_COMPANY, "verdict"),
)
MODEL_TRAINED = Family(
    "recs_model_trained_timestamp_seconds", "When the active model was trained.", (*OF_COMPANY, "model")
)
MODEL_VERSION = Family("recs_model_version", "The number of the active version.", (*OF_COMPANY, "model"))

OPEN_ALERTS = Family("recs_open_alerts", "Troubles that are open, by severity: warn or error.", ("company", "severity"))
UNSENT = Family(
    "recs_unsent_alert_messages",
    "Messages that are not sent, by state: waiting (not tried yet) or failing (tried in vain).",
    ("state",),
)
OLDEST_UNSENT = Family(
    "recs_oldest_failing_alert_message_timestamp_seconds",
    "When the oldest message was made that was tried in vain; not there when none was.",
)

FAMILIES: tuple[Family, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Family))


def families_markdown() -> str:
    """The table of docs/metrics.md."""
    lines = ["| Metric | Labels | Meaning |", "|---|---|---|"]
    for family in FAMILIES:
        labels = ", ".join(f"`{label}`" for label in family.labels)
        lines.append(f"| `{family.name}` | {labels} | {family.meaning} |")
    return "\n".join(lines)
