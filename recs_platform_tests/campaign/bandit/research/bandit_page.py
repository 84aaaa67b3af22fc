"""The measured claims of docs/bandit.md: what learning costs, and how often the intervals hold.

`python -m recs_platform_tests.campaign.bandit.research.bandit_page docs` measures them again and writes the tables and
the picture.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from recs_platform.campaign.bandit.allocation import Rules
from recs_platform.reporting.charts import COLOURS
from recs_platform_tests.campaign.bandit.research.optimism import Judged, judged, optimism_markdown
from recs_platform_tests.campaign.bandit.research.regret import (
    Curve,
    curve,
    curves,
    drifting,
    planted,
    simulate,
    thompson,
)
from recs_platform_tests.campaign.bandit.research.simulated_logs import Coverage, coverage, coverage_markdown, scenarios

PAGE, PICTURE = "bandit.md", "images/bandit-regret.png"
REPLICATIONS, DRIFT_REPLICATIONS, LOGS, JUDGED_LOGS, SEED = 100, 40, 1_000, 150, 20_251_203
DAYS_SHOWN = (10, 30, 60, 90)
HALF_LIFE_DAYS = 30


def regret_curves() -> Mapping[str, Curve]:
    return curves(planted(), REPLICATIONS, SEED)


def drift_curves() -> Mapping[str, Curve]:
    """The bandit where rates change, with and without forgetting, and what forgetting costs where they do not."""
    runs = {
        "rates change, all days count": (drifting(), None),
        f"rates change, half life {HALF_LIFE_DAYS} days": (drifting(), HALF_LIFE_DAYS),
        f"rates stay, half life {HALF_LIFE_DAYS} days": (planted(), HALF_LIFE_DAYS),
    }
    policy = thompson(Rules())
    return {
        name: curve(simulate(problem, policy, DRIFT_REPLICATIONS, SEED, half_life))
        for name, (problem, half_life) in runs.items()
    }


def coverages() -> tuple[Coverage, ...]:
    return tuple(coverage(scenario, LOGS, SEED) for scenario in scenarios())


def optimism() -> Mapping[str, Judged]:
    return judged(scenarios()[0], JUDGED_LOGS, SEED)


def regret_markdown(found: Mapping[str, Curve]) -> str:
    """Missed clicks by day."""
    lines = [f"| missed clicks by day | {' | '.join(map(str, DAYS_SHOWN))} (95%) |", "|---|" + "---|" * len(DAYS_SHOWN)]
    for name, one in found.items():
        cells = [f"{one.mean[day - 1]:,.0f}" for day in DAYS_SHOWN]
        cells[-1] += f" ({one.low[-1]:,.0f} to {one.high[-1]:,.0f})"
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def drift_markdown(found: Mapping[str, Curve]) -> str:
    lines = ["| bandit | days | missed clicks (95%) |", "|---|---|---|"]
    for name, one in found.items():
        lines.append(f"| {name} | {len(one.mean)} | {one.mean[-1]:,.0f} ({one.low[-1]:,.0f} to {one.high[-1]:,.0f}) |")
    return "\n".join(lines)


def picture(found: Mapping[str, Curve]) -> bytes:
    """Missed clicks over the days, as a PNG. The even split's leave the frame, which the others would vanish in."""
    # Only whoever measures this page needs it: the platform's own pictures are SVG.
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"font.size": 10, "font.family": "DejaVu Sans", "axes.edgecolor": "#555555"}):
        figure = Figure(figsize=(7.2, 3.6), dpi=110, layout="constrained")
        axes = figure.add_subplot()
        axes.set_title("Clicks missed by not always sending the best treatment", loc="left", fontweight="bold")
        axes.spines[["top", "right"]].set_visible(False)
        for colour, (name, one) in zip(COLOURS, found.items(), strict=False):
            days = np.arange(1, len(one.mean) + 1)
            axes.plot(days, one.mean, color=colour, label=f"{name}: {one.mean[-1]:,.0f} on day {days[-1]}")
            axes.fill_between(days, one.low, one.high, color=colour, alpha=0.2, linewidth=0)
        axes.set_ylim(0, 1.4 * max(one.mean[-1] for name, one in found.items() if name != "even split"))
        axes.set_xlim(0, None)
        axes.set_xlabel("day (1,000 views each)")
        axes.set_ylabel("missed clicks, cumulated")
        axes.legend(frameon=False, fontsize=9, loc="lower right")
        axes.grid(axis="y", color="#dddddd", linewidth=0.8)
        png = io.BytesIO()
        figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()


def block(page: str, name: str) -> str:
    """The text between a block's marks."""
    return page.partition(_begin(name))[2].partition(_end(name))[0].strip()


def put(page: str, name: str, text: str) -> str:
    """The page with the text between a block's marks."""
    if _begin(name) not in page or _end(name) not in page:
        raise ValueError(f"The page has no block {name}: {_begin(name)} ... {_end(name)}.")
    before, _, rest = page.partition(_begin(name))
    return f"{before}{_begin(name)}\n{text}\n{_end(name)}{rest.partition(_end(name))[2]}"


def _begin(name: str) -> str:
    return f"<!-- {name}: begin -->"


def _end(name: str) -> str:
    return f"<!-- {name}: end -->"


def measure(found: Mapping[str, Curve]) -> Mapping[str, str]:
    """The page's measured tables, by the names of their blocks."""
    return {
        "regret": regret_markdown(found),
        "drift": drift_markdown(drift_curves()),
        "coverage": coverage_markdown(coverages()),
        "optimism": optimism_markdown(optimism()),
    }


def write(docs: Path) -> None:
    found = regret_curves()
    page = (docs / PAGE).read_text()
    for name, text in measure(found).items():
        page = put(page, name, text)
    (docs / PAGE).write_text(page)
    (docs / PICTURE).write_bytes(picture(found))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
