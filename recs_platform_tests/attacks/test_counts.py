"""What attacks count is printed at the end of a run, from workers as from one process."""

from __future__ import annotations

import pytest

_ATTACKS = """
import pytest

@pytest.mark.parametrize("attack", [1])
def test_attack(count, some, attack):
    assert len(some(range(10), 3)) == {expected}
    count("bad files", refused=1_500, harmless=2)
"""


@pytest.mark.parametrize("workers", ["0", "1"])
@pytest.mark.parametrize(("options", "expected"), [((), 3), (("--all-attacks",), 10)])
def test_counts_stand_in_the_summary(
    pytester: pytest.Pytester, workers: str, options: tuple[str, ...], expected: int
) -> None:
    pytester.makepyfile(_ATTACKS.format(expected=expected))
    result = pytester.runpytest_subprocess("-p", "recs_platform_tests.attacks.counts", "-n", workers, *options)
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*= attacks =*", "bad files: 1,502 tried, 1,500 refused, 2 harmless"])
