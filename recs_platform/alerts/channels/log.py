"""The log, where what cannot be told elsewhere is told visibly."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from recs_platform.alerts.channels.channel import Answer, Sent
from recs_platform.alerts.finding import Severity
from recs_platform.alerts.links import Links
from recs_platform.alerts.message import Message
from recs_platform.alerts.wording import as_text, put_in_words
from recs_platform.masking import mask_text

logger = logging.getLogger("recs_platform.alerts")


@dataclass(frozen=True)
class LogChannel:
    links: Links

    def send(self, where: str, messages: Sequence[Message], name: str) -> Answer:  # noqa: ARG002 - a channel's
        wording = put_in_words(messages, self.links)
        level = logging.ERROR if wording.severity == Severity.ERROR.value else logging.WARNING
        logger.log(level, "%s%s", f"({mask_text(where)}) " if where else "", as_text(wording))
        return Sent()
