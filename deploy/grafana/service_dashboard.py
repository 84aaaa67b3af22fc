"""The Grafana dashboard of the service: `python deploy/grafana/service_dashboard.py` makes recs-service.json of it.

Not here: how a dashboard is laid out (dashboard.py), and alerting (deploy/prometheus).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dashboard import Panel, as_text, made_of, variable

OUT = Path(__file__).with_name("recs-service.json")
_WHOSE = 'company=~"$company"'
_REQUESTS = f"rate(recs_service_requests_total{{{_WHOSE}}}[5m])"
_ERRORS = f'rate(recs_service_requests_total{{{_WHOSE},status=~"5.."}}[5m])'
_BUCKETS = f"rate(recs_service_request_seconds_bucket{{{_WHOSE}}}[5m])"


def _latency(quantile: str) -> str:
    return f"histogram_quantile({quantile}, sum by (le, route) ({_BUCKETS}))"


ROWS: dict[str, list[Panel]] = {
    "Now": [
        Panel("Servers that answer", {"servers": 'sum(up{job="recs-service"})'}, kind="stat", width=4, height=4),
        Panel("Servers that are ready", {"servers": "sum(recs_service_ready)"}, kind="stat", width=4, height=4),
        Panel("Requests a second", {"requests": f"sum({_REQUESTS})"}, unit="reqps", kind="stat", width=4, height=4),
        Panel(
            "Share of requests that failed",
            {"errors": f"(sum({_ERRORS}) or vector(0)) / sum({_REQUESTS})"},
            unit="percentunit",
            kind="stat",
            width=4,
            height=4,
        ),
        Panel(
            "Models that were refused",
            {"models": f"sum(recs_service_model_refused{{{_WHOSE}}})"},
            kind="stat",
            width=4,
            height=4,
        ),
        Panel(
            "Publications that are served in an older version",
            {
                "products": f"count(recs_service_publication_version{{{_WHOSE}}} < on (company, product) group_left () "
                "recs_live_version) or vector(0)"
            },
            kind="stat",
            width=4,
            height=4,
        ),
    ],
    "Requests": [
        Panel("By route", {"{{route}}": f"sum by (route) ({_REQUESTS})"}, unit="reqps"),
        Panel("By status", {"{{status}}": f"sum by (status) ({_REQUESTS})"}, unit="reqps"),
        Panel("Latency: half of the requests", {"{{route}}": _latency("0.5")}, unit="s"),
        Panel(
            "Latency: 99 of 100 requests",
            {"{{route}}": _latency("0.99")},
            unit="s",
            says="At the server, from the request's arrival to its answer.",
        ),
        Panel("By company", {"{{company}}": f"sum by (company) ({_REQUESTS})"}, unit="reqps"),
    ],
    "Answers": [
        Panel(
            "By source",
            {"{{source}}": f"sum by (source) (rate(recs_service_answers_total{{{_WHOSE}}}[5m]))"},
            unit="reqps",
            says="Redis, or the platform database.",
        ),
        Panel(
            "By version",
            {
                "{{company}} {{product}} {{version}}": "sum by (company, product, version) "
                f"(rate(recs_service_answers_total{{{_WHOSE}}}[5m]))"
            },
            unit="reqps",
        ),
        Panel(
            "Mean time of an answer by source",
            {
                "{{source}}": f"sum by (source) (rate(recs_service_answer_seconds_total{{{_WHOSE}}}[5m])) / "
                f"sum by (source) (rate(recs_service_answers_total{{{_WHOSE}}}[5m]))"
            },
            unit="s",
        ),
        Panel(
            "Lists that were read", {"{{source}}": "sum by (source) (rate(recs_service_reads_total[5m]))"}, unit="reqps"
        ),
        Panel(
            "Answers that the database gave for Redis",
            {"{{reason}}": "sum by (reason) (rate(recs_service_fallbacks_total[5m]))"},
            unit="reqps",
        ),
        Panel(
            "Times that Redis was filled again, per hour",
            {"{{outcome}}": "sum by (outcome) (increase(recs_service_refills_total[1h]))"},
        ),
        Panel(
            "How old what is served is",
            {"{{company}} {{product}}": f"max by (company, product) (recs_service_staleness_seconds{{{_WHOSE}}})"},
            unit="s",
        ),
        Panel(
            "Publication that is served",
            {"{{company}} {{product}} {{instance}}": f"recs_service_publication_version{{{_WHOSE}}}"},
        ),
    ],
    "Models": [
        Panel(
            "Version that is served", {"{{company}} {{model}} {{instance}}": f"recs_service_model_version{{{_WHOSE}}}"}
        ),
        Panel("Refused", {"{{company}} {{model}} {{instance}}": f"recs_service_model_refused{{{_WHOSE}}}"}),
        Panel(
            "Since the registry was last read",
            {"{{company}} {{model}} {{instance}}": f"recs_service_registry_age_seconds{{{_WHOSE}}}"},
            unit="s",
        ),
        Panel("Version of the platform", {"{{version}} {{instance}}": "recs_service_build_info"}, kind="stat"),
        Panel(
            "Digest that is served",
            {"{{company}} {{model}} {{digest}}": f"recs_service_model_info{{{_WHOSE}}}"},
            kind="stat",
            width=24,
        ),
    ],
}


def dashboard() -> dict[str, Any]:
    variables = [variable("company", "recs_service_requests_total", "")]
    about = "What the prediction service answers, how fast, from where, and what it serves."
    return made_of(ROWS, variables, title="recs_platform: service", uid="recs-platform-service", description=about)


def text() -> str:
    return as_text(dashboard())


if __name__ == "__main__":
    OUT.write_text(text())
