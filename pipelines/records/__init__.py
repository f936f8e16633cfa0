"""Public records: a request, its scope, withheld items with reasons, a release.

Nothing is released automatically. A person's decision is stored item by item with its
exemption; students' rows and counts of few people are never released. The status
of a home shows when a request is due.
"""

from datetime import date

from pipelines.settings.model import Settings
from pipelines.state.connections import Store
from pipelines.state.records_requests import RecordRequest, open_record_requests


def due_soon(settings: Settings, store: Store, today: date) -> list[tuple[RecordRequest, int]]:
    """Open requests whose day is near or over, with the days that are left."""
    warn = settings.records.warn_days
    found = [
        (one, (one.due - today).days) for one in open_record_requests(store) if one.due is not None
    ]
    return [(one, left) for one, left in found if left <= warn]


def due_line(number: str, left: int) -> str:
    """Return when a request is due, in words."""
    if left < 0:
        when = "yesterday" if left == -1 else f"{-left} days ago"
        return f"the records request {number} was due {when}"
    when = {0: "today", 1: "tomorrow"}.get(left, f"in {left} days")
    return f"the records request {number} is due {when}"
