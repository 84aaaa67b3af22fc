"""schemathesis asks whatever the OpenAPI description allows, and much that it does not: no answer is a defect, and each
has a form that the description says."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.serving.running import serve
from recs_platform_tests.serving.test_serve_command import publish
from recs_platform_tests.stores.keeper import BIN

_EXAMPLES = os.environ.get("SCHEMATHESIS_EXAMPLES", "15")


@pytest.mark.slow
@pytest.mark.parametrize("company", ["acme", "concord", None])
def test_what_is_described_is_what_is_answered(terminal: Terminal, company: str | None, tmp_path: Path) -> None:
    publish(terminal, "acme", 1, "c1")
    publish(terminal, "concord", 1, "c1")
    key = terminal.recs("keys", "new", company, "--json").json["key"] if company else ""
    shown = ["-H", f"Authorization: Bearer {key}"] if key else []
    with serve(terminal) as running:
        command = [BIN / "schemathesis", "run", f"{running.url}/openapi.json", *shown, "--no-color"]
        options = ["--max-examples", _EXAMPLES, "--generation-deterministic", "--checks", "all"]
        # Days and times that are too old or too far ahead are refused, of which a description says nothing. And without
        # any key the service is open to this machine, whatever it says of keys.
        left_out = ["positive_data_acceptance", *([] if key else ["ignored_auth"])]
        ended = subprocess.run(
            [*command, *options, "--exclude-checks", ",".join(left_out)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout[-6_000:] + ended.stderr[-2_000:]
        assert " passed" in ended.stdout
        assert running.end() == 0
    assert not any('"a defect"' in line for line in running.lines)
