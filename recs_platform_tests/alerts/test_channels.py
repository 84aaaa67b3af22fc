"""Mail and webhooks, against real servers of this machine; Slack is tried in test_deliver.py."""

from __future__ import annotations

import json
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, cast

import pytest
from pydantic import SecretStr

from recs_platform.alerts.channels import open_channels
from recs_platform.alerts.channels.channel import Answer, Later, Refused, Sent
from recs_platform.alerts.channels.mail import MailChannel
from recs_platform.alerts.channels.webhook import WebhookChannel
from recs_platform.alerts.finding import Finding, Kind, Severity, Trouble
from recs_platform.alerts.links import Links
from recs_platform.alerts.message import Message, Told
from recs_platform.settings import settings
from recs_platform_tests.alerts.books import NOON, finding


def message(says: str = "Orders lack a total.", company: str = "acme") -> Message:
    return Message("run-1", company, "warn", NOON, (Told(finding(says=says), NOON),))


@dataclass
class MailServer:
    port: int
    answers: dict[str, str] = field(default_factory=dict)
    """Word of SMTP: what is answered instead of what a well server answers."""
    lines: list[str] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)

    def send(self, where: str = "ops@acme.example", user: str = "", says: str = "Orders lack a total.") -> Answer:
        channel = MailChannel(SecretStr(f"smtp://{user}127.0.0.1:{self.port}?from=recs@acme.example"), Links())
        return channel.send(where, [message(says)], "7-a")


class _Smtp(socketserver.StreamRequestHandler):
    """As much of SMTP as a mail needs."""

    def handle(self) -> None:
        server: MailServer = cast(Any, self.server).state
        self._say(server.answers.get("greeting", "220 here"))
        while line := self.rfile.readline().decode():
            word = line.split()[0].upper() if line.split() else ""
            server.lines.append(line.strip())
            said = server.answers.get(word)
            if said == "closes":
                return
            if said:
                self._say(said)
            elif word == "EHLO":
                self._say("250-here\r\n250 AUTH PLAIN")
            elif word == "DATA":
                self._say("354 go on")
                mail = b""
                while (part := self.rfile.readline()) not in (b".\r\n", b""):
                    mail += part
                server.mails.append(mail)
                self._say(server.answers.get("end", "250 taken"))
            else:
                self._say({"AUTH": "235 known", "QUIT": "221 bye"}.get(word, "250 ok"))

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Smtp) as server:
        server.daemon_threads = True
        state = MailServer(server.server_address[1])
        cast(Any, server).state = state
        with _serving(server):
            yield state


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield
    server.shutdown()
    thread.join()


def test_a_mail_arrives(mail_server: MailServer) -> None:
    assert mail_server.send() == Sent()
    (taken,) = mail_server.mails
    mail = message_from_bytes(taken, policy=default)
    assert (mail["Subject"], mail["To"], mail["From"]) == ("WARN · acme", "ops@acme.example", "recs@acme.example")
    assert mail["Message-ID"].startswith("<recs-alert-7-a@")
    assert "Orders lack a total." in mail.get_content()


def test_a_mail_has_no_other_header_or_receiver_than_its_own(mail_server: MailServer) -> None:
    bad = "x\r\nBcc: everybody@shop.example\r\n\r\n.\r\nMAIL FROM:<me@shop.example>\r\n"
    channel = MailChannel(SecretStr(f"smtp://127.0.0.1:{mail_server.port}?from=recs@acme.example"), Links())
    wrong = Finding(Trouble("acme", Kind.CHECK, bad), Severity.WARN, bad, bad, asset=bad, check=bad, examples=(bad,))
    for company, told in (("acme", wrong), (bad, finding())):
        assert (
            channel.send("ops@acme.example", [Message("x", company, "warn", NOON, (Told(told, NOON),))], "1-a")
            == Sent()
        )
    for taken in mail_server.mails:
        mail = message_from_bytes(taken, policy=default)
        assert mail["Bcc"] is None
        assert not any(line.lower().startswith("bcc") for line in mail.get_content().splitlines())
    assert [line for line in mail_server.lines if line.startswith("rcpt")] == ["rcpt TO:<ops@acme.example>"] * 2
    assert len([line for line in mail_server.lines if line.startswith("mail")]) == 2


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        ({"RCPT": "550 nobody here"}, Refused),
        ({"RCPT": "451 later"}, Later),
        ({"AUTH": "535 who are you"}, Refused),
        ({"MAIL": "530 not you"}, Refused),
        ({"end": "452 full"}, Later),
        ({"end": "554 spam"}, Refused),
        ({"greeting": "421 busy"}, Later),
        ({"greeting": "\x00 nonsense"}, Later),
        ({"DATA": "closes"}, Later),
        ({"QUIT": "closes"}, Sent),
        ({"QUIT": "500 nonsense"}, Sent),
    ],
)
def test_what_a_mail_server_may_say(mail_server: MailServer, answers: dict[str, str], kind: type[Answer]) -> None:
    mail_server.answers = answers
    answer = mail_server.send(user="me:s3cret@")
    assert isinstance(answer, kind), answer
    assert "s3cret" not in repr(answer)
    assert "acme.example" not in repr(answer)


def test_a_password_goes_only_where_nobody_else_reads_it(
    mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from recs_platform.alerts.channels import mail

    assert mail_server.send(user="me:s3cret@") == Sent(), "on this machine"
    mail_server.lines.clear()
    monkeypatch.setattr(mail, "is_here", lambda host: False)
    answer = mail_server.send(user="me:s3cret@")
    assert isinstance(answer, Refused)
    assert "does not encrypt" in answer.problem
    assert not [line for line in mail_server.lines if line.startswith("AUTH")]


def test_no_mail_server() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert isinstance(MailServer(taken.getsockname()[1]).send(), Later)


@dataclass
class Receiver:
    url: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    got: list[dict[str, Any]] = field(default_factory=list)

    def send(self) -> Answer:
        return WebhookChannel(SecretStr(self.url), Links()).send("", [message()], "7-a")


class _Hook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        state: Receiver = cast(Any, self.server).state
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        state.got.append({"path": self.path, "type": self.headers["Content-Type"], **body})
        if not state.status:
            self.wfile.write(b"\xff nonsense\r\n\r\n")
            return
        self.send_response(state.status)
        for name, value in state.headers.items():
            self.send_header(name, value)
        self.end_headers()

    do_GET = do_POST

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with HTTPServer(("127.0.0.1", 0), _Hook) as server:
        state = Receiver(f"http://127.0.0.1:{server.server_address[1]}/s3cret")
        cast(Any, server).state = state
        with _serving(server):
            yield state


def test_a_webhook_is_told(receiver: Receiver) -> None:
    assert receiver.send() == Sent()
    (got,) = receiver.got
    assert (got["path"], got["type"], got["id"]) == ("/s3cret", "application/json; charset=utf-8", "7-a")
    assert got["alerts"][0]["findings"][0]["says"] == "Orders lack a total."


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        (204, Sent()),
        (429, Later("the webhook answers with status 429", 30.0)),
        (503, Later("the webhook answers with status 503", 30.0)),
        (404, Refused),
        (302, Refused),
        (0, Later),
    ],
)
def test_what_a_webhook_may_answer(receiver: Receiver, status: int, answer: Answer | type[Answer]) -> None:
    receiver.status = status
    receiver.headers = {"Retry-After": "30", "Location": receiver.url}
    given = receiver.send()
    assert isinstance(given, answer) if isinstance(answer, type) else given == answer
    assert len(receiver.got) == 1, "a redirect is not followed"
    assert "s3cret" not in repr(given)


def test_no_webhook() -> None:
    answer = Receiver("http://127.0.0.1:9/s3cret").send()
    assert isinstance(answer, Later)
    assert "s3cret" not in repr(answer)


def test_channels_are_those_that_the_settings_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(open_channels()) == {"log"}
    for name, value in {
        "RECS_SLACK_TOKEN": "xoxb-s3cret",
        "RECS_SMTP_URL": "smtp://me:s3cret@mail.example.com",
        "RECS_ALERT_WEBHOOK": "https://hooks.example.com/s3cret",
    }.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    assert set(open_channels()) == {"log", "slack", "mail", "webhook"}
    assert "s3cret" not in repr(open_channels())
