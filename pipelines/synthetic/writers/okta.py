"""Okta's system log, as its API gives it: an object a line."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime

import polars as pl

from pipelines.synthetic.places import DOMAIN
from pipelines.synthetic.plan import CloudEvent

BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"


def okta_lines(events: Iterable[CloudEvent]) -> pl.DataFrame:
    """Return lines in order of time. Columns: seen, line."""
    ordered = sorted(events, key=lambda event: (event.time, event.account))
    rows = [(event.time, _line(number, event)) for number, event in enumerate(ordered)]
    return pl.DataFrame(rows, schema={"seen": pl.Int64, "line": pl.String}, orient="row")


def _line(number: int, event: CloudEvent) -> str:
    stamp = datetime.fromtimestamp(event.time / 1_000, UTC)
    target = {"type": "User", "alternateId": _mail(event.target or event.account)}
    debug = {"factor": event.factor, "pushOnlyResponseType": event.answer}
    line = {
        "actor": {"alternateId": _mail(event.account), "type": "User"},
        "client": {
            "device": "Computer",
            "ipAddress": event.address,
            "userAgent": {"rawUserAgent": BROWSER},
        },
        "debugContext": {"debugData": {name: text for name, text in debug.items() if text}},
        "eventType": event.kind,
        "outcome": {"reason": None, "result": "SUCCESS" if event.is_success else "FAILURE"},
        "published": f"{stamp:%Y-%m-%dT%H:%M:%S}.{event.time % 1_000:03}Z",
        "target": [target],
        "uuid": f"00000000-0000-4000-8000-{number:012d}",
        "version": "0",
    }
    return json.dumps(line, separators=(",", ":"))


def _mail(account: str) -> str:
    return f"{account}@{DOMAIN}"
