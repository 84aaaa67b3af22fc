"""The process: how it begins and ends."""

from __future__ import annotations

import httpx
import pytest

from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.serving.running import serve

pytestmark = pytest.mark.slow


def test_it_says_where_it_is_and_ends_well(terminal: Terminal) -> None:
    with serve(terminal) as running:
        assert "No key was made: it is open to this machine alone." in running.said
        assert httpx.get(f"{running.url}/health/live").json() == {"live": True}
        unknown = httpx.get(f"{running.url}/recommendations/acme/nobody")
        assert unknown.status_code == 404
        assert running.end() == 0
