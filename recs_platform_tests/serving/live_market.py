"""A company of offers that is served: its publications by the platform's own code, its models out of a registry.

What a version shows is in no other version, so that a list of two versions would be seen. Not here: the service, and
who asks it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

from recs_platform.platform_db.tables import Publication
from recs_platform.publication import publish as publishing
from recs_platform_tests.cli.terminal import Terminal
from recs_platform_tests.publication.market import DAY, NAME, Market, lists
from recs_platform_tests.serving.load import Answered, Request

CUSTOMERS = 40
OFFERS = 4
_NOON = datetime(2025, 9, 11, 12, tzinfo=UTC)


@dataclass
class LiveMarket:
    terminal: Terminal
    market: Market = field(default_factory=Market)
    shown: dict[int, list[str]] = field(default_factory=dict)
    """By version of the publication: the offers of everybody's list."""
    _days: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.terminal.folder / "companies").mkdir()
        described = {**self.market.described, "start_date": "2025-09-01"}
        (self.terminal.folder / "companies" / f"{NAME}.yaml").write_text(json.dumps(described))

    def publish(self) -> Publication:
        """A day of its own, whose offers nobody has seen before."""
        with self.terminal.inside():
            outlet, number = self.market.outlet, len(self.shown) + 1
            day, offers = DAY + timedelta(days=number), [f"of {number}, {place}" for place in range(OFFERS)]
            self.market.plan(day, lists(CUSTOMERS, *offers))
            self.market.make(day)
            content = outlet.warehouse.fingerprint(outlet.source, day)
            compared = publishing.comparison_id(outlet, day, content, publishing.reconcile(outlet))
            made = publishing.publish(outlet, day, compared, by="ann", at=_NOON)
            self._days[made.version], self.shown[made.version] = str(day), offers
            return made

    def roll_back(self, version: int) -> Publication:
        with self.terminal.inside():
            made = publishing.rollback(self.market.outlet, version, by="ann", at=_NOON)
            self._days[made.version], self.shown[made.version] = self._days[version], self.shown[version]
            return made

    @cached_property
    def requests(self) -> list[tuple[str, Request]]:
        """A list of every customer."""
        return [("list", ("GET", f"/recommendations/{NAME}/c{number}", "")) for number in range(CUSTOMERS)]

    def is_whole(self, answer: Answered) -> bool:
        """Whether a list is that of the version which it names, and nothing else."""
        told = answer.told
        return _shown(told) == self.shown[told["version"]] and told["as_of"] == self._days[told["version"]]


def _shown(told: Mapping[str, object]) -> list[str]:
    items = told["items"]
    assert isinstance(items, list)
    return [item["offer_id"] for item in items]
