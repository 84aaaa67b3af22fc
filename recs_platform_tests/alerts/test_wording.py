"""What people read: everything they need, in one line each, and nothing of a person."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_platform.alerts.channels import slack, webhook
from recs_platform.alerts.finding import PLATFORM, Finding, Kind, Severity, Trouble
from recs_platform.alerts.links import Links
from recs_platform.alerts.message import RECOVERED, Message, Told, first_of
from recs_platform.alerts.wording import as_text, put_in_words
from recs_platform.warehouse.slices import Days
from recs_platform_tests.alerts.books import NOON, finding
from recs_platform_tests.alerts.stub_slack import TOKEN, StubSlack
from recs_platform_tests.docs.console import ROOT

LINKS = Links("https://dagster.example.com", "https://docs.example.com")
DAY = Days.one(date(2025, 12, 2))


def message(*findings: Finding, severity: str = "error", **changes: Any) -> Message:
    told, left_out = first_of(Told(one, NOON) for one in findings)
    fields = {"look": "run-1", "company": "acme", "severity": severity, "at": NOON, "told": told, "left_out": left_out}
    return Message(**{**fields, **changes})


def text(*messages: Message) -> str:
    return as_text(put_in_words(messages, LINKS))


def judged(*messages: Message) -> tuple[str | None, list[dict[str, Any]]]:
    """What Slack says of it, and its blocks."""
    wording = put_in_words(messages, LINKS)
    blocks = slack.blocks(wording)
    sent = {"channel": "#acme", "text": slack.plain(wording), "blocks": blocks}
    return StubSlack().judged(f"Bearer {TOKEN}", sent), blocks


def test_the_example_of_the_docs() -> None:
    check = Finding(
        Trouble("acme", Kind.CHECK, "orders/orders_without_total"),
        Severity.ERROR,
        "orders_without_total: 3 of 1,204 orders lack a total.",
        "Look at the rows, put right what they show, then: recs run acme --date 2025-12-02",
        days=DAY,
        asset="replenishment/orders",
        check="orders_without_total",
        rows=3,
        examples=("order_id: 17, email: jane@shop.com", "order_id: 18, email: kim@shop.com"),
        run_id="7d3c",
    )
    run = Finding(
        Trouble("acme", Kind.RUN, "reorder"),
        Severity.ERROR,
        "The run of 2025-12-02 failed at reorder: no space left on device.",
        "Free some space, then: recs run acme --date 2025-12-02",
        days=DAY,
        asset="replenishment/reorder",
        run_id="7d3c",
    )
    page = (ROOT / "docs" / "alerts.md").read_text()
    shown = page.partition("<!-- example: begin -->\n```text\n")[2].partition("\n```\n<!-- example: end -->")[0]
    assert shown == text(message(check.masked(), run.masked()))


def test_what_is_over() -> None:
    told = text(message(finding(), severity=RECOVERED, at=NOON + timedelta(hours=3)))
    assert told.splitlines()[:3] == ["RECOVERED · acme", "", "Over after 3 hours: Orders lack a total."]
    assert "What to do" not in told


def test_what_is_open_for_long() -> None:
    told = text(message(finding(severity=Severity.ERROR), at=NOON + timedelta(hours=4), escalated=True))
    assert told.startswith("ERROR · acme · open for 4 hours\n")
    assert "since 2026-03-02 12:00 UTC" in told


def test_several_messages_in_one_say_whose_each_is() -> None:
    told = text(
        message(finding(), severity="warn", company="metro"),
        message(finding(Trouble(PLATFORM, Kind.STORE, "disk"), Severity.ERROR, "The disk is full."), company=PLATFORM),
    )
    assert told.splitlines()[0] == "ERROR · metro, the platform · 2 findings"
    assert "[ERROR the platform] The disk is full." in told
    assert told.index("[ERROR the platform]") < told.index("[WARN metro]")


def test_fifty_failing_checks_are_one_message_that_slack_takes() -> None:
    findings = [finding(f"check {number}", Severity.ERROR, f"Number {number}: {'x' * 500}") for number in range(150)]
    error, blocks = judged(message(*findings))
    assert error is None
    assert blocks[0]["text"]["text"] == ":red_circle: ERROR · acme · 150 findings"
    assert blocks[-1]["text"]["text"] == f"{150 - (len(blocks) - 2)} more: recs alerts list acme"
    assert 10 < len(blocks) <= 50


ATTACKS = [
    "<!channel> <!here> <!everyone> <@U123> <#C123>",
    "<https://evil.example|click here>",
    "https://evil.example/?a=b&c=d",
    "@channel @here #general",
    "*bold* `code` ~no~ _low_",
    "&lt;!channel&gt;",
    ":rotating_light: </a><script>alert(1)</script>",
    "line\nBcc: everybody@shop.example\r\n\r\nbody \x1b[2J \u202e",
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_data_mentions_nobody_and_makes_no_link(attack: str) -> None:
    bad = Finding(
        Trouble("acme", Kind.CHECK, attack),
        Severity.ERROR,
        attack,
        attack,
        asset=attack,
        check=attack,
        examples=(attack,) * 3,
        run_id=attack,
    ).masked()
    error, blocks = judged(message(bad, company="acme"))
    assert error is None
    for block in blocks[1:]:
        assert block["text"]["verbatim"] is True
        said = block["text"]["text"]
        for piece in said.split("<")[1:]:
            url, _, rest = piece.partition("|")
            assert url.startswith(("https://dagster.example.com/", "https://docs.example.com/"))
            assert rest.split(">")[0] in ("Run", "Asset", "Runbook")
        assert said.count("<") == said.count(">") == 3
    assert "<" not in slack.plain(put_in_words([message(bad)], LINKS))
    lines = text(message(bad)).splitlines()
    assert not any(line.startswith(("Bcc", "body")) for line in lines)
    assert "\x1b" not in "".join(lines)


@given(st.text(max_size=4000), st.text(max_size=300), st.integers(1, 120), st.sampled_from([*Severity]))
def test_slack_takes_whatever_stands_in_it(says: str, other: str, count: int, severity: Severity) -> None:
    findings = [
        Finding(
            Trouble("acme", Kind.CHECK, f"{number}"),
            severity,
            says,
            other,
            asset=other,
            check=other,
            examples=(says, other, says),
            run_id=other,
        ).masked()
        for number in range(count)
    ]
    error, blocks = judged(message(*findings, severity=severity.value))
    assert error is None
    assert sum(len(block["text"]["text"]) for block in blocks) < 13_000
    assert len(blocks) > 1


def test_a_message_comes_back_from_the_books_as_it_went() -> None:
    went = message(finding(), company=PLATFORM, escalated=True, left_out=3)
    assert Message.from_json(went.to_json()) == went


def test_the_fields_of_the_webhook() -> None:
    posted = webhook.body([message(finding())], 7, LINKS)
    page = (ROOT / "docs" / "alerts.md").read_text().partition("## The webhook's JSON")[2]
    (alert,) = posted["alerts"]
    (told,) = alert["findings"]
    for key in (*posted, *alert, *told):
        assert f"`{key}`" in page, key
    assert (posted["id"], posted["version"], told["links"]) == (
        7,
        1,
        {
            "asset": "https://dagster.example.com/assets/replenishment/orders",
            "runbook": "https://docs.example.com/runbook.md#check",
        },
    )
