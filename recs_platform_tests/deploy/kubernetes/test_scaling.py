"""By what the service is scaled: metrics that it tells, made into the autoscaler's by queries that Prometheus runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from recs_platform.serving.metrics import PrometheusMetrics
from recs_platform_tests.deploy.kubernetes.manifests import FOLDER, built, one
from recs_platform_tests.deploy.prometheus import promtool
from recs_platform_tests.serving.made_up import client, made_up

ADAPTER = yaml.safe_load((FOLDER / "prometheus-adapter.yaml").read_text())["rules"]["custom"]
SCALER = one(built("base"), "HorizontalPodAutoscaler", "recs-service")["spec"]
REQUESTS, SECONDS = "recs_service_requests_per_second", "recs_service_request_seconds_p95"


def test_the_service_is_scaled_by_requests_latency_and_cpu() -> None:
    assert SCALER["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "recs-service"}
    asked = [metric["pods"]["metric"]["name"] for metric in SCALER["metrics"] if metric["type"] == "Pods"]
    assert asked == [REQUESTS, SECONDS]
    assert [metric["resource"]["name"] for metric in SCALER["metrics"] if metric["type"] == "Resource"] == ["cpu"]
    assert SCALER["minReplicas"] < SCALER["maxReplicas"]


def test_the_adapter_makes_every_metric_that_the_scaler_asks_for() -> None:
    asked = {metric["pods"]["metric"]["name"] for metric in SCALER["metrics"] if metric["type"] == "Pods"}
    assert {rule["name"]["as"] for rule in ADAPTER} == asked


@pytest.mark.anyio
async def test_the_service_tells_every_series_and_label_that_the_adapter_reads() -> None:
    service, _ = made_up()
    service.metrics = PrometheusMetrics(lambda: service.companies.by_name, dict)
    async with client(service) as asking:
        await asking.get("/recommendations/metro/c1")
        await asking.get("/health/live")
        text = (await asking.get("/metrics")).text
    for rule in ADAPTER:
        series = rule["seriesQuery"].partition("{")[0]
        labels = re.search(rf"^{series}{{(.*)}} ", text, re.MULTILINE)
        assert labels, series
        there = set(re.findall(r"(\w+)=", labels[1])) | {"namespace", "pod"}
        grouped = re.findall(r"by \(<<\.GroupBy>>, ([\w, ]+)\)", rule["metricsQuery"])
        assert {label.strip() for group in grouped for label in group.split(",")} <= there
        assert "route" in there
        (left_out,) = set(re.findall(r'route!~"([^"]*)"', rule["metricsQuery"]))
        assert re.fullmatch(left_out, "/health/live") and re.fullmatch(left_out, "/metrics")
        assert not re.fullmatch(left_out, "/recommendations/{company}/{customer_id}")
        if not series.endswith("_bucket"):
            assert f'{series}{{company="",route="/health/live"' in text, "what a probe asks has its own name"


def test_the_queries_say_how_much_each_pod_has_to_do(tmp_path: Path) -> None:
    """Two keys show the same pod; what is of no company comes by both and counts once. Nobody asks the second pod."""
    (tmp_path / "rules.yml").write_text("groups: []\n")
    series = [
        *_told("busy", "acme-key", company="acme", requests=60),
        *_told("busy", "metro-key", company="metro", requests=120),
        *_told("busy", "acme-key", company="", requests=30),
        *_told("busy", "metro-key", company="", requests=30),
        *_told("busy", "acme-key", company="", requests=600, route="/health/live"),
        *_told("idle", "acme-key", company="acme", requests=0),
    ]
    expected = {REQUESTS: {"busy": 210 / 60, "idle": 0}, SECONDS: {"busy": 0.0975, "idle": 0}}
    tests = [
        {
            "expr": _query(rule),
            "eval_time": "10m",
            "exp_samples": [
                {"labels": f'{{namespace="recs",pod="{pod}"}}', "value": value}
                for pod, value in expected[rule["name"]["as"]].items()
            ],
        }
        for rule in ADAPTER
    ]
    described = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": tests}],
    }
    (tmp_path / "scaling.test.yml").write_text(yaml.safe_dump(described))
    promtool("test", "rules", "scaling.test.yml", folder=tmp_path)


def _told(pod: str, key: str, *, company: str, requests: int, route: str = "/recommendations") -> list[dict[str, str]]:
    """Of a pod that gets so many requests a minute, each answered in 50 to 100 ms."""
    labels = f'namespace="recs",pod="{pod}",job="{key}",company="{company}",route="{route}"'
    counted = f"0+{requests}x10"
    return [
        {"series": f'recs_service_requests_total{{{labels},status="200"}}', "values": counted},
        {"series": f'recs_service_request_seconds_bucket{{{labels},le="0.05"}}', "values": "0+0x10"},
        {"series": f'recs_service_request_seconds_bucket{{{labels},le="0.1"}}', "values": counted},
        {"series": f'recs_service_request_seconds_bucket{{{labels},le="+Inf"}}', "values": counted},
    ]


def _query(rule: dict[str, Any]) -> str:
    """As the adapter asks it for the pods of a namespace."""
    series = rule["seriesQuery"].partition("{")[0]
    filled = {
        "<<.Series>>": series,
        "<<.LabelMatchers>>": 'namespace="recs",pod=~"busy|idle"',
        "<<.GroupBy>>": "namespace, pod",
    }
    query: str = rule["metricsQuery"]
    for name, value in filled.items():
        query = query.replace(name, value)
    assert "<<" not in query
    return query
