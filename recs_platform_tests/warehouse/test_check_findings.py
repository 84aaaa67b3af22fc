"""What a check's verdict says of rows: never a share of nothing, and not a share of a few without saying so."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from recs_platform.warehouse.check import CheckVerdict


def finding(violations: int, rows: int, allowed: float = 0.0) -> str:
    return CheckVerdict(False, violations, rows, violations / rows if rows else 1.0, allowed, ()).finding


def test_there_is_no_share_of_no_rows() -> None:
    """It said: 2 of 0 rows (100.00%) violate the rule."""
    assert finding(2, 0, 0.05) == "2 violations of the rule (at most 5.00% allowed)"
    assert finding(0, 0) == "0 of 0 rows violate the rule (none allowed)"


@given(st.integers(0, 500), st.integers(0, 500), st.sampled_from([0.0, 0.05]))
def test_a_share_is_said_of_many_rows_alone(violations: int, rows: int, allowed: float) -> None:
    said = finding(violations, rows, allowed)
    assert "of 0 rows (" not in said
    if allowed and 0 < violations <= rows < 20:
        assert re.search(r"a share of so few says little", said)
        assert "%)" not in said.partition("(at most")[0]
