"""Slack, by a bot's token: a message of Block Kit, within Slack's limits.

What comes from data is escaped, and Slack is told to make nothing of it: no text of a company can mention anybody or
become a link. The links are ours.
"""

from __future__ import annotations

import http.client
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from recs_platform.alerts.channels.channel import Answer, Later, Refused, Sent, seconds_to_wait
from recs_platform.alerts.links import Links
from recs_platform.alerts.message import Message
from recs_platform.alerts.wording import Paragraph, Wording, put_in_words
from recs_platform.errors import printable

MOST_BLOCKS = 50
LONGEST_TEXT = 3_000
_LONGEST_HEADER = 150
_MOST_TEXT = 12_000
"""Characters of a whole message. Slack says no number, and refuses much more."""
_TIMEOUT = 8
_TRY_AGAIN = {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
_NEW_TOKEN = "Set RECS_SLACK_TOKEN to the bot token (xoxb-...) of an app that is installed in the workspace."  # noqa: S105
_OF_THE_MESSAGE = {"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"}
_REMEDIES = {
    "channel_not_found": "Correct the channel in the company's file or RECS_SLACK_CHANNEL; a private one must have the "
    "app invited: /invite @app in the channel.",
    "not_in_channel": "Invite the app: /invite @app in the channel, or give it the scope chat:write.public.",
    "is_archived": "Unarchive the channel, or name another one.",
    "restricted_action": "Let the app post in the channel: its posting is restricted.",
    "missing_scope": "Give the app the scope chat:write and install it again.",
    "invalid_auth": _NEW_TOKEN,
    "not_authed": _NEW_TOKEN,
    "account_inactive": _NEW_TOKEN,
    "token_revoked": _NEW_TOKEN,
    "token_expired": _NEW_TOKEN,
}
_REFERENCE = "https://docs.slack.dev/reference/methods/chat.postMessage"
_SIGNS = {"error": ":red_circle:", "warn": ":large_yellow_circle:", "info": ":large_blue_circle:"}
_OVER = ":large_green_circle:"

_quiet = logging.getLogger("recs_platform.alerts.slack_sdk")
_quiet.addHandler(logging.NullHandler())
_quiet.propagate = False  # what fails is an answer, and told by who asked


@dataclass(frozen=True)
class SlackChannel:
    token: SecretStr
    url: str
    links: Links

    def send(self, where: str, messages: Sequence[Message], name: str) -> Answer:  # noqa: ARG002 - Slack has no such name
        wording = put_in_words(messages, self.links)
        answer = self._post(where, wording, blocks(wording))
        if isinstance(answer, Refused) and answer.problem in _OF_THE_MESSAGE:
            return self._post(where, wording, None)
        return answer

    def _post(self, where: str, wording: Wording, with_blocks: list[dict[str, Any]] | None) -> Answer:
        from slack_sdk.errors import SlackApiError, SlackClientError
        from slack_sdk.web import WebClient

        # Whether to try again is decided by who asked: a client that does so by itself may double a message.
        client = WebClient(
            self.token.get_secret_value(),
            base_url=f"{self.url.rstrip('/')}/",
            timeout=_TIMEOUT,
            retry_handlers=[],
            logger=_quiet,
        )
        try:
            client.chat_postMessage(
                channel=where,
                text=plain(wording),
                blocks=with_blocks,
                parse="none",
                link_names=False,
                unfurl_links=False,
                unfurl_media=False,
            )
        except SlackApiError as error:
            return _refusal(error.response)
        except (SlackClientError, OSError, http.client.HTTPException, ValueError) as error:
            # Never the error's own words: they may repeat what was sent.
            return Later(f"Slack cannot be reached or answers nonsense ({type(error).__name__})")
        return Sent()


def _refusal(response: Any) -> Answer:
    status, data = response.status_code, response.data
    headers = {str(name).lower(): value for name, value in dict(response.headers or {}).items()}
    code = data.get("error") if isinstance(data, dict) else None
    if status == http.HTTPStatus.TOO_MANY_REQUESTS or code in ("ratelimited", "rate_limited"):
        return Later("Slack asks to wait", seconds_to_wait(headers.get("retry-after")))
    if not isinstance(code, str) or status >= http.HTTPStatus.INTERNAL_SERVER_ERROR or code in _TRY_AGAIN:
        return Later(f"Slack answers with status {status}", seconds_to_wait(headers.get("retry-after")))
    code = printable(code)[:80]
    if remedy := _REMEDIES.get(code):
        return Refused(code, remedy)
    return Refused(code, f"See what it means: {_REFERENCE}", of_message=True)


def escaped(text: str, length: int = LONGEST_TEXT) -> str:
    """A text that Slack shows as it is, within a length.

    >>> escaped("<!channel> & <http://x.example|you>")
    '&lt;!channel&gt; &amp; &lt;http://x.example|you&gt;'
    """
    parts: list[str] = []
    room = length - 1
    for character in text:
        part = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(character, character)
        if len(part) > room:
            return "".join([*parts, "…"])
        parts.append(part)
        room -= len(part)
    return "".join(parts)


def plain(wording: Wording) -> str:
    """What a notification shows."""
    said = f"{wording.title}: {wording.paragraphs[0].says}" if wording.paragraphs else wording.title
    return escaped(said, 500)


def blocks(wording: Wording) -> list[dict[str, Any]]:
    """A header, a section for each finding as far as there is room, and what was left out."""
    sign = _SIGNS.get(wording.severity, _OVER)
    # A header is plain text, in which nothing but the names of emoji means anything.
    title = wording.title.replace(":", "：")[: _LONGEST_HEADER - len(sign) - 1]
    made: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": f"{sign} {title}", "emoji": True}}
    ]
    room = _MOST_TEXT
    shown = 0
    for paragraph in wording.paragraphs:
        text = _section(paragraph)
        if len(made) >= MOST_BLOCKS - 2 or len(text) > room:
            break
        made.append(_markdown("section", text))
        room -= len(text)
        shown += 1
    left_out = wording.left_out + len(wording.paragraphs) - shown
    if left_out:
        made.append(_markdown("section", escaped(f"{left_out} more: {wording.where_all_are}")))
    return made


def _section(paragraph: Paragraph) -> str:
    links = " · ".join(f"<{_url(url)}|{escaped(name)}>" for name, url in paragraph.links)
    room = LONGEST_TEXT - len(links) - 1
    text = ""
    for line in _lines(paragraph):
        if len(text) + len(line) + 1 > room:
            break
        text += f"{line}\n"
    return (text + links).strip()


def _lines(paragraph: Paragraph) -> Iterator[str]:
    yield f"*{_unformatted(paragraph.says, 900)}*"
    if paragraph.facts:
        yield _unformatted(" · ".join(paragraph.facts), 500)
    for example in paragraph.examples:
        yield f"• {_unformatted(example, 250)}"
    if paragraph.remedy:
        yield f"What to do: {escaped(paragraph.remedy, 900)}"  # a command is there to be copied


# Signs that look the same and format nothing.
_LOOK_ALIKE = str.maketrans({"*": "∗", "`": "ˋ", "~": "∼"})


def _unformatted(text: str, length: int) -> str:
    return escaped(text.translate(_LOOK_ALIKE), length)


def _url(url: str) -> str:
    """Within the brackets of a link."""
    for character, code in (("|", "%7C"), (">", "%3E"), ("<", "%3C"), (" ", "%20")):
        url = url.replace(character, code)
    return url.replace("&", "&amp;")


def _markdown(kind: str, text: str) -> dict[str, Any]:
    # Verbatim: Slack looks for no names and addresses in it.
    return {"type": kind, "text": {"type": "mrkdwn", "text": text, "verbatim": True}}
