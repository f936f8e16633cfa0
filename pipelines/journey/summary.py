"""What a run did, in lines that an operator reads."""

from collections.abc import Iterator

from rich.table import Table

from pipelines.journey.console import safe, table
from pipelines.journey.district import District
from pipelines.journey.run import Result
from pipelines.state import ledger

COLUMNS = ("source", "files", "lines", "events", "rejects", "blanks", "duplicates")


def account_table(district: District) -> Table:
    """Lines in and where they went, one row a source."""
    rows = [
        (*(row[name] for name in COLUMNS), row["pending_lines"])
        for row in ledger.account(district.store)
    ]
    return table("Account of lines", (*COLUMNS, "pending"), rows)


def told(done: Result) -> Iterator[str]:
    """One line for each thing that changed, and for each file in trouble."""
    for outcome in done.outcomes:
        if outcome.record.message:
            yield safe(outcome.record.message)
    new = sum(outcome.kind != "unchanged" for outcome in done.outcomes)
    yield f"{new} of {len(done.outcomes)} files were new or had grown."
    if done.alerts is not None and done.alerts.new:
        yield f"Alerts: {done.alerts}"
    if not done.built.days:
        yield "Nothing was due."
        return
    days = {day for days in done.built.days.values() for day in days}
    kept = done.kept
    yield (
        f"{len(days)} days built; findings: {len(kept.new)} new, "
        f"{len(kept.updated)} updated, {len(kept.withdrawn)} withdrawn."
    )
    for name, seconds in done.seconds.items():
        yield f"  {name}: {seconds:.1f} s"
    for report in done.reports:
        yield f"Report: {report.page}"
