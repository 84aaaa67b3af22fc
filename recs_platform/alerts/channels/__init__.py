"""The channels by which people are told, by the names that places begin with."""

from __future__ import annotations

from recs_platform.alerts.channels.channel import Channel
from recs_platform.alerts.channels.log import LogChannel
from recs_platform.alerts.channels.mail import MailChannel
from recs_platform.alerts.channels.slack import SlackChannel
from recs_platform.alerts.channels.webhook import WebhookChannel
from recs_platform.alerts.links import links_from_settings
from recs_platform.alerts.policy import LOG, MAIL, SLACK, WEBHOOK
from recs_platform.settings import settings

CONNECTED_BY = {SLACK: "RECS_SLACK_TOKEN", MAIL: "RECS_SMTP_URL", WEBHOOK: "RECS_ALERT_WEBHOOK"}
"""The setting without which a channel is not there."""


def open_channels() -> dict[str, Channel]:
    """Those that the settings connect, and the log."""
    chosen, links = settings(), links_from_settings()
    channels: dict[str, Channel] = {LOG: LogChannel(links)}
    if chosen.slack_token:
        channels[SLACK] = SlackChannel(chosen.slack_token, chosen.slack_url, links)
    if chosen.smtp_url:
        channels[MAIL] = MailChannel(chosen.smtp_url, links)
    if chosen.alert_webhook:
        channels[WEBHOOK] = WebhookChannel(chosen.alert_webhook, links)
    return channels
