"""`recs export` at a terminal: what it says, what it refuses, and that nobody's address is said."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from recs_platform.platform_db.engine import opened_database
from recs_platform.settings import settings
from recs_platform.warehouse.environment import lake_of
from recs_platform_tests.cli.terminal import Ended, Terminal
from recs_platform_tests.delivery.senders import DAY, LINK, NAME, Sender, weekly

_DELIVERY = {"link": LINK}


@pytest.fixture
def terminal(tmp_path: Path, own_home: Path) -> Terminal:
    """With a company that is over after the day that is live: two customers, one of them without a phone."""
    terminal = Terminal(tmp_path, {"RECS_HOME": str(own_home)})
    terminal.companies.mkdir()
    _company(terminal)
    with terminal.inside():
        sender = Sender("replenishment", lake_of(settings()), opened_database(), own_home)
        people = {"C-1": "+1 555 010 0199", "C-2": None}
        sender.customers(
            *({"customer_id": who, "email": f"{who}@x.org", "phone": phone} for who, phone in people.items())
        )
        sender.publish([weekly(who, 1, "a") for who in people])
    return terminal


def _company(terminal: Terminal, **given: object) -> None:
    described = {
        "name": NAME,
        "strategy": "replenishment",
        "timezone": "America/New_York",
        "start_date": "2025-09-01",
        "end_date": str(DAY),
        "simulation": {},
        "delivery": _DELIVERY,
    }
    described = {key: value for key, value in (described | given).items() if value is not None}
    (terminal.companies / f"{NAME}.yaml").write_text(yaml.safe_dump(described))


def _refused(ended: Ended, *told: str) -> None:
    assert (ended.code, ended.out) == (2, ""), ended.told
    assert ended.err.count("\n") == 1, ended.err
    for words in told:
        assert words in ended.err
    assert "@x.org" not in ended.err


def test_what_it_says(terminal: Terminal) -> None:
    ended = terminal.recs("export", NAME, "--channel", "sms")
    assert ended.code == 0, ended.told
    assert "ok  version 1 of 2025-09-10 for sms: 1 message." in ended.out
    assert re.search(r"customers +no address +1\n", ended.out)
    assert re.search(r"/home/exports/sender/recommendations/v1/sms/sms-[0-9a-f]{16}\.csv\n$", ended.out)
    assert "@" not in ended.told
    assert "555" not in ended.told
    again = terminal.recs("export", NAME, "--channel", "sms")
    assert "1 message, as it stood there already." in again.out


def test_json(terminal: Terminal) -> None:
    told = terminal.recs("export", NAME, "--channel", "email", "--version", "1", "--json").json
    folder = Path(told.pop("folder"))
    assert told.pop("was_there") is False
    assert told == json.loads((folder / "manifest.json").read_text())
    assert (told["rows"], told["sent_on"]) == (2, "2025-09-11"), "a world that is over lives on the day after its last"


def test_out(terminal: Terminal) -> None:
    told = terminal.recs("export", NAME, "--channel", "email", "--out", "there", "--json").json
    assert told["folder"] == str(terminal.folder / "there/exports/sender/recommendations/v1/email")
    assert len(list(Path(told["folder"]).iterdir())) == 2
    bucket = f"file://{terminal.folder}/bucket"
    told = terminal.recs("export", NAME, "--channel", "email", "--out", bucket, "--json").json
    assert told["folder"] == f"{bucket}/exports/sender/recommendations/v1/email"
    assert len(list((terminal.folder / "bucket/exports/sender/recommendations/v1/email").iterdir())) == 2


def test_what_is_older_than_what_is_due_is_refused(terminal: Terminal) -> None:
    _company(terminal, end_date="2025-09-30")
    # Its lists are made on Mondays; the one before the last day is made on the morning of the 29th, of the 28th.
    _refused(
        terminal.recs("export", NAME, "--channel", "email"),
        "what is live, version 1, is of 2025-09-10, and 2025-09-28 was due by 2025-09-29 13:00 UTC.",
        "--allow-stale REASON",
        "recs run sender --date 2025-09-28",
    )
    assert not (terminal.folder / "home/exports/sender").exists()
    allowed = ("--allow-stale", "the shop's week begins late")
    told = terminal.recs("export", NAME, "--channel", "email", *allowed, "--json").json
    assert told["stale_because"] == "the shop's week begins late"
    shown = terminal.recs("export", NAME, "--channel", "push", *allowed, "--date", "2025-09-11")
    _refused(shown, "nobody can be sent anything by push (no address: 2)")
    _refused(terminal.recs("export", NAME, "--channel", "email", "--allow-stale", " "), "--allow-stale: say why")


@pytest.mark.parametrize(("day", "refused"), [("2025-09-15", False), ("2025-09-16", True), ("2025-09-22", True)])
def test_it_is_stale_from_the_morning_after_the_next_is_due(terminal: Terminal, day: str, refused: bool) -> None:
    _company(terminal, end_date="2025-09-30")
    assert terminal.recs("export", NAME, "--channel", "email", "--date", day).code == (2 if refused else 0)


@pytest.mark.parametrize("channel", ["e-mail", "fax", ""])
def test_a_channel_that_is_none(terminal: Terminal, channel: str) -> None:
    _refused(terminal.recs("export", NAME, "--channel", channel), "is not a channel", "Allowed: email, push, sms.")


def test_days_that_are_over(terminal: Terminal) -> None:
    _refused(
        terminal.recs("export", NAME, "--channel", "email", "--date", "2025-09-10"),
        "--date: what is live is of 2025-09-10; it is sent on a later day",
    )
    _company(terminal, end_date=None)
    _refused(terminal.recs("export", NAME, "--channel", "email", "--date", "2025-09-11"), "2025-09-11 is over")


def test_a_company_that_says_nothing_of_messages(terminal: Terminal) -> None:
    _company(terminal, delivery=None)
    _refused(terminal.recs("export", NAME, "--channel", "email"), "its file has no `delivery`", "docs/delivery.md")


def test_shares_of_treatments_are_sent_to_nobody(terminal: Terminal) -> None:
    _refused(
        terminal.recs("export", NAME, "--channel", "email", "--product", "allocation"),
        "allocation is not for customers one by one",
    )


def test_a_version_that_is_not_live(terminal: Terminal) -> None:
    _refused(
        terminal.recs("export", NAME, "--channel", "email", "--version", "7"), "version 7 is not what customers see"
    )


def test_a_folder_that_cannot_be(terminal: Terminal) -> None:
    (terminal.folder / "file").write_text("")
    _refused(terminal.recs("export", NAME, "--channel", "email", "--out", "file"), "--out")


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ("http://shop.example/{item_id}?rid={token}", "is not a link such as https://"),
        ("https://shop.example/{item_id}", "must name {token} once"),
        ("https://shop.example/{item_id}?a={token}&b={token}", "must name {token} once"),
        ("https://shop.example/{sku}?rid={token}", "{sku} is unknown"),
        ("https://shop.example/{item_id?rid={token}", "a brace stands alone"),
        ("https://{item_id}.example/?rid={token}", "lets an item choose the host"),
        ("https://u:p@shop.example/?rid={token}", "is not a link such as"),
        ("https://shop.example:port/?rid={token}", "is not a web address"),
        ("https://shop.example/a b?rid={token}", "is not a link such as"),
        ("https://shop.example/{offer_id}?rid={token}", "{offer_id}: replenishment has no offers; use {item_id}"),
        ("https://shop.example/{token}" + "x" * 500, "at most 500"),
        ("https://shop.example/{item_id.__class__}?rid={token}", "a brace stands alone"),
    ],
)
def test_links_that_are_none(terminal: Terminal, link: str, told: str) -> None:
    _company(terminal, delivery={"link": link})
    _refused(terminal.recs("export", NAME, "--channel", "email"), "delivery.link", told)


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        ({"email": {"subject": "{nmae}"}}, "delivery.email.subject: {nmae} is unknown"),
        ({"sms": {"text": "{name}"}}, "must name {link} once"),
        ({"push": {"titel": "x"}}, 'Did you mean "title"?'),
        ({"items": 0}, "1 to 50"),
        ({"email": {"subject": "x" * 301}}, "at most 300"),
    ],
)
def test_texts_that_are_wrong(terminal: Terminal, texts: dict[str, object], told: str) -> None:
    _company(terminal, delivery=_DELIVERY | texts)
    _refused(terminal.recs("export", NAME, "--channel", "email"), told)
