"""The page on measurement, followed to the letter: a file of 64,000 drawn customers becomes a report of lifts, whose
counts are the planted ones and whose differences are those of two proportions."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recs_platform_tests.cli.terminal import Ended, Terminal
from recs_platform_tests.slow import takes_seconds

PAGE = (Path(__file__).parents[3] / "docs" / "measurement.md").read_text()
CUSTOMERS = 64_000
CHANCES = {"Mens E-Mail": (0.183, 0.0125), "Womens E-Mail": (0.151, 0.0088), "No E-Mail": (0.106, 0.0057)}
"""Of a visit and of an order, by arm."""
HELD_OUT = "No E-Mail"


def block(language: str) -> str:
    """What the page shows in a language."""
    (text,) = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return str(text)


def drawn() -> pd.DataFrame:
    """The shape of a well-known e-mail experiment, with effects of our own."""
    draw = np.random.default_rng(20_080_320)
    arms = np.array(list(CHANCES))[draw.permutation(CUSTOMERS) % 3]
    visits, orders = (draw.random(CUSTOMERS) < np.array([CHANCES[arm][n] for arm in arms]) for n in (0, 1))
    return pd.DataFrame(
        {
            "customer": [f"C{number:05}" for number in range(CUSTOMERS)],
            "recency": draw.integers(1, 13, CUSTOMERS),
            "history": draw.gamma(1.2, 200, CUSTOMERS).round(2),
            "segment": arms,
            "visit": (visits | orders).astype(int),
            "conversion": orders.astype(int),
            "spend": np.where(orders, (draw.gamma(2, 58, CUSTOMERS) + 1).round(2), 0),
        }
    )


@dataclass
class Measured:
    planted: pd.DataFrame
    checked: Ended
    ran: Ended
    status: Ended
    reported: Ended
    comparisons: list[dict[str, str]]
    page: str


def measured(folder: Path, *, dated: bool) -> Measured:
    """What the page says, done."""
    planted, terminal = drawn(), Terminal(folder)
    terminal.companies.mkdir()
    mailed = planted
    script, described = block("python"), block("yaml")
    if dated:  # as the page says: columns like any other
        days = np.random.default_rng(1).integers(0, 14, CUSTOMERS)
        mailed = planted.assign(at=(pd.Timestamp("2025-03-03 10:00") + pd.to_timedelta(days, unit="D")).astype(str))
        script = script.replace('"spend"]]', '"spend", "at"]]')
        described = described.replace("unit_price: spend}", "unit_price: spend, event_ts: at}")
        described = described.replace("    constants: {event_ts: 2025-03-10 12:00:00}\n", "")
    mailed.to_csv(terminal.companies / "mailed.csv", index=False)
    with terminal.inside(), pytest.MonkeyPatch.context() as patch:
        patch.chdir(terminal.companies)
        exec(compile(script, "docs/measurement.md", "exec"), {})
    (terminal.companies / "spring.yaml").write_text(described)
    commands = [line.split()[1:] for line in block("sh").splitlines() if line.startswith("recs ")]
    checked, ran, reported = (terminal.recs(*command) for command in commands)
    (folder_of_report,) = (terminal.folder / ".recs" / "reports" / "spring").glob("campaign-*")
    with (folder_of_report / "arm_comparison.csv").open() as file:
        comparisons = list(csv.DictReader(file))
    page = (folder_of_report / "index.html").read_text()
    return Measured(planted, checked, ran, terminal.recs("status", "spring", "--json"), reported, comparisons, page)


@takes_seconds
@pytest.fixture(scope="module", params=[False, True], ids=["days given", "dated"])
def done(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    yield measured(tmp_path_factory.mktemp("spring"), dated=request.param)


def test_three_commands_do_it_without_a_warning(done: Measured) -> None:
    assert [ended.code for ended in (done.checked, done.ran, done.reported)] == [0, 0, 0]
    assert "warn" not in done.checked.told
    assert "fail" not in done.checked.told
    assert "warned" not in done.ran.told
    assert "failed" not in done.ran.told


def test_what_is_not_provided_is_said_once(done: Measured) -> None:
    assert done.checked.told.count("not provided") == 1
    assert done.ran.told.count("deliveries, interactions and customers are not provided, so there is no") == 1
    (state,) = done.status.json
    assert state["not_provided"] == ["deliveries", "interactions", "customers"]
    states = {table["table"]: (table["state"], table["why"]) for table in state["tables"]}
    assert states["interactions"] == ("not provided", "interactions is not provided")
    assert states["treatment_bandit"] == ("not provided", "interactions is not provided")
    assert states["arm_comparison"] == ("fresh", "")
    assert {name for name, (said, _) in states.items() if said in ("missing", "failed", "stale")} == set()


def test_lifts_are_the_planted_counts(done: Measured) -> None:
    """Rates, differences and intervals as a person would compute them by hand."""
    counts = done.planted.groupby("segment").agg(
        n=("visit", "size"), visits=("visit", "sum"), orders=("conversion", "sum"), revenue=("spend", "sum")
    )
    pairs = {(row["arm"], row["baseline"], row["metric"]): row for row in done.comparisons}
    for arm in ("Mens E-Mail", "Womens E-Mail"):
        for metric in ("orders", "visits", "revenue"):
            row, own, other = pairs[arm, HELD_OUT, metric], counts.loc[arm], counts.loc[HELD_OUT]
            assert round(float(row["value"]) * own.n, 6) == pytest.approx(own[metric], abs=1e-6)
            assert round(float(row["baseline_value"]) * other.n, 6) == pytest.approx(other[metric], abs=1e-6)
            assert int(row["messages"]) == own.n
            if metric != "revenue":
                p, q = own[metric] / own.n, other[metric] / other.n
                error = math.sqrt(p * (1 - p) / (own.n - 1) + q * (1 - q) / (other.n - 1))
                assert float(row["difference"]) == pytest.approx(p - q, rel=1e-12)
                # By the normal distribution: with so many customers, Student's t is as wide to five digits.
                assert float(row["fixed_low"]) == pytest.approx(p - q - 1.959963985 * error, rel=1e-4)
                assert float(row["fixed_high"]) == pytest.approx(p - q + 1.959963985 * error, rel=1e-4)
    assert ("Mens E-Mail", "Womens E-Mail", "visits") in pairs


def test_nothing_is_shown_as_zero_or_provisional(done: Measured) -> None:
    text = re.sub(r"<[^>]+>", " ", done.page)
    assert "opened" not in re.sub(r"Not known:[^.]*\.", "", text).partition("How to read this")[0]
    assert "provisional" not in text
    assert "may still change" not in text
