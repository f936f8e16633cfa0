"""What a run did, in lines that an operator reads."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from rich.table import Table

from pipelines.district import District
from pipelines.errors import safe, safe_lines
from pipelines.ingest.source import Outcome
from pipelines.run.console import table
from pipelines.run.run import Result
from pipelines.state import ledger
from pipelines.state.ledger import DAMAGED, FAILED, FileRecord
from pipelines.state.runs import reason_lines

COLUMNS = ("source", "files", "lines", "events", "rejects", "blanks", "duplicates")
MOST_TOLD = 20
"""Findings that are listed one by one."""
WHERE = "identity.attribution_changes says what was believed and what is known now."
TRIED_AGAIN = (
    "All else was built and judged. These days are tried again with every run, and "
    "after an upgrade."
)
SEND_AGAIN = "What could be trusted was read. Have the whole file delivered again."


def account_table(district: District) -> Table:
    """Lines in and where they went, one row a source."""
    rows = [
        (*(row[name] for name in COLUMNS), row["pending_lines"])
        for row in ledger.account(district.store)
    ]
    return table("Account of lines", (*COLUMNS, "pending"), rows)


def trouble(record: FileRecord) -> str:
    """What is wrong with a file, where, and what to do, safe for a terminal."""
    where = f"{record.source}/{record.path}"
    text = record.message or ""
    named = text if record.path in text else f"{where}: {text}"
    has_remedy = "\n" in named or record.state != DAMAGED
    return safe_lines(named if has_remedy else f"{named}\n  {SEND_AGAIN}")


def set_aside(count: int) -> str:
    """What is said of files in the lake that no ledger lists."""
    return (
        f"{count:,} {'file' if count == 1 else 'files'} in lake/.unlisted that the "
        "ledger does not list: moved there, not deleted.\n"
        "  If an older state was put back: schoolbell restore. If nobody needs them, "
        "delete them by hand."
    )


def troubles(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """What is wrong with files, and which lines wait for what, safe for a terminal."""
    for outcome in outcomes:
        if outcome.is_told:
            yield trouble(outcome.record)
        if outcome.waits:
            yield safe(
                f"{outcome.record.source}/{outcome.record.path}: {outcome.waits}"
            )


def is_all_lost(outcomes: Iterable[Outcome]) -> bool:
    """Files were delivered, and not one of them could be read."""
    states = {outcome.record.state for outcome in outcomes if outcome.kind != "waiting"}
    return states == {FAILED}


def facts_of(done: Result) -> dict[str, Any]:
    """The same for machines, in full."""
    kinds = Counter(outcome.kind for outcome in done.outcomes)
    days = {day for days in done.built.days.values() for day in days}
    return {
        "files": dict(sorted(kinds.items())),
        "in_trouble": [
            {"source": one.source, "path": one.path, "message": one.message}
            for one in (outcome.record for outcome in done.outcomes if outcome.is_told)
        ],
        "waiting": [
            {"source": one.record.source, "path": one.record.path, "message": one.waits}
            for one in done.outcomes
            if one.waits
        ],
        "days": [day.isoformat() for day in sorted(days)],
        "opened": {
            name: [day.isoformat() for day in days]
            for name, days in done.built.reasons.items()
        },
        "findings": {
            "new": list(done.kept.new),
            "updated": list(done.kept.updated),
            "withdrawn": list(done.kept.withdrawn),
        },
        "because": list(done.kept.because),
        "not_built": [failure.shown for failure in done.failures],
        "reattributed_requests": done.built.reattributed,
        "alerts": asdict(done.alerts) if done.alerts is not None else None,
        "files_set_aside": done.set_aside,
        "notes": list(done.notes),
        "account_names": list(done.names),
        "judged_share": round(done.coverage.share, 4),
        "cannot_judge": [*done.coverage.lines, *done.not_delivered],
        "snapshot": done.snapshot.stem if done.snapshot is not None else None,
        "reports": [str(report.page) for report in done.reports],
        "seconds": {name: round(one, 3) for name, one in done.seconds.items()},
    }


def told(done: Result) -> Iterator[str]:
    """One line for each thing that changed; a few for each file in trouble."""
    yield from troubles(done.outcomes)
    yield from done.notes
    if done.set_aside:
        yield set_aside(done.set_aside)
    new = sum(outcome.is_new for outcome in done.outcomes)
    yield f"{new} of {len(done.outcomes)} files were new or had grown."
    if done.alerts is not None and done.alerts.new:
        yield f"Alerts: {done.alerts}"
    yield from (f"{failure}\n  {TRIED_AGAIN}" for failure in done.failures)
    yield from not_judged(done)
    if not done.built.days and not done.reports:
        yield "Nothing was due."
        return
    yield from _judged(done)
    for name, seconds in done.seconds.items():
        yield f"  {name}: {seconds:.1f} s"
    for report in done.reports:
        yield f"Report: {report.page}"


def not_judged(done: Result) -> Iterator[str]:
    """How names were read, and what the rules could not judge in the newest week."""
    yield from (safe(_sentence(line)) for line in done.names)
    for line in (*done.coverage.lines, *done.not_delivered):
        yield safe(_sentence(line))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _judged(done: Result) -> Iterator[str]:
    """What was built, what opened it, and how findings and attribution changed."""
    days = {day for days in done.built.days.values() for day in days}
    kept = done.kept
    yield (
        f"{len(days)} days built; findings: {len(kept.new)} new, "
        f"{len(kept.updated)} updated, {len(kept.withdrawn)} withdrawn."
    )
    yield from (
        f"  opened by {reason_line}" for reason_line in reason_lines(done.built.reasons)
    )
    if moved := done.built.reattributed:
        yield f"{moved} requests of earlier days are attributed otherwise; {WHERE}"
    if kept.because:
        yield f"Registry files that changed: {', '.join(kept.because)}."
        yield from (f"  new since: {one}" for one in kept.new[:MOST_TOLD])
        yield from (f"  no longer shown: {one}" for one in kept.withdrawn[:MOST_TOLD])
