"""A webhook: alerts as JSON, posted to one URL. docs/alerts.md describes the fields; they only ever become more."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from pydantic import SecretStr

from recs_platform.alerts.channels.channel import Answer, Later, Refused, Sent, seconds_to_wait
from recs_platform.alerts.links import Links
from recs_platform.alerts.message import Message
from recs_platform.alerts.wording import as_text, put_in_words

VERSION = 1
_TIMEOUT = 8
_OF_THE_MESSAGE = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}
_LATER = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would drop what is posted, or send it to somebody else."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


@dataclass(frozen=True)
class WebhookChannel:
    url: SecretStr
    links: Links

    def send(self, where: str, messages: Sequence[Message], name: str) -> Answer:  # noqa: ARG002 - there is one place
        request = urllib.request.Request(  # noqa: S310 - the setting takes http and https alone
            self.url.get_secret_value(),
            data=json.dumps(body(messages, name, self.links), ensure_ascii=False).encode(),
            headers={"Content-Type": "application/json; charset=utf-8", "User-Agent": "recs-platform"},
            method="POST",
        )
        try:
            with urllib.request.build_opener(_NoRedirect).open(request, timeout=_TIMEOUT):
                return Sent()
        except urllib.error.HTTPError as error:
            with error:
                return _refusal(error.code, error.headers.get("Retry-After"))
        except (OSError, http.client.HTTPException, ValueError) as error:
            # Never the error's own words: they may repeat the URL.
            return Later(f"the webhook cannot be reached or answers nonsense ({type(error).__name__})")


def _refusal(code: int, retry_after: str | None) -> Answer:
    if code >= HTTPStatus.INTERNAL_SERVER_ERROR or code in _LATER:
        return Later(f"the webhook answers with status {code}", seconds_to_wait(retry_after))
    remedy = "Correct RECS_ALERT_WEBHOOK: the URL itself must take a POST of JSON."
    return Refused(f"the webhook answers with status {code}", remedy, of_message=code in _OF_THE_MESSAGE)


def body(messages: Sequence[Message], name: str, links: Links) -> dict[str, Any]:
    """What is posted: `text` for receivers that show a text, and everything else for programs."""
    wording = put_in_words(messages, links)
    return {
        "version": VERSION,
        "id": name,
        "severity": wording.severity,
        "title": wording.title,
        "text": as_text(wording),
        "alerts": [
            {
                "look": message.look,
                "company": message.company or None,
                "severity": message.severity,
                "at": message.at.isoformat(),
                "escalated": message.escalated,
                "left_out": message.left_out,
                "findings": list(_findings(message, links)),
            }
            for message in messages
        ],
    }


def _findings(message: Message, links: Links) -> Iterator[dict[str, Any]]:
    for told in message.told:
        finding = told.finding
        yield {
            "company": finding.trouble.company or None,
            "kind": finding.trouble.kind.value,
            "subject": finding.trouble.subject,
            "severity": finding.severity.value,
            "since": told.since.isoformat(),
            "says": finding.says,
            "remedy": finding.remedy,
            "first_day": finding.days.first.isoformat() if finding.days else None,
            "last_day": finding.days.last.isoformat() if finding.days else None,
            "asset": finding.asset,
            "check": finding.check,
            "rows": finding.rows,
            "examples": list(finding.examples),
            "run_id": finding.run_id,
            "links": {name.lower(): url for name, url in links.of(finding)},
        }
