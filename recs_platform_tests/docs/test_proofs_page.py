"""The page of proofs says what is proved now: a query that loses its proof is seen."""

from __future__ import annotations

import pytest

from recs_platform_tests.docs.proofs_page import derived, stated


@pytest.mark.slow
def test_the_table_is_what_is_proved() -> None:
    assert stated() == derived(), "run: python -m recs_platform_tests.docs.proofs_page"
