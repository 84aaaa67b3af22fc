"""The four answers on top of the page: every arm, the surest first, and never more than the evidence carries."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from xml.etree import ElementTree

import pytest

from recs_platform.campaign.report.page import page
from recs_platform.campaign.report.reading import Findings, check_arms
from recs_platform.errors import ConfigError
from recs_platform_tests.campaign.report.findings import brought, company, findings, treatment
from recs_platform_tests.campaign.report.reader import parsed, section, words


def answers(found: Findings) -> dict[str, str]:
    drawn = parsed(page(found, [])).findall(".//div[@class='answer']")
    return {str(answer.attrib["id"]): words(answer) for answer in drawn}


def lines(found: Findings, anchor: str) -> list[str]:
    drawn = parsed(page(found, [])).find(f".//div[@id='{anchor}']")
    assert drawn is not None
    return [words(line) for line in drawn.findall(".//li")]


def arm(name: str, metric: str, total: float, low: float, high: float, **others: Any) -> dict[str, Any]:
    row = {**brought(total, low, high), "arm": name, "metric": metric}
    return {**row, "fixed_low": low / 30_000, "fixed_high": high / 30_000, **others}


def test_they_come_before_everything_else() -> None:
    main = parsed(page(findings(), [])).find(".//main")
    assert main is not None
    assert list(answers(findings())) == ["what-was-sent", "what-it-earned", "new-against-old", "what-to-send-next"]
    assert next(iter(main)).attrib["class"] == "answers"


def test_what_was_sent() -> None:
    said = answers(findings())["what-was-sent"]
    assert "34,057 messages to 34,057 customers: 2 treatments in 3 campaigns; 1,200 more held back" in said
    assert "74.1% delivered · 10.8% opened · 0.93% clicked · 0.52% ordered" in said


def test_every_arm_is_there_and_what_is_significant_comes_first() -> None:
    rows = [
        arm("a", "revenue", 900.0, -100.0, 1_900.0, p_value=0.08),
        arm("a", "orders", 40.0, 10.0, 70.0, p_value=0.01, anytime_low=0.0001),
        arm("b", "orders", 5.0, -20.0, 30.0, p_value=0.7),
        arm("c", "revenue", -2_000.0, -2_900.0, -1_100.0, p_value=1e-5, anytime_high=-0.01),
    ]
    found = lines(findings(standing={"arm_comparison": rows}), "what-it-earned")
    assert found == [
        "c: −$2,000 revenue (95% interval −$2,900 to −$1,100)",
        "a: +40 orders (95% interval 10 to 70)",
        "a: +$900.00 revenue (95% interval −$100.00 to $1,900; not statistically significant)",
        "b: +5 orders (95% interval −20 to 30; not statistically significant)",
    ]


def test_no_arm_is_crowded_out() -> None:
    """Ten metrics of one arm are surer than the only one of another; and one has no interval at all."""
    rows = [arm("a", "orders", 40.0, 10.0, 70.0, p_value=0.001 * n, baseline="holdout") for n in range(10)]
    silent = {**arm("c", "orders", 1.0, 0.0, 2.0), "fixed_low": None, "fixed_high": None}
    found = lines(
        findings(standing={"arm_comparison": [*rows, arm("b", "orders", 1.0, -9.0, 11.0, p_value=0.9), silent]}),
        "what-it-earned",
    )
    assert [line.split(":")[0] for line in found] == ["a"] * 5 + ["b", "c"]
    assert found[-1] == "c: too few customers for an interval"


def test_what_is_credited_says_how_much_of_it_names_its_message() -> None:
    sent = findings().answers["campaign_summary"][0]
    named = findings({"campaign_summary": [{**sent, "explicit_orders": 44}]})
    assert "Credited: $73,297 from 176 orders, 25.0% of which name their message" in answers(named)["what-it-earned"]
    assert "44 of them (25.0%) name their message, campaign or coupon" in words(
        section(parsed(page(named, [])), "words")
    )
    assert "name their message" not in answers(findings())["what-it-earned"]


def test_one_sentence_says_why_the_two_intervals_differ() -> None:
    """p = 1.5e-13 stood beside an always-valid interval from below zero."""
    row = arm("a", "orders", 300.0, 200.0, 400.0, p_value=1.5e-13, anytime_low=-0.0091, anytime_high=0.0227)
    found = findings(standing={"arm_comparison": [row]})
    said = words(section(parsed(page(found, [])), "worked"))
    assert (
        "a − holdout, orders: A single look (p = 1.5e-13) excludes zero, and the always-valid interval includes" in said
    )
    assert "by the always-valid interval it may still be chance" in answers(found)["what-it-earned"]
    agreed = findings(standing={"arm_comparison": [{**row, "anytime_low": 0.0018}]})
    assert "A single look" not in words(parsed(page(agreed, [])))


def bandit(chances: dict[str, float], clicks: int = 40) -> list[dict[str, Any]]:
    row = {"segment": "(all)", "views": 1000, "sends": 5000, "rate": 0.04, "posterior_mean": 0.04, "retired": False}
    row |= {"credible_low": 0.03, "credible_high": 0.05, "expected_loss": 0.001, "clicks": clicks}
    return [
        {**row, "treatment_id": name, "chance_best": chance, "share_next": chance} for name, chance in chances.items()
    ]


@pytest.mark.parametrize(
    "rows, told",
    [
        (
            bandit({f"T{n}": 1 / 30 for n in range(30)}),
            "the highest probability of being the best of 30 treatments is 3.33%",
        ),
        (bandit({"T1": 0.5, "T2": 0.5}), "the highest probability of being the best of 2 treatments is 50.0%"),
        (bandit({"T1": 0.7, "T2": 0.3}), "the highest probability of being the best of 2 treatments is 70.0%"),
        (bandit({"T1": 0.9, "T2": 0.1}, clicks=0), "no click is on record for any of 2 treatments"),
    ],
)
def test_without_evidence_nothing_is_known_yet(rows: list[dict[str, Any]], told: str) -> None:
    found = findings(standing={"treatment_bandit": rows})
    for said in (answers(found)["what-to-send-next"], words(section(parsed(page(found, [])), "next"))):
        assert "Nothing is known yet" in said
        assert told in said
        assert "most traffic" not in said


def test_with_evidence_it_is_told_how_sure_it_is() -> None:
    leads = findings(standing={"treatment_bandit": bandit({"T1": 0.8, "T2": 0.2})})
    assert (
        "T1 leads: the probability that it is the best of 2 treatments is 80.0%" in answers(leads)["what-to-send-next"]
    )
    best = findings(
        {"funnel_by_treatment": [treatment("T1", treatment_name="Autumn", subject="Warm up")]},
        {"treatment_bandit": bandit({"T1": 0.97, "T2": 0.03})},
    )
    assert "Autumn (T1) is almost certainly the best of 2 treatments (97.0%)" in answers(best)["what-to-send-next"]
    assert "Autumn (T1) Warm up" in words(section(parsed(page(best, [])), "treatments"))
    alone = findings(standing={"treatment_bandit": bandit({"T1": 1.0})})
    assert "Only T1 was sent: there is nothing to choose between" in answers(alone)["what-to-send-next"]


def sums(**arms: int) -> list[dict[str, Any]]:
    row = {"cut": "arm", "metric": "orders", "first_day": date(2025, 10, 1), "last_day": date(2025, 10, 9)}
    return [{**row, "part": name, "n": float(number)} for name, number in arms.items()]


@pytest.mark.parametrize(
    "parameters, told",
    [
        ({"control_arm": "Random"}, 'parameters.control_arm: no message is of an arm "Random". Did you mean "random"?'),
        ({"holdout_arms": ["hold-out"]}, 'parameters.holdout_arms: no message is of an arm "hold-out"'),
        (
            {"planned_arm_shares": {"random": 0.4, "holdout": 0.1, "personalized": 0.5}},
            'parameters.planned_arm_shares: no message is of an arm "personalized". Did you mean "personalised"?',
        ),
    ],
)
def test_a_name_of_an_arm_that_no_message_has_is_refused(parameters: dict[str, Any], told: str) -> None:
    there = sums(personalised=4_000, random=1_000, holdout=500)
    with pytest.raises(ConfigError) as error:
        check_arms(company(**parameters), there)
    assert told in str(error.value)
    assert "There are personalised (4,000 messages), random (1,000 messages), holdout (500 messages)" in str(
        error.value
    )
    check_arms(company(**parameters), [])
    # Names that nobody wrote are no promise: a company without an experiment has a report as well.
    check_arms(company(), sums(everybody=500))
    check_arms(company(holdout_arms=["holdout", "holdout_of_last_year"]), there)
    check_arms(company(planned_arm_shares={"random": 0.999, "rare": 0.001}), sums(random=500))


def test_what_a_company_does_not_provide_is_left_out_and_said_once() -> None:
    bare = company()
    bare = bare.model_copy(
        update={"sources": {name: source for name, source in bare.sources.items() if name == "events"}}
    )
    found = replace(findings(standing={"treatment_bandit": bandit({"T1": 0.9, "T2": 0.1})}), company=bare)
    read = parsed(page(found, []))
    anchors = [str(drawn.attrib["id"]) for drawn in read.findall(".//section")]
    assert anchors == ["words", "funnel", "revenue", "time", "treatments", "nutshell", "reading"]
    said = words(read)
    assert said.count("Left out, because garage provides no feed of it") == 1
    assert "what arrived and what failed (deliveries); opens and clicks, and what to send next" in said
    for never in ("0% opened", "0% delivered", "Opened", "Clicked", "Delivered", "by machines"):
        assert never not in said.partition("Left out")[0], never
    assert _headings(section(read, "treatments")) == [
        "Treatment",
        "Messages",
        "Ordered",
        "Credited revenue",
        "Revenue per message",
    ]


@pytest.mark.parametrize(
    "ends, told",
    [
        ((0.001, 0.02), "Of the arms, a brings more orders than random, beyond chance."),
        ((-0.02, -0.001), "Of the arms, random brings more orders than a, beyond chance."),
        ((-0.01, 0.02), "No arm is better than another beyond chance, so nothing is known yet."),
    ],
)
def test_without_clicks_arms_say_what_can_be_said(ends: tuple[float, float], told: str) -> None:
    bare = company()
    bare = bare.model_copy(update={"sources": {"events": bare.sources["events"]}})
    low, high = ends
    row = arm("a", "orders", 1.0, 0.0, 0.0, baseline="random", difference=(low + high) / 2)
    row |= {"fixed_low": low, "fixed_high": high, "anytime_low": low, "anytime_high": high}
    found = replace(findings(standing={"arm_comparison": [row]}), company=bare)
    assert told in answers(found)["what-to-send-next"]
    assert "Nor was a second arm sent something" in answers(replace(findings(), company=bare))["what-to-send-next"]


def _headings(element: ElementTree.Element) -> list[str]:
    return [words(cell) for cell in element.findall(".//th")]


def test_the_sums_are_said_to_be_for_machines() -> None:
    footer = parsed(page(findings(), ["campaign_funnel.csv", "metric_sums.csv"])).find(".//footer")
    people, machines = [words(line) for line in footer.findall("p")] if footer is not None else ["", ""]
    assert people == "All rows behind every section, unrounded: campaign_funnel.csv ."
    assert machines.startswith("For machines, sums over customers") and "metric_sums.csv" in machines
