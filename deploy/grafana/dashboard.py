"""The Grafana dashboard of the jobs, written once: `python deploy/grafana/dashboard.py` makes recs-platform.json of it.

Every query of the dashboard stands here; tests run each against a real Prometheus. Not here: the service's
(service_dashboard.py), and alerting (deploy/prometheus).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OUT = Path(__file__).with_name("recs-platform.json")
_PROMETHEUS = {"type": "prometheus", "uid": "${datasource}"}
_WHOSE = 'company=~"$company",strategy=~"$strategy"'
_COLUMNS = 24
_JOBS = "recs_last_run_succeeded"


@dataclass(frozen=True)
class Panel:
    """A picture of one or more queries."""

    title: str
    queries: dict[str, str]
    """Legend: expression."""
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 12
    height: int = 8
    says: str = ""


ROWS: dict[str, list[Panel]] = {
    "Now": [
        Panel(
            "Products out of date",
            {
                "products": f"count(recs_live_day_timestamp_seconds{{{_WHOSE}}} < "
                "recs_product_due_day_timestamp_seconds) or vector(0)"
            },
            kind="stat",
            width=4,
            height=4,
        ),
        Panel(
            "Runs that failed, 24 hours",
            {"runs": f'sum(recs_last_day_runs{{{_WHOSE},outcome="failed"}})'},
            kind="stat",
            width=4,
            height=4,
        ),
        Panel(
            "Checks that failed, last runs",
            {"checks": f'sum(recs_last_run_checks{{{_WHOSE},outcome="failed"}})'},
            kind="stat",
            width=4,
            height=4,
        ),
        Panel(
            "Open troubles", {"troubles": 'sum(recs_open_alerts{company=~"$company|"})'}, kind="stat", width=4, height=4
        ),
        Panel("Queued runs", {"runs": 'sum(recs_runs_under_way{state="queued"})'}, kind="stat", width=4, height=4),
        Panel(
            "What cannot be read",
            {"sources": "count(recs_source_up == 0) or vector(0)"},
            kind="stat",
            width=4,
            height=4,
        ),
    ],
    "Freshness": [
        Panel(
            "How old what customers see is",
            {"{{company}} {{product}}": f"time() - recs_live_day_timestamp_seconds{{{_WHOSE}}}"},
            unit="s",
            says="Since the end of the day that the live version is of.",
        ),
        Panel(
            "How far tables are behind what is due",
            {
                "{{company}}": f"clamp_min(recs_due_day_timestamp_seconds{{{_WHOSE}}} - "
                "recs_newest_day_timestamp_seconds, 0)"
            },
            unit="s",
        ),
        Panel(
            "Since the live version went live",
            {"{{company}} {{product}}": f"time() - recs_live_published_timestamp_seconds{{{_WHOSE}}}"},
            unit="s",
        ),
        Panel("Live version", {"{{company}} {{product}}": f"recs_live_version{{{_WHOSE}}}"}),
        Panel("Rows of the live version", {"{{company}} {{product}}": f"recs_live_rows{{{_WHOSE}}}"}),
        Panel("Customers of the live version", {"{{company}} {{product}}": f"recs_live_customers{{{_WHOSE}}}"}),
    ],
    "Runs": [
        Panel(
            "How long the last run took",
            {"{{company}} {{dagster_job}}": f"recs_last_run_duration_seconds{{{_WHOSE}}}"},
            unit="s",
        ),
        Panel(
            "Mean length of a run, 24 hours",
            {
                "{{company}} {{dagster_job}}": f"recs_last_day_run_seconds{{{_WHOSE}}} / on (company, strategy, "
                "dagster_job) (sum by (company, strategy, dagster_job) (recs_last_day_runs) > 0)"
            },
            unit="s",
        ),
        Panel(
            "Runs by outcome, 24 hours",
            {"{{company}} {{outcome}}": f"sum by (company, outcome) (recs_last_day_runs{{{_WHOSE}}})"},
        ),
        Panel(
            "Failed runs by what ended them, 24 hours",
            {"{{company}} {{kind}}": f"sum by (company, kind) (recs_last_day_failures{{{_WHOSE}}})"},
        ),
        Panel("Rows made, 24 hours", {"{{company}}": f"recs_last_day_rows{{{_WHOSE}}}"}),
        Panel("Rows of the last run", {"{{company}} {{dagster_job}}": f"recs_last_run_rows{{{_WHOSE}}}"}),
        Panel(
            "Whether the last run succeeded", {"{{company}} {{dagster_job}}": f"recs_last_run_succeeded{{{_WHOSE}}}"}
        ),
        Panel(
            "Since the last run ended",
            {"{{company}} {{dagster_job}}": f"time() - recs_last_run_ended_timestamp_seconds{{{_WHOSE}}}"},
            unit="s",
        ),
    ],
    "Queue and daemon": [
        Panel("Runs under way", {"{{state}}": "sum by (state) (recs_runs_under_way)"}),
        Panel(
            "How long the oldest queued run waits",
            {"oldest": "time() - recs_oldest_queued_run_timestamp_seconds"},
            unit="s",
        ),
        Panel(
            "Since the daemon's last sign of life",
            {"{{daemon}}": "time() - (recs_daemon_heartbeat_timestamp_seconds > 0)"},
            unit="s",
        ),
    ],
    "Checks": [
        Panel(
            "Checks by outcome, 24 hours",
            {"{{company}} {{outcome}}": f"sum by (company, outcome) (recs_last_day_checks{{{_WHOSE}}})"},
        ),
        Panel(
            "Checks of the last run that did not pass",
            {
                "{{company}} {{dagster_job}} {{outcome}}": f'recs_last_run_checks{{{_WHOSE},outcome!="passed"}}',
            },
        ),
    ],
    "Lake": [
        Panel("Bytes", {"{{company}}": f"recs_lake_bytes{{{_WHOSE}}}"}, unit="bytes"),
        Panel("Growth in a day", {"{{company}}": f"delta(recs_lake_bytes{{{_WHOSE}}}[1d])"}, unit="bytes"),
    ],
    "Models": [
        Panel("Figures by drift verdict", {"{{company}} {{verdict}}": f"recs_drift_figures{{{_WHOSE}}}"}),
        Panel(
            "Age of the active model",
            {"{{company}} {{model}}": f"time() - recs_model_trained_timestamp_seconds{{{_WHOSE}}}"},
            unit="s",
        ),
        Panel("Active version", {"{{company}} {{model}}": f"recs_model_version{{{_WHOSE}}}"}),
    ],
    "Alerts": [
        Panel("Open troubles", {"{{severity}}": 'sum by (severity) (recs_open_alerts{company=~"$company|"})'}),
        Panel("Messages that are not sent", {"{{state}}": "recs_unsent_alert_messages"}),
        Panel(
            "Oldest message that cannot be sent",
            {"oldest": "time() - recs_oldest_failing_alert_message_timestamp_seconds"},
            unit="s",
        ),
    ],
    "The endpoint": [
        Panel("What can be read", {"{{source}}": "recs_source_up"}),
        Panel("How long reading takes", {"{{source}}": "recs_source_read_duration_seconds"}, unit="s"),
        Panel("Readings that failed, per hour", {"{{source}}": "increase(recs_source_failures_total[1h])"}),
        Panel("Company files", {"{{state}}": "recs_companies"}),
        Panel("Version", {"{{version}}": "recs_build_info"}, kind="stat", height=4),
        Panel("Whether it answers", {"{{instance}}": 'up{job="recs"}'}, kind="stat", height=4),
    ],
}


def dashboard() -> dict[str, Any]:
    variables = [variable("strategy", _JOBS, ""), variable("company", _JOBS, 'strategy=~"$strategy"')]
    about = "What runs and what failed, how old what customers see is, and what is wrong."
    return made_of(ROWS, variables, title="recs_platform: jobs", uid="recs-platform-jobs", description=about)


def made_of(rows: dict[str, list[Panel]], variables: list[dict[str, Any]], **about: str) -> dict[str, Any]:
    """A dashboard of rows of panels."""
    panels: list[dict[str, Any]] = []
    top = 0
    for title, row in rows.items():
        panels.append(
            {"id": len(panels) + 1, "type": "row", "title": title, "collapsed": False, "panels": [],
             "gridPos": {"x": 0, "y": top, "w": _COLUMNS, "h": 1}}
        )  # fmt: skip
        top, left, tallest = top + 1, 0, 0
        for panel in row:
            if left + panel.width > _COLUMNS:
                top, left, tallest = top + tallest, 0, 0
            panels.append(_panel(panel, len(panels) + 1, left, top))
            left, tallest = left + panel.width, max(tallest, panel.height)
        top += tallest
    return {
        **about,
        "tags": ["recs"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "templating": {"list": [_datasource(), *variables]},
        "panels": panels,
    }


def _panel(panel: Panel, number: int, left: int, top: int) -> dict[str, Any]:
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.says,
        "datasource": _PROMETHEUS,
        "gridPos": {"x": left, "y": top, "w": panel.width, "h": panel.height},
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + place), "expr": expression, "legendFormat": legend, "datasource": _PROMETHEUS}
            for place, (legend, expression) in enumerate(panel.queries.items())
        ],
    }


def _datasource() -> dict[str, Any]:
    return {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


def variable(label: str, metric: str, among: str) -> dict[str, Any]:
    """What can be chosen of a label: the values that a metric has."""
    return {
        "name": label,
        "type": "query",
        "datasource": _PROMETHEUS,
        "query": f"label_values({metric}{{{among}}}, {label})" if among else f"label_values({metric}, {label})",
        "includeAll": True,
        "allValue": ".*",
        "multi": True,
        "refresh": 2,
        "sort": 1,
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
    }  # fmt: skip


def as_text(made: dict[str, Any]) -> str:
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def text() -> str:
    return as_text(dashboard())


if __name__ == "__main__":
    OUT.write_text(text())
