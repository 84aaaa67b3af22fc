"""A Slack of our own for the tests of alerts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from recs_platform_tests.alerts.stub_slack import StubSlack, stub_slack


@pytest.fixture
def slack() -> Iterator[StubSlack]:
    with stub_slack() as running:
        yield running
