"""Where a finding can be looked into: its run and its table in the UI, and what the runbook says of its kind.

Without RECS_UI_URL and RECS_DOCS_URL nobody knows where those are, and there is no link.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from recs_platform.alerts.finding import Finding
from recs_platform.settings import settings

RUNBOOK = "runbook.md"


@dataclass(frozen=True)
class Links:
    ui: str | None = None
    docs: str | None = None

    def of(self, finding: Finding) -> Iterator[tuple[str, str]]:
        """What each leads to, and its URL."""
        if self.ui and finding.run_id:
            yield "Run", f"{self.ui}/runs/{quote(finding.run_id, safe='')}"
        if self.ui and finding.asset:
            yield "Asset", f"{self.ui}/assets/{quote(finding.asset)}"
        if self.docs:
            yield "Runbook", f"{self.docs}/{RUNBOOK}#{finding.trouble.kind.value}"


def links_from_settings() -> Links:
    return Links(settings().ui_url, settings().docs_url)
