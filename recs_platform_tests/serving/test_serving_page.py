"""docs/serving.md is true: its requests are made, its table of problems and its limits are the service's."""

from __future__ import annotations

import re
import subprocess

import orjson
import pytest

from recs_platform.serving.limits import Limits
from recs_platform.serving.problems import KINDS
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.docs.console import ROOT
from recs_platform_tests.serving.running import serve
from recs_platform_tests.serving.test_serve_command import publish, wait_until

PAGE = (ROOT / "docs" / "serving.md").read_text()
_ROUTES = re.compile(r"^curl .*/(?:recommendations|weekly-recommendations|health)\b.*$", re.MULTILINE)


def test_every_kind_of_problem_is_told() -> None:
    told = re.findall(r'^\| <a id="([\w-]+)"></a>`([\w-]+)` \| (\d+) \| (.+) \| (.+) \|$', PAGE, re.MULTILINE)
    assert told == [(kind.name, kind.name, str(kind.status), kind.title, kind.remedy) for kind in KINDS]


def test_limits_are_those_of_the_service() -> None:
    limits = Limits()
    for row in (
        f"| a body | {limits.body_bytes // 2**20} MiB |",
        f"| the address and the headers together | {limits.header_bytes // 2**10} KiB |",
        f"| a customer's id | {limits.id_characters:,} characters |",
        f"| headers, and then a body, on their way | {limits.header_seconds:.0f} seconds each |",
        f"| an answer | {limits.answer_seconds:.0f} seconds |",
        f"| requests worked on at once | {limits.at_once} |",
        f"| connections | {limits.connections:,} |",
        f"| {limits.header_seconds:.0f} seconds at its beginning, {limits.keep_alive_seconds:.0f} later |",
        f"not answered after {limits.end_seconds:.0f} seconds",
    ):
        assert row.strip("| ") in " ".join(PAGE.split()), row
    assert limits.header_seconds == limits.body_seconds


@pytest.mark.slow
def test_the_requests_of_the_page_are_answered(terminal: Terminal) -> None:
    for company in ("acme", "concord"):
        publish(terminal, company, 1, "C0000001", "north/house")
    key = terminal.recs("keys", "new", "acme", "--json").json["key"]
    requests = _ROUTES.findall(PAGE)
    assert len(requests) >= 9
    with serve(terminal) as running:
        for request in requests:
            line = request.replace("localhost:8000", f"localhost:{running.port}")
            if "company=concord" in line:
                line += f" -u concord:{terminal.recs('keys', 'new', 'concord', '--json').json['key']}"
            elif "KEY" not in line and "/health" not in line:
                line += " -u acme:$KEY"

            def told(line: str = line) -> dict[str, object]:
                ended = subprocess.run(["bash", "-c", line], capture_output=True, env={"KEY": key}, check=True)
                answer: dict[str, object] = orjson.loads(ended.stdout)
                return answer

            wait_until(lambda told=told: told().get("live") or told().get("ready") or "items" in told(), running)
