"""docs/real-data.md shows what this run measured. `make real` writes build/real-data.md: copy it between the marks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from recs_platform_tests.real.figures import markdown
from recs_platform_tests.real.judged import Quarter

PAGE = Path(__file__).parents[2] / "docs" / "real-data.md"
_NUMBER = re.compile(r"[+-]?\d[\d,]*(?:\.\d+)?")


def quoted(page: str) -> str:
    return page.partition("<!-- measured: begin -->")[2].partition("<!-- measured: end -->")[0].strip()


def differences(shown: str, measured: str) -> list[str]:
    """Where two texts differ in words, or in a figure by more than machines round differently: the last digit, and of
    a fraction a thousandth."""
    if _NUMBER.sub("#", shown) != _NUMBER.sub("#", measured):
        return ["the words differ"]
    pairs = zip(_NUMBER.findall(shown), _NUMBER.findall(measured), strict=True)
    return [f"{one} is {other}" for one, other in pairs if not _close(one, other)]


def _close(shown: str, measured: str) -> bool:
    value, decimals = float(shown.replace(",", "")), shown.partition(".")[2]
    allowed = max(1.5 * 10.0 ** -len(decimals), abs(value) / 1_000 if decimals else 0)
    return abs(value - float(measured.replace(",", ""))) < allowed


def test_the_page_shows_what_was_measured(judged: Quarter) -> None:
    assert differences(quoted(PAGE.read_text()), markdown(judged).strip()) == []


@pytest.mark.parametrize(
    ("measured", "found"),
    [
        ("AUC 0.812, 1,201 rows", []),
        ("AUC 0.814, 1,201 rows", ["0.812 is 0.814"]),
        ("AUC 0.812, 1,203 rows", ["1,201 is 1,203"]),
        ("ROC AUC 0.812, 1,201 rows", ["the words differ"]),
    ],
)
def test_a_figure_that_moved_is_found(measured: str, found: list[str]) -> None:
    assert differences("AUC 0.812, 1,201 rows", measured) == found
