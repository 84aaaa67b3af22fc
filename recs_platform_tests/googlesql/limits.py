"""What the build of Google's analyzer and executor that the tests use cannot do, and BigQuery can. The one list of it.

A test holds it: what stands here still fails, and nothing else does (test_executor.py).
"""

from __future__ import annotations

NOT_EVALUATED = {
    "campaign_funnel": "GROUPING",
}
"""Queries that the executor cannot run, and because of what: their fixtures run on the other engines alone."""
