"""A Slack of our own: takes `chat.postMessage` as Slack does, within Slack's limits, and keeps what it got.

It can be told to be busy, broken, talking nonsense or silent. What was taken is in `messages`, what was asked at all in
`asked`: a message that was taken but not answered (`silent`) is in both.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, cast

TOKEN = "xoxb-stub-token"
_MOST_BLOCKS, _LONGEST_HEADER, _LONGEST_SECTION, _LONGEST_TEXT = 50, 150, 3_000, 40_000

Mood = Literal["well", "busy", "broken", "nonsense", "silent", "closing", "dripping"]


@dataclass
class StubSlack:
    url: str = ""
    mood: Mood = "well"
    retry_after: str = "1"
    refuses: str | None = None
    """The code of an error with which everything is refused."""
    channels: set[str] | None = None
    """Those that there are; None: all."""
    messages: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    takes_in_silence: bool = False
    """Whether it keeps a message before it says nothing: what a sender sees that is killed, or waits in vain."""
    arrived: threading.Event = field(default_factory=threading.Event)
    """Set whenever something was asked."""
    goes_on: threading.Event = field(default_factory=threading.Event)
    """Whoever is kept waiting waits for it."""

    @property
    def environment(self) -> dict[str, str]:
        """What a process is told so that it speaks with this Slack."""
        return {"RECS_SLACK_TOKEN": TOKEN, "RECS_SLACK_URL": self.url}

    def texts(self, channel: str | None = None) -> list[str]:
        """All that each message says, as it was sent."""
        return [
            "\n".join([one["text"], *(block["text"]["text"] for block in one.get("blocks") or () if "text" in block)])
            for one in list(self.messages)
            if channel in (None, one["channel"])
        ]

    def headers(self, channel: str | None = None) -> list[str]:
        return [text.splitlines()[1] for text in self.texts(channel)]

    def everything(self) -> str:
        return json.dumps(self.asked, ensure_ascii=False)

    def judged(self, token: str | None, message: dict[str, Any]) -> str | None:
        """The code of the error with which Slack would refuse a message."""
        if self.refuses:
            return self.refuses
        if token != f"Bearer {TOKEN}":
            return "invalid_auth"
        if self.channels is not None and message.get("channel") not in self.channels:
            return "channel_not_found"
        blocks = message.get("blocks") or []
        if not message.get("text") and not blocks:
            return "no_text"
        if len(message.get("text") or "") > _LONGEST_TEXT:
            return "msg_too_long"
        sound = len(blocks) <= _MOST_BLOCKS and all(map(_sound, blocks))
        return None if sound else "invalid_blocks"


def _sound(block: dict[str, Any]) -> bool:
    text = block.get("text", {})
    limit = _LONGEST_HEADER if block["type"] == "header" else _LONGEST_SECTION
    kinds = {"header": "plain_text", "section": "mrkdwn"}
    return text.get("type") == kinds.get(block["type"]) and 0 < len(text.get("text", "")) <= limit


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    slack: StubSlack


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def do_POST(self) -> None:
        slack = cast(_Server, self.server).slack
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        message = json.loads(body) if body else {}
        slack.asked.append(message)
        mood = slack.mood
        error = slack.judged(self.headers.get("Authorization"), message)
        if mood == "silent":
            if slack.takes_in_silence and error is None:
                slack.messages.append(message)
            slack.arrived.set()
            slack.goes_on.wait(60)
            return
        slack.arrived.set()
        if mood == "closing":
            return
        if mood == "dripping":
            self._drip(slack)
        elif mood == "busy":
            self._answer(429, b'{"ok": false, "error": "ratelimited"}', {"Retry-After": slack.retry_after})
        elif mood == "broken":
            self._answer(500, b"<html>oops</html>")
        elif mood == "nonsense":
            self._answer(200, b"\xff\xfe these are not the words of Slack \x00")
        elif error:
            self._answer(200, json.dumps({"ok": False, "error": error}).encode())
        else:
            slack.messages.append(message)
            self._answer(200, b'{"ok": true, "ts": "1.0"}')

    def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json; charset=utf-8", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _drip(self, slack: StubSlack) -> None:
        self.send_response(200)
        self.end_headers()
        while not slack.goes_on.wait(0.5):
            self.wfile.write(b" ")
            self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None: ...


@contextmanager
def stub_slack(port: int = 0) -> Iterator[StubSlack]:
    """A Slack that listens on this machine while the block runs."""
    server = _Server(("127.0.0.1", port), _Handler)
    slack = server.slack = StubSlack(f"http://127.0.0.1:{server.server_address[1]}/api/")
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    serving.start()
    try:
        yield slack
    finally:
        slack.goes_on.set()
        server.shutdown()
        server.server_close()
        serving.join()
