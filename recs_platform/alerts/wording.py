"""A message in words: a title, and a paragraph for each finding. Every channel shows these, each in its own form.

All texts are of one line: what data might do to a terminal, a mail or a page is written out. Not here: markup.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from recs_platform.alerts.finding import Finding
from recs_platform.alerts.links import Links
from recs_platform.alerts.message import RECOVERED, SEVERITIES, Message, Told
from recs_platform.errors import printable
from recs_platform.plurals import counted

EVERYBODY = "the platform"
"""In the place of a company."""
_LONGEST = 600
_LONGEST_EXAMPLE = 200
_LONGEST_NAME = 64


@dataclass(frozen=True)
class Paragraph:
    says: str
    facts: tuple[str, ...]
    examples: tuple[str, ...]
    remedy: str
    links: tuple[tuple[str, str], ...]
    """What they lead to, and the URL."""


@dataclass(frozen=True)
class Wording:
    severity: str
    title: str
    paragraphs: tuple[Paragraph, ...]
    left_out: int
    """Findings that have no paragraph."""
    where_all_are: str

    @property
    def rest(self) -> str:
        """What is said of those that have none."""
        return f"{self.left_out} more: {self.where_all_are}" if self.left_out else ""


def put_in_words(messages: Sequence[Message], links: Links) -> Wording:
    """One text of one message, or of several that are sent as one."""
    severity = min((message.severity for message in messages), key=SEVERITIES.index)
    companies = sorted({_whom(message) for message in messages})
    mixed = len(companies) > 1 or len({message.severity for message in messages}) > 1
    paragraphs = [
        _paragraph(message, told, links, mixed=mixed) for message in _worst_first(messages) for told in message.told
    ]
    count = sum(message.count for message in messages)
    of_one = companies[0] if len(companies) == 1 and messages[0].company else ""
    command = f"recs alerts list{f' {of_one}' if of_one else ''}"
    return Wording(
        severity, _title(severity, companies, count, messages), tuple(paragraphs), count - len(paragraphs), command
    )


def as_text(wording: Wording) -> str:
    """For people who see plain text."""
    return "\n".join(_lines(wording))


def _lines(wording: Wording) -> Iterator[str]:
    yield wording.title
    for paragraph in wording.paragraphs:
        yield ""
        yield paragraph.says
        if paragraph.facts:
            yield f"  {', '.join(paragraph.facts)}"
        for example in paragraph.examples:
            yield f"  for example: {example}"
        if paragraph.remedy:
            yield f"  What to do: {paragraph.remedy}"
        for name, url in paragraph.links:
            yield f"  {name}: {url}"
    if wording.rest:
        yield ""
        yield wording.rest


def _worst_first(messages: Sequence[Message]) -> list[Message]:
    return sorted(messages, key=lambda message: SEVERITIES.index(message.severity))


def _title(severity: str, companies: Sequence[str], count: int, messages: Sequence[Message]) -> str:
    whom = ", ".join(companies[:3])
    whom += f" and {len(companies) - 3} more" if len(companies) > 3 else ""
    days = sorted({day for message in messages for told in message.told if (day := _days(told.finding))})
    parts = [severity.upper(), whom, *(days if len(days) == 1 else ())]
    if all(message.escalated for message in messages):
        parts.append(f"open for {lasting(min(message.told[0].since for message in messages), messages[0].at)}")
    if count > 1:
        parts.append(counted(count, "finding"))
    return " · ".join(parts)


def _paragraph(message: Message, told: Told, links: Links, *, mixed: bool) -> Paragraph:
    finding, over = told.finding, message.severity == RECOVERED
    prefix = f"[{message.severity.upper()} {_whom(message)}] " if mixed else ""
    lasted = f"Over after {lasting(told.since, message.at)}: " if over else ""
    return Paragraph(
        says=f"{prefix}{lasted}{_short(finding.says)}",
        facts=tuple(_facts(message, told)),
        examples=() if over else tuple(_short(example, _LONGEST_EXAMPLE) for example in finding.examples),
        remedy="" if over else _short(finding.remedy),
        links=tuple(links.of(finding)),
    )


def _facts(message: Message, told: Told) -> Iterator[str]:
    finding = told.finding
    if finding.asset:
        yield _short(finding.asset, _LONGEST_EXAMPLE)
    if finding.check:
        yield f"check {_short(finding.check, _LONGEST_EXAMPLE)}"
    if days := _days(finding):
        yield days
    if finding.rows is not None:
        yield counted(finding.rows, "row")
    if message.escalated or told.since < message.at - timedelta(minutes=1):
        yield f"since {told.since:%Y-%m-%d %H:%M} UTC"


def _whom(message: Message) -> str:
    """A company whose file is wrong may be called anything."""
    return _short(message.company, _LONGEST_NAME) or EVERYBODY


def _days(finding: Finding) -> str:
    return str(finding.days) if finding.days else ""


def lasting(since: datetime, until: datetime) -> str:
    """A time in the largest unit of which there are two.

    >>> from datetime import UTC
    >>> lasting(datetime(2026, 3, 2, 6, 0, tzinfo=UTC), datetime(2026, 3, 2, 10, 20, tzinfo=UTC))
    '4 hours'
    """
    minutes = max(int((until - since).total_seconds() // 60), 0)
    for unit, size in (("day", 24 * 60), ("hour", 60)):
        if minutes >= 2 * size:
            return counted(minutes // size, unit)
    return counted(minutes, "minute")


def _short(text: str, length: int = _LONGEST) -> str:
    text = printable(" ".join(text.split()))
    return text if len(text) <= length else f"{text[: length - 1]}…"
