"""What the values of a column are, and that what they leave open is said and not decided."""

from __future__ import annotations

import pytest

from recs_platform.sources.proposal.column_values import Kind, judged


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2", "30"], Kind.WHOLE),
        (["1.5", "2", "-3.25"], Kind.NUMBER),
        (["true", "false"], Kind.FLAG),
        (["ja", "nein"], Kind.FLAG),
        (["2025-09-01", "2025-09-02"], Kind.DAY),
        (["2025-09-01 00:00:00", "2025-09-02 00:00:00"], Kind.DAY),
        (["2025-09-01T10:00:00Z", "2025-09-02T10:00:00Z"], Kind.MOMENT),
        (["a@example.com", "b@example.com"], Kind.EMAIL),
        (["007", "012"], Kind.TEXT),
        (["A-1", "B-2"], Kind.TEXT),
        ([], Kind.EMPTY),
    ],
)
def test_kinds(values: list[str], kind: Kind) -> None:
    assert judged(values).kind is kind


@pytest.mark.parametrize(
    ("values", "form", "why"),
    [
        (["12/31/2025", "01/02/2025"], "%m/%d/%Y", "12/31/2025 is no day otherwise"),
        (["31/12/2025", "01/02/2025"], "%d/%m/%Y", "31/12/2025 is no day otherwise"),
        (["31.12.2025", "01.02.2025"], "%d.%m.%Y", "31.12.2025 is no day otherwise"),
        (["31.12.25 8:05"], "%d.%m.%y %H:%M", "31.12.25 8:05 is no day otherwise"),
        (["1/13/2025 9:05:00 PM"], "%m/%d/%Y %I:%M:%S %p", "1/13/2025 9:05:00 PM is no day otherwise"),
        (["20250901", "20251231"], "%Y%m%d", "20251231 is no day otherwise"),
    ],
)
def test_a_format_is_decided_by_a_value_that_no_other_fits(values: list[str], form: str, why: str) -> None:
    found = judged(values)
    assert (found.formats, found.why, found.open_question) == ((form,), why, "")


def test_the_order_of_day_and_month_is_left_open_where_every_value_can_be_either() -> None:
    found = judged(["01/02/2025", "03/04/2025", "11/12/2025"])
    assert set(found.formats) == {"%d/%m/%Y", "%m/%d/%Y"}
    assert found.open_question.startswith("every value, such as 01/02/2025, can be read as ")


def test_rows_in_the_order_of_time_are_evidence_when_there_are_enough() -> None:
    months_apart = [f"{month:02d}/{day:02d}/2025" for month in range(1, 9) for day in (1, 5, 9)]
    assert judged(months_apart).formats == ("%m/%d/%Y",)
    assert judged(months_apart).why == "only so are its rows in the order of time"
    assert len(judged(months_apart[:10]).formats) == 2


def test_two_ways_of_writing_days_in_one_column_are_said() -> None:
    found = judged(["31.12.2025", "30.11.2025", "12/31/2025", "11/30/2025"])
    assert "others as" in found.open_question


@pytest.mark.parametrize(
    ("values", "decimal", "thousands", "largest"),
    [
        (["1,50", "22,5"], ",", "", 22.5),
        (["1.234,50", "7,25"], ",", ".", 1234.5),
        (["1,234.50", "7.25"], ".", ",", 1234.5),
        (["1.50", "22.5"], ".", "", 22.5),
    ],
)
def test_decimal_signs(values: list[str], decimal: str, thousands: str, largest: float) -> None:
    found = judged(values)
    assert (found.kind, found.decimal, found.thousands, found.largest) == (Kind.NUMBER, decimal, thousands, largest)


def test_a_comma_that_may_group_digits_is_left_open() -> None:
    assert judged(["1,234", "5,678"]).open_question == "1,234 may be a thousand or a fraction"


def test_signs_beside_numbers_and_seconds_since_1970() -> None:
    assert judged(["12,50 €", "3,00 €"]).signs == "€"
    assert judged(["20%", "15%"]).largest == 20
    assert judged(["1756720500", "1756720999"]).epoch == "seconds"
    assert judged(["1756720500123", "1756720999000"]).epoch == "milliseconds"
