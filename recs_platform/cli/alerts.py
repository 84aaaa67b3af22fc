"""`recs alerts`: what is wrong, who is told of it, and whether they can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recs_platform.cli.company import AnyCompanyArgument, CompanyArgument, CompanyCommand
from recs_platform.cli.output import FAILED, JsonOption, print_json, print_table, say

if TYPE_CHECKING:
    from recs_platform.alerts.channels.channel import Channel
    from recs_platform.alerts.message import Message
    from recs_platform.alerts.overview import KnownTrouble, WaitingMessage

_LOOKS_BACK = timedelta(days=1)

app = typer.Typer(help="List what is wrong and what waits to be told, try the channels, send.", no_args_is_help=True)


@app.command("list", cls=CompanyCommand)
def list_alerts(
    name: AnyCompanyArgument = None,
    everything: Annotated[bool, typer.Option("--all", help="News and what is over, too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List what is wrong, since when, and what to do; and the messages that wait.

    The worst comes first. What is listed was told, or waits to be."""
    from recs_platform.alerts.overview import all_troubles, open_troubles, waiting_messages
    from recs_platform.platform_db.engine import opened_database
    from recs_platform.settings import require_home

    _check_name(name)
    require_home()
    database = opened_database()
    troubles = all_troubles(database, name) if everything else open_troubles(database, name)
    waiting = waiting_messages(database, name)
    if as_json:
        print_json({"troubles": list(map(_trouble, troubles)), "waiting": [asdict(message) for message in waiting]})
        return
    if not troubles:
        say(("ok", "green"), f"  nothing is wrong{f' with {name}' if name else ''}, as far as anybody looked.")
    else:
        _show_troubles(troubles, everything)
    if waiting:
        _show_waiting(waiting)


@app.command("test", cls=CompanyCommand)
def test_alerts(name: CompanyArgument, as_json: JsonOption = False) -> int:
    """Send a test message to each place of a company, and say what happened."""
    from recs_platform.alerts.channels import open_channels
    from recs_platform.alerts.channels.channel import Sent
    from recs_platform.alerts.finding import Severity
    from recs_platform.alerts.policy import policy_of
    from recs_platform.strategies.catalogue import company_named

    company = company_named(name)
    message = _test_message(name, datetime.now(UTC))
    channels = open_channels()
    answers = {place: _tried(channels, place, message) for place in policy_of(company).ever_told(Severity.ERROR)}
    if as_json:
        print_json([_answer(place, answer) for place, answer in answers.items()])
    else:
        for place, answer in answers.items():
            _say_answer(place, answer)
    return 0 if all(isinstance(answer, Sent) for answer in answers.values()) else FAILED


@app.command("send")
def send_alerts(
    again: Annotated[bool, typer.Option("--again", help="Also what did not go before, at once.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Look for what is wrong, and send what is due, as the sensor `alerts` does while the daemon runs.

    It looks at the runs of the last day. Nothing is told twice, however often it is called."""
    from recs_platform.alerts.deliver import wake
    from recs_platform.automation.instance import instance
    from recs_platform.automation.looks import ended_runs
    from recs_platform.automation.looks.look import Cursors
    from recs_platform.automation.looks.watch import watch
    from recs_platform.platform_db.engine import opened_database
    from recs_platform.settings import require_home
    from recs_platform.strategies.catalogue import load_companies, pipelines

    require_home()
    now = datetime.now(UTC)
    if again:
        wake(opened_database(), now)
    since = ended_runs.Seen.beginning(now - _LOOKS_BACK)
    with instance() as dagster:
        done = watch(dagster, load_companies(), pipelines(), Cursors({ended_runs.NAME: since.to_text()}))
    sent = done.sent
    if as_json:
        print_json({**asdict(sent), "looks_failed": done.looks.failed})
    else:
        for look, why in done.looks.failed.items():
            say(("failed", "red"), f"  the look at {look}: {why}")
        mark = ("failed", "red") if sent.failed else ("ok", "green")
        say(mark, f"  {sent.sent} sent, {sent.failed} not sent, {sent.waiting} wait.")
    return FAILED if sent.failed or done.looks.failed else 0


def _check_name(name: str | None) -> None:
    """There is such a company, though its file may be wrong: that is when one looks here."""
    from recs_platform.strategies.catalogue import load_companies

    known = load_companies()
    if name is not None and name not in [company.name for company in known.broken]:
        _ = known[name]


def _trouble(one: KnownTrouble) -> dict[str, Any]:
    finding = one.finding
    return {
        **asdict(finding.trouble),
        "severity": one.severity.value,
        "says": finding.says,
        "remedy": finding.remedy,
        "days": str(finding.days) if finding.days else None,
        **{key: getattr(finding, key) for key in ("asset", "check", "rows", "examples", "run_id")},
        **{key: getattr(one, key) for key in ("times", "began_at", "seen_at", "over_at")},
    }


def _show_troubles(troubles: Sequence[KnownTrouble], everything: bool) -> None:
    titles = ["company", "severity", "since", "looks", "what is wrong", "what to do"]
    rows: list[list[object]] = [
        [
            one.finding.trouble.company or "all",
            one.severity.value,
            one.began_at,
            one.times,
            _what(one),
            one.finding.remedy,
        ]
        for one in troubles
    ]
    if everything:
        titles.insert(3, "over")
        rows = [[*row[:3], one.over_at, *row[3:]] for row, one in zip(rows, troubles, strict=True)]
    print_table("What is wrong" if not everything else "What was or is wrong", titles, rows)


def _what(one: KnownTrouble) -> str:
    days = f" ({one.finding.days})" if one.finding.days else ""
    return f"{one.finding.says}{days}"


def _show_waiting(waiting: Sequence[WaitingMessage]) -> None:
    titles = ("company", "severity", "for", "written", "due", "attempts", "last problem")
    rows = [
        (one.company or "all", one.severity, one.place, one.made_at, one.due_at, one.attempts, one.problem)
        for one in waiting
    ]
    print_table("Messages that wait", titles, rows)


def _test_message(company: str, now: datetime) -> Message:
    from recs_platform.alerts.finding import Finding, Kind, Severity, Trouble
    from recs_platform.alerts.message import Message, Told

    finding = Finding(
        Trouble(company, Kind.TEST, "test"),
        Severity.INFO,
        "This is a test: alerts of this company arrive here.",
        "Nothing.",
    )
    return Message("test", company, Severity.INFO.value, now, (Told(finding, now),))


def _tried(channels: Mapping[str, Channel], place: str, message: Message) -> Any:
    from recs_platform.alerts.batch import Batch
    from recs_platform.alerts.channels import CONNECTED_BY
    from recs_platform.alerts.channels.channel import Refused
    from recs_platform.alerts.deliver import SECONDS_OF_ONE, within

    name, _, where = place.partition(":")
    if name not in channels:
        setting = CONNECTED_BY[name]
        return Refused("it is not connected, so alerts for it go to the log", f"Set {setting}: see docs/alerts.md.")
    return within(SECONDS_OF_ONE, channels[name], where, Batch((0,), (message,), (1,)))


def _answer(place: str, answer: Any) -> dict[str, Any]:
    from recs_platform.masking import mask_text

    problem, remedy = getattr(answer, "problem", None), getattr(answer, "remedy", None)
    return {"place": mask_text(place), "sent": problem is None, "problem": problem, "remedy": remedy}


def _say_answer(place: str, answer: Any) -> None:
    said = _answer(place, answer)
    if place == "log":
        say(
            ("ok", "green"), "  told in the log alone. To tell people, name them in the company's file: docs/alerts.md."
        )
        return
    if said["sent"]:
        say(("ok", "green"), f"  {said['place']}: sent.")
        return
    remedy = said["remedy"] or "Try again; alerts are kept and sent later."
    say(("failed", "red"), f"  {said['place']}: {said['problem']}. {remedy}")
