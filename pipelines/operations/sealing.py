"""Sealing: have the head of the audit chain time-stamped after a run, if it is due.

A problem stops nothing; `status` and `doctor` report it, and the next run tries again.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from pipelines.district import District
from pipelines.errors import NothingReadError, SchoolbellError
from pipelines.state import ledger
from pipelines.state.audit import open_chain
from pipelines.state.connections import fact, now_text, remember
from pipelines.state.home_mark import mark_of
from pipelines.state.seals import PROBLEM, SealError, digest_of, newest_seal, record_text, seal
from pipelines.warehouse.snapshots import current
from pipelines.web import Response, asked

EVERY = timedelta(hours=20)
"""A seal is due once a day, also if the run begins a little earlier than yesterday."""
COUNTS = ("lines", "events", "rejects", "blanks", "duplicates", "pending_lines")


def seal_if_due(
    district: District, now: datetime | None = None, ask: Callable[..., Response] = asked
) -> str:
    """Seal the audit chain if a seal is due; return the result in one sentence, empty if not.

    Args:
        ask: Sends one request.
    """
    moment = now or datetime.now(UTC)
    if not district.settings.seal.url or not _is_due(district, moment):
        return ""
    try:
        record = _record(district, moment)
        if record is None:
            return ""
        line = seal(district.home, district.settings.seal, record, moment, ask).line
        problem = ""
    except (SchoolbellError, OSError) as error:
        problem = _words(error)
        line = f"The audit chain was not sealed: {problem}"
    with district.store.writing() as transaction:
        since = json.loads(fact(transaction, PROBLEM) or "{}").get("time") or now_text(moment)
        failure = {"time": since, "problem": problem} if problem else {}
        remember(transaction, PROBLEM, json.dumps(failure))
    return line


def _words(error: SchoolbellError | OSError) -> str:
    if isinstance(error, SealError):
        return f"{error.where}: {error.what}" if error.where else error.what
    return error.what if isinstance(error, SchoolbellError) else type(error).__name__


def _is_due(district: District, now: datetime) -> bool:
    newest = newest_seal(district.home)
    if newest is None:
        return True
    try:
        sealed = datetime.strptime(newest.stem, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return True
    return not timedelta() <= now - sealed < EVERY


def _record(district: District, now: datetime) -> bytes | None:
    """Return the record to seal; None if there is no entry, or nothing changed since the last."""
    head = open_chain(district.store, district.home).head()
    with district.store.reading() as transaction:
        mark = mark_of(transaction)
    if head is None or mark is None:
        return None
    rows = ledger.account(district.store)
    lines = {name: sum(int(row[name]) for row in rows) for name in COUNTS}
    try:
        snapshot = digest_of(current(district.home.snapshots))
    except NothingReadError:
        snapshot = None
    day = now.astimezone(ZoneInfo(district.zone)).date().isoformat()
    record = record_text(mark.home, day, head, lines, snapshot)
    newest = newest_seal(district.home)
    return None if newest and _is_same(newest.read_bytes(), record) else record


def _is_same(earlier: bytes, record: bytes) -> bool:
    """Return whether nothing but the day changed since an earlier record."""
    try:
        was = json.loads(earlier)
        return {**was, "day": ""} == {**json.loads(record), "day": ""}
    except (ValueError, TypeError):
        return False
