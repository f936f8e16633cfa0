"""Facts, readers and moments for the tests of this folder."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from pipelines.alerts.decisions import Moment, Receiver
from pipelines.alerts.message import MessageContext
from pipelines.alerts.news import Alert
from pipelines.findings.cases import Case, nobody, places, queue_of
from pipelines.settings.alert_settings import Alerts

ZONE = ZoneInfo("America/Chicago")
DESK = Receiver("desk", ("director", "operator"))
PHONE = Receiver("phone", ("director", "operator"), is_phone=True)
NOW = datetime(2026, 11, 3, 10, 5, tzinfo=ZONE)
ALERTS = Alerts()
EVERYTHING = frozenset({"at_once", "daily", "weekly"})
SETTING = MessageContext(
    id_of=lambda key: f"n-{key}",
    time_text=lambda when: f"{when:%d %b %H:%M}",
    report="reports/index.html",
)


def news(key="k", **changes):
    values = {
        "about": "health",
        "severity": "high",
        "confidence": "C3",
        "line": "no line came",
        "since": NOW.astimezone(UTC) - timedelta(hours=1),
    }
    return Alert(key=key, **values | changes)


def conduct(key="k", **changes):
    values = {"about": "conduct", "severity": "medium", "group": "shared_account"}
    return news(key, **values | changes)


def moment(now=NOW, *, is_quiet=False, due=EVERYTHING):
    return Moment(now, is_quiet, due)


def finding(number, **changes):
    return {
        "finding_id": f"f-{number}",
        "rule": "SA-1",
        "kind": "shared_account",
        "status": "open",
        "severity": "medium",
        "confidence": "C2",
        "event_date": "2026-11-03",
        "record": {
            "stage": "live",
            "start_time": "2026-11-03 15:00:00+00:00",
            "end_time": "2026-11-03 16:00:00+00:00",
        },
        "subject": "ada",
    } | changes


def waiting_of(*findings):
    """Return the cases of some findings, as a queue."""
    held = {}
    for row, case in places(findings, nobody):
        held.setdefault(case["case_id"], (case, []))[1].append(row)
    found = [Case(**case, findings=tuple(rows)) for case, rows in held.values()]
    return queue_of(found, date(2026, 11, 2))


def is_school_day(day: date) -> bool:
    return day.weekday() < 5
