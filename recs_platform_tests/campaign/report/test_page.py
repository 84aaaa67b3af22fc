"""What the page says of a campaign that is known by heart: the one that the specification describes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from recs_platform.campaign.report.messages import busiest_hours
from recs_platform.campaign.report.order_value import order_value_difference
from recs_platform.campaign.report.page import page
from recs_platform.campaign.report.reading import Findings
from recs_platform.campaign.report.revenue import filled, weeks
from recs_platform.warehouse.slices import Days
from recs_platform_tests.campaign.report.findings import (
    audience,
    brought,
    company,
    empty,
    findings,
    sold,
    treatment,
)
from recs_platform_tests.campaign.report.reader import SVG, parsed, rows, section, words

_QUESTIONS = [
    "funnel",
    "paths",
    "revenue",
    "time",
    "treatments",
    "failures",
    "mailed",
    "hours",
    "opened",
    "nutshell",
    "machines",
]


def top_of(found: Findings) -> str:
    """What stands above the contents."""
    main = parsed(page(found, [])).find(".//main")
    assert main is not None
    return " ".join(words(part) for part in list(main)[: [part.tag for part in main].index("nav")])


def summary_of(found: Findings) -> str:
    return words(parsed(page(found, [])).find(".//ul[@class='words']"))


def test_the_summary_says_what_was_sent_what_came_of_it_and_how_sure_that_is() -> None:
    said = summary_of(findings())
    assert "garage sent 34,057 messages to 34,057 customers from 1 Dec to 3 Dec 2025" in said
    assert "Another 1,200 messages were drawn but held back" in said
    # Wilson's interval of 3,670 of 34,057 and of 318: worked by hand.
    assert "10.8% (10.5% to 11.1%) opened" in said
    assert "0.93% (0.84% to 1.04%) clicked" in said
    assert "$73,297 of revenue is credited to them: 176 orders within 7 days" in said
    assert "net of $100.00 in refunds, $416.46 per order" in said
    assert "900 opens and 40 clicks by machines are excluded" in said


def test_what_may_change_is_said_with_its_reasons() -> None:
    assert (
        "Provisional: figures for 2 of 2 days with messages may still change: opens and clicks of 2025-12-03 are "
        "missing (1 day); orders may still come (1 day)."
    ) in top_of(findings())
    final = [{**row, "provisional": False, "because": None} for row in findings().calendar]
    assert "These figures are final" in top_of(replace(findings(), calendar=final))


@pytest.mark.parametrize(
    "row, told",
    [
        (
            brought(18_000.0, 3_000.0, 33_000.0),
            "$18,000 more than sending nothing would have (arm holdout; 95% interval $3,000 to $33,000)",
        ),
        (brought(18_000.0, -2_000.0, 38_000.0), "The interval includes zero: not statistically significant."),
        (
            brought(-5_000.0, None, None),
            "$5,000 less than sending nothing would have (arm holdout); there are too few customers",
        ),
    ],
)
def test_credited_is_not_incremental(row: dict[str, object], told: str) -> None:
    sums = [{"cut": "arm", "first_day": date(2025, 10, 1), "last_day": date(2025, 11, 25)}]
    said = summary_of(findings(standing={"arm_comparison": [row], "metric_sums": sums}))
    assert "Credited revenue is not incremental" in said
    assert "over messages of 1 Oct to 25 Nov 2025" in said
    assert "the 30,000 messages of arm personalised brought in" in said
    assert told in said
    assert ("includes zero" in said) == ("includes zero" in told)


def test_without_customers_held_back_nobody_claims_to_know() -> None:
    control = {**brought(1.0, 0.5, 2.0), "baseline": "random"}
    for standing in ({}, {"arm_comparison": [control]}):
        said = summary_of(findings(standing=standing))
        assert "Credited revenue is not incremental" in said
        assert "How much the messages added is not known" in said


def test_every_question_has_its_section_with_a_table_and_is_linked() -> None:
    read = parsed(page(findings(), ["campaign_funnel.csv"]))
    linked = [link.attrib["href"].removeprefix("#") for link in read.findall(".//nav//a")]
    assert linked == ["words", *_QUESTIONS, "reading"]
    for anchor in _QUESTIONS:
        assert rows(section(read, anchor)), anchor
    charted = [anchor for anchor in _QUESTIONS if section(read, anchor).find(f".//{SVG}svg") is not None]
    assert charted == _QUESTIONS[:8]
    assert [link.attrib["href"] for link in read.findall(".//footer//a")] == ["campaign_funnel.csv"]


def test_figures_of_the_sections() -> None:
    read = parsed(page(findings(), []))
    funnel = rows(section(read, "funnel"))
    assert funnel[2] == ["opened", "3,670", "10.8% 10.5% to 11.1%", "14.5%", "3,670", "10.8% 10.5% to 11.1%", "0"]
    assert [row[-2:] for row in rows(section(read, "paths"))] == [
        ["$3,864.00", "5.27%"],
        ["$47,418.60", "64.7%"],
        ["$22,014.31", "30.0%"],
        ["$73,296.91", "100%"],
    ]
    assert "2,500 of 34,057 messages failed: 7.34% (95% interval 7.07% to 7.62%)" in words(section(read, "failures"))
    assert "from 16:00 to 20:00 UTC have 90.0% of all 100 opens" in words(section(read, "hours"))
    assert "56.8% of the credited orders come within 24 hours of the message, 100% within 48 hours" in words(
        section(read, "time")
    )
    # Most sent first; without an open nothing is known of clicks per open.
    assert [row[0] for row in rows(section(read, "treatments"))] == ["T2", "T1"]


def test_an_empty_campaign_is_a_page_that_says_so() -> None:
    read = parsed(page(empty(), ["campaign_funnel.csv"]))
    assert "garage sent no messages from 1 Dec to 3 Dec 2025, so there is nothing to measure" in words(read)
    assert read.findall(".//section") == []


def test_messages_without_any_order_are_reported_too() -> None:
    nothing = (
        "conversion_paths",
        "revenue_by_date",
        "send_to_purchase_time",
        "opened_then_ordered",
        "mailed_against_not",
    )
    sent = {**findings().answers["campaign_summary"][0], "orders": 0, "revenue": 0.0, "ordered": 0, "order_value": None}
    found = findings(
        {**dict.fromkeys(nothing, ()), "campaign_summary": [sent], "engagement_by_hour": (), "delivery_failures": ()}
    )
    read = parsed(page(found, []))
    assert "No order is credited to them: none came within 7 days of a message." in words(read)
    assert words(section(read, "paths")).endswith("No order is credited to these messages.")
    assert words(section(read, "failures")).endswith("Every message was reported delivered.")


def test_names_of_customers_feeds_are_text_and_never_markup() -> None:
    hostile = "<script>alert(1)</script>\"'&"
    made = page(findings({"funnel_by_treatment": [treatment(hostile)]}), [])
    assert "<script" not in made
    assert rows(section(parsed(made), "treatments"))[0][0] == hostile


def test_machines_that_count_are_said_to_count() -> None:
    found = replace(findings(), company=company(count_machine_engagement=True))
    assert "900 opens and 40 clicks by machines are counted like those by people" in summary_of(found)


def test_order_values_are_compared_by_welch() -> None:
    # By hand: 416.46 - 400; standard error sqrt(300^2 / 176 + 200^2 / 100) = 30.189; 267.0 degrees of freedom.
    found = order_value_difference({row["audience"]: row for row in findings().answers["mailed_against_not"]})
    assert found.estimate == pytest.approx(16.46)
    assert found.standard_error == pytest.approx(30.189, abs=0.001)
    assert (found.low, found.high) == pytest.approx((16.46 - 1.969 * 30.189, 16.46 + 1.969 * 30.189), abs=0.05)
    lone = {"mailed": audience("mailed", 1, 50.0, None), "not_mailed": audience("not_mailed", 3, 40.0, 5.0)}
    assert (order_value_difference(lone).estimate, order_value_difference(lone).low) == (10.0, None)
    assert order_value_difference({}).estimate is None


def test_weeks_add_up_to_their_days() -> None:
    days = [sold(date(2025, 12, day), 0.1 * day, 0.05) for day in range(1, 15)]
    found = weeks(days)
    assert [row["ordered_on"] for row in found] == [date(2025, 12, 1), date(2025, 12, 8)]
    assert [row["revenue"] for row in found] == [2.8, 7.7]
    assert [row["orders"] for row in found] == [7, 7]
    assert [row["refunded"] for row in found] == [0.35, 0.35]


def test_days_without_orders_are_days_of_nothing() -> None:
    found = filled([sold(date(2025, 12, 2), 5.0)], Days(date(2025, 12, 1), date(2025, 12, 3)))
    assert [(row["ordered_on"].day, row["revenue"]) for row in found] == [(1, 0.0), (2, 5.0), (3, 0.0)]


def test_a_day_on_which_more_was_paid_back_than_sold_points_down() -> None:
    answers = {"revenue_by_date": [sold(date(2025, 12, 2), 100.0), sold(date(2025, 12, 3), -40.0, 60.0)]}
    read = parsed(page(findings(answers), []))
    chart = section(read, "revenue").find(f".//{SVG}svg")
    assert chart is not None
    labels = {words(text): float(text.attrib["y"]) for text in chart.findall(f"{SVG}text")}
    _, below, above = (rect.attrib for rect in chart.findall(f"{SVG}g/{SVG}rect"))
    unit = (labels["0"] - labels["100"]) / 100
    assert float(below["y"]) == pytest.approx(labels["0"] - 4, abs=0.2)
    assert float(below["height"]) == pytest.approx(40 * unit, abs=0.2)
    # Of 60 that were paid back, 20 had been sold that day.
    assert float(above["height"]) == pytest.approx(20 * unit, abs=0.2)


def test_the_busiest_hours_may_run_past_midnight() -> None:
    opens = [0] * 24
    opens[23], opens[0], opens[1], opens[12] = 5, 6, 7, 9
    assert busiest_hours(opens) == (22, 18)
