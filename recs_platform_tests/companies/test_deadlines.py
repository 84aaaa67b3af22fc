"""`deadlines:` of a company's file."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Any

import pytest

from recs_platform.errors import ConfigError
from recs_platform_tests.companies.shop import shop


def test_a_company_has_its_own_or_its_strategys(tmp_path: Path) -> None:
    assert shop(tmp_path).deadline("allocation") == time(9)
    assert shop(tmp_path, deadlines=None).deadline("allocation") == time(9)
    assert shop(tmp_path, deadlines={"allocation": "7:30"}).deadline("allocation") == time(7, 30)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (
            {"allocations": "09:00"},
            'deadlines.allocations: "allocations" is not a product of replenishment. Did you mean "allocation"? '
            "Allowed: recommendations, allocation.",
        ),
        ({"allocation": "nine"}, 'deadlines.allocation: should be a time such as "09:00", in quotes, but is "nine".'),
        ({"allocation": "24:00"}, 'deadlines.allocation: should be a time such as "09:00", in quotes, but is "24:00".'),
        ({"allocation": 630}, 'deadlines.allocation: should be a time such as "09:00", in quotes, but is 630.'),
        ("09:00", 'deadlines: should be a time for each product, such as allocation: "09:00".'),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, given: Any, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        shop(tmp_path, deadlines=given)
    assert str(refused.value).removeprefix(f"{tmp_path}/shop.yaml: ") == says
