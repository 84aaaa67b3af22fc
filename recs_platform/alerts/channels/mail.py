"""E-mail by SMTP: a plain text for each address. A password is sent only where nobody else can read it."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from socket import gethostname
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from pydantic import SecretStr

from recs_platform.alerts.channels.channel import Answer, Later, Refused, Sent
from recs_platform.alerts.links import Links
from recs_platform.alerts.message import Message
from recs_platform.alerts.wording import as_text, put_in_words
from recs_platform.settings_values import is_here

_TIMEOUT = 8
_LONGEST_SUBJECT = 200
_PERMANENT = 500
"""From this code on a mail server refuses for good; below, just now."""
_PORTS = {"smtp": 587, "smtps": 465}
_CHECK = "Correct RECS_SMTP_URL (smtp://user:password@host:port?from=address)."


@dataclass(frozen=True)
class MailChannel:
    url: SecretStr
    links: Links

    def send(self, where: str, messages: Sequence[Message], name: str) -> Answer:
        server = urlsplit(self.url.get_secret_value())
        mail = self._mail(server, where, messages, name)
        try:
            connection = _connected(server)
            try:
                if refusal := _log_in(connection, server):
                    return refusal
                connection.send_message(mail)
                with suppress(smtplib.SMTPException, OSError):  # it is sent, however they part
                    connection.quit()
            finally:
                connection.close()
        except smtplib.SMTPAuthenticationError:
            return Refused("the mail server does not know the user or the password", _CHECK)
        except smtplib.SMTPNotSupportedError:
            return Refused("the mail server takes no password", _CHECK)
        except smtplib.SMTPRecipientsRefused as error:
            return _answer(max((code for code, _ in error.recipients.values()), default=0), "the address")
        except smtplib.SMTPDataError as error:
            return _answer(error.smtp_code, "the mail", of_message=True)
        except smtplib.SMTPResponseException as error:
            return _answer(error.smtp_code, "the sender")
        except ssl.SSLCertVerificationError:
            return Refused("the mail server's certificate is not one that is trusted here", _CHECK)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            return Later(f"the mail server cannot be reached or answers nonsense ({type(error).__name__})")
        return Sent()

    def _mail(self, server: SplitResult, where: str, messages: Sequence[Message], name: str) -> EmailMessage:
        wording = put_in_words(messages, self.links)
        mail = EmailMessage()
        mail["Subject"] = wording.title[:_LONGEST_SUBJECT]
        mail["From"] = _sender(server)
        mail["To"] = where
        mail["Date"] = formatdate()
        # A mail that is sent twice, because its sender was killed, is the same mail.
        mail["Message-ID"] = f"<recs-alert-{name}@{gethostname()}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(as_text(wording))
        return mail


def _log_in(connection: smtplib.SMTP, server: SplitResult) -> Refused | None:
    here, encrypted = is_here(server.hostname), isinstance(connection, smtplib.SMTP_SSL)
    connection.ehlo()
    if not encrypted and not here and connection.has_extn("starttls"):
        connection.starttls(context=ssl.create_default_context())
        connection.ehlo()
        encrypted = True
    if server.username and not encrypted and not here:
        return Refused("the mail server does not encrypt, and is not sent a password", "Use smtps:// or another one.")
    if server.username:
        connection.login(unquote(server.username), unquote(server.password or ""))
    return None


def _sender(server: SplitResult) -> str:
    named = parse_qs(server.query).get("from")
    user = unquote(server.username or "")
    return named[0] if named else user if "@" in user else f"recs@{gethostname()}"


def _connected(server: SplitResult) -> smtplib.SMTP:
    host, port = server.hostname or "", server.port or _PORTS[server.scheme]
    if server.scheme == "smtps":
        return smtplib.SMTP_SSL(host, port, gethostname(), timeout=_TIMEOUT, context=ssl.create_default_context())
    return smtplib.SMTP(host, port, gethostname(), timeout=_TIMEOUT)


def _answer(code: int, what: str, *, of_message: bool = False) -> Answer:
    if code >= _PERMANENT:
        remedy = "Correct `email` in the company's file, or the sender in RECS_SMTP_URL."
        return Refused(f"the mail server refuses {what} (code {code})", remedy, of_message)
    return Later(f"the mail server does not take {what} just now (code {code})")
