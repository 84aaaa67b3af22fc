"""What the build of Google's analyzer and executor that the tests use cannot do, and BigQuery can. The one list of it.

A test holds it: what stands here still fails, and nothing else does (test_executor.py).
"""

from __future__ import annotations

UNKNOWN_AGGREGATES = ("MAX_BY",)
"""Functions that it does not know. They are declared to the analyzer, which then types them."""

NOT_EVALUATED = {
    "campaign_funnel": "GROUPING",
    "funnel_by_treatment": "MAX_BY",
    "send_engagement": "MAX_BY",
}
"""Queries that the executor cannot run, and because of what: their fixtures run on the other engines alone."""
