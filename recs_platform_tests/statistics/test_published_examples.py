"""Worked examples from print: each test names where its numbers stand."""

from __future__ import annotations

import math

import pytest

from recs_platform.statistics.intervals import Interval, proportion
from recs_platform.statistics.paired import paired
from recs_platform.statistics.power import customers_for_mean
from recs_platform.statistics.ratio import Sums, difference
from recs_platform.statistics.sample_ratio import sample_ratio
from recs_platform.statistics.sequential import anytime


def ends(interval: Interval, shift: float = 0.0) -> tuple[float, ...]:
    """Low and high, rounded as they are printed."""
    assert interval.low is not None
    assert interval.high is not None
    return round(interval.low + shift, 4), round(interval.high + shift, 4)


def test_one_share() -> None:
    """Newcombe (1998), Statistics in Medicine 17:857-872, the worked examples of method 3 (Wilson's score)."""
    assert ends(proportion(81, 263)) == (0.2553, 0.3662)
    assert ends(proportion(15, 148)) == (0.0624, 0.1605)
    assert ends(proportion(0, 20)) == (0.0, 0.1611)
    assert ends(proportion(1, 29)) == (0.0061, 0.1718)


def test_presidents_approval() -> None:
    """Agresti, Categorical Data Analysis, section on matched pairs: 1,600 people asked twice; -0.04 (-0.06 to -0.02).

    The exact p-value is that of R's package exact2x2 for the same table.
    """
    asked = paired(both=794, before_only=150, after_only=86, neither=570)
    assert asked.before == pytest.approx(944 / 1600)
    assert asked.after == pytest.approx(880 / 1600)
    assert asked.difference.estimate == pytest.approx(-0.04)
    assert [round(end, 2) for end in ends(asked.difference)] == [-0.06, -0.02]
    assert asked.p_value is not None
    assert f"{asked.p_value:.3e}" == "3.716e-05"


def test_response_before_and_after_consolidation() -> None:
    """Fagerland, Lydersen and Laake (2017), chapter 8: Cavo et al. (2012), 59, 6, 16 and 80 patients; McNemar's exact
    test, Bonett and Price's adjusted Wald interval, and their hybrid Wilson score interval of the ratio.

    The book subtracts the second from the first, so our "before" is its second."""
    treated = paired(both=59, before_only=16, after_only=6, neither=80)
    assert treated.p_value == pytest.approx(0.052479, abs=5e-7)
    assert ends(treated.difference) == (-0.1195, -0.0032)
    assert treated.lift.estimate == pytest.approx(0.8667 - 1, abs=5e-5)
    assert ends(treated.lift, shift=1) == (0.7579, 0.9910)


def test_students_sleep_data() -> None:
    """Student (1908), as R's `t.test(extra ~ group, data = sleep)` prints Welch's test: t = -1.8608, df = 17.776,
    p-value = 0.07939, interval -3.3654832 to 0.2054832."""
    first, second = (
        [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
        [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
    )
    one, other = (Sums.of_values(len(hours), sum(hours), sum(hour**2 for hour in hours)) for hours in (first, second))
    found = difference(one, other)
    assert found.estimate is not None
    assert found.standard_error is not None
    assert round(found.estimate / found.standard_error, 4) == -1.8608
    assert found.p_value == pytest.approx(0.07939, abs=5e-6)
    assert found.low == pytest.approx(-3.3654832, abs=5e-8)
    assert found.high == pytest.approx(0.2054832, abs=5e-8)


def test_mendels_peas() -> None:
    """Mendel (1866), 556 peas expected as 9:3:3:1; chi-square 0.470, p 0.925 in any textbook."""
    peas = {"round yellow": 315, "wrinkled yellow": 101, "round green": 108, "wrinkled green": 32}
    found = sample_ratio(peas, dict(zip(peas, (9, 3, 3, 1), strict=True)))
    assert found.statistic == pytest.approx(0.470, abs=5e-4)
    assert found.p_value == pytest.approx(0.925, abs=5e-4)
    assert found.expected["round yellow"] == 312.75
    assert not found.mismatch


def test_sample_ratio_of_a_browser_experiment() -> None:
    """Kohavi, Tang and Xu (2020), Trustworthy Online Controlled Experiments, chapter 21, scenario 1: p = 1.8E-6."""
    found = sample_ratio({"control": 821_588, "treatment": 815_482}, {"control": 0.5, "treatment": 0.5})
    assert found.p_value is not None
    assert f"{found.p_value:.1E}" == "1.8E-06"
    assert found.mismatch


def test_customers_for_revenue() -> None:
    """Kohavi, Longbotham, Sommerfield and Henne (2009), Controlled experiments on the web, section 3.2: by the rule of
    thumb 16 sigma^2 / delta^2, a change of 5% of $3.75 at a deviation of $30 needs over 409,000 users.

    The 16 is 2 (1.95996 + 0.84162)^2 = 15.6978, rounded up."""
    needed = customers_for_mean(0.05 * 3.75, 30)
    assert needed is not None
    assert needed.treated * 16 / 15.6978 == pytest.approx(409_600, rel=1e-5)
    assert needed.control == needed.treated


def test_robbins_boundary() -> None:
    """Robbins (1970), Statistical methods related to the law of the iterated logarithm: for a walk of standard normal
    steps, P(|S_n| >= sqrt((n + m) (a^2 + ln(n / m + 1))) for some n) <= exp(-a^2 / 2).

    The m that is shortest at n = 100 is found here by trying."""

    def boundary(n: float, m: float) -> float:
        return math.sqrt((n + m) * (-2 * math.log(0.05) + math.log(n / m + 1)))

    m = min((step / 1_000 for step in range(10_000, 15_000)), key=lambda m: boundary(100, m))
    for n in (1, 25, 100, 10_000):
        limit = anytime(0.0, n**-0.5, tuned_for=100**-0.5).high
        assert limit is not None
        assert limit * n == pytest.approx(boundary(n, m), rel=1e-4)


def test_mixture_sprt() -> None:
    """Johari, Koomen, Pekelis and Walsh (2017), Peeking at A/B Tests, of two normal samples: one over the p-value is
    sqrt(V / (V + n tau^2)) exp(n^2 tau^2 d^2 / (2 V (V + n tau^2))), here with V = 2 and 500 customers per arm."""
    v, n = 2.0, 500
    # The mixture that is shortest at n = 500.
    k = 8.211968
    assert (1 + k) - math.log(1 + k) == pytest.approx(1 - 2 * math.log(0.05), abs=1e-6)
    tau2 = k * v / n
    error = math.sqrt(v / n)
    # The difference at which the interval just reaches zero is the one whose p-value is 0.05.
    d = anytime(0.0, error, tuned_for=error).high
    assert d is not None
    ratio = math.sqrt(v / (v + n * tau2)) * math.exp(n**2 * tau2 * d**2 / (2 * v * (v + n * tau2)))
    assert 1 / ratio == pytest.approx(0.05, rel=1e-5)
