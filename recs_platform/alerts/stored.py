"""What the books of alerts hold, read row by row: one that a newer version has written, or that somebody has edited,
keeps nobody from the others.

Not here: what is asked of the books (overview.py, automation/looks/open_troubles.py), and what is written (record.py).
"""

from __future__ import annotations

from recs_platform.alerts.finding import Finding, Kind, Severity, Trouble
from recs_platform.alerts.message import Message, finding_from_json
from recs_platform.platform_db.alert_tables import AlertMessage, AlertTrouble


def message_of(row: AlertMessage) -> Message | None:
    try:
        return Message.from_json(row.content)
    except ValueError:
        return None


def trouble_of(row: AlertTrouble) -> Trouble | None:
    """None of a kind that this version does not know."""
    if row.kind not in list(Kind):
        return None
    return Trouble(row.company, Kind(row.kind), row.subject)


def severity_of(row: AlertTrouble) -> Severity:
    """One that this version does not know is as bad as any."""
    return Severity(row.severity) if row.severity in list(Severity) else Severity.ERROR


def finding_of(row: AlertTrouble) -> Finding:
    """The newest; of a row that cannot be read, that it cannot."""
    try:
        return finding_from_json(row.finding)
    except ValueError:
        about = f"{row.kind} {row.subject}".strip()
        return Finding(
            trouble_of(row) or Trouble(row.company, Kind.STORE, about),
            severity_of(row),
            f"What was told of it ({about}) cannot be read by this version.",
            "Look with the version that wrote it: it is newer, or the platform database was edited.",
        )
