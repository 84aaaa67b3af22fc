"""The looks that the alerts sensor takes, in this order. A new source is a module beside this and its line here."""

from __future__ import annotations

from collections.abc import Mapping

from recs_platform.automation.looks.company_files import company_files
from recs_platform.automation.looks.ended_runs import ended_runs, never_again
from recs_platform.automation.looks.freshness import freshness
from recs_platform.automation.looks.killed import killed
from recs_platform.automation.looks.look import Look
from recs_platform.automation.looks.publications import publications
from recs_platform.automation.looks.stores import stores
from recs_platform.automation.looks.stuck import stuck

LOOKS: Mapping[str, Look] = {
    "stores": stores,
    # What it finds dead has ended, and is told in the same tick.
    "killed runs": killed,
    "ended runs": ended_runs,
    "runs to start again": never_again,
    "stuck runs": stuck,
    "publications": publications,
    "freshness": freshness,
    "company files": company_files,
}
"""Each under the name that its trouble has."""
