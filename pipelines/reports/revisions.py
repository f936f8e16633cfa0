"""Remembers what each published week said, so that a correction can name it."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.district import District
from pipelines.reports.corrections import facts, revision_after
from pipelines.reports.inputs import ReportInputs
from pipelines.reports.view import View
from pipelines.reports.weekly import report_id
from pipelines.state.published_reports import put_report, report_facts
from pipelines.state.retention import purged_reports

Headline = Mapping[str, Any]


def revised(district: District, inputs: ReportInputs, week: date) -> ReportInputs:
    """The inputs with the revision that the week's report now is, and those before."""
    earlier = _told(district, week)
    revision = revision_after(earlier, facts(View(inputs, week)))
    before = tuple(earlier[one] for one in sorted(earlier) if one < revision)
    return replace(inputs, revision=revision, earlier_facts=before)


def record(district: District, inputs: ReportInputs, week: date, page: Path) -> None:
    """Note a written report with what it says; the same revision is noted once."""
    view = View(inputs, week)
    report = {
        "report_id": report_id(view),
        "path": page.relative_to(district.home.path).as_posix(),
        "sha256": hashlib.sha256(page.read_bytes()).hexdigest(),
        "snapshot": inputs.snapshot_id,
        "facts": json.dumps(facts(view)),
    }
    with district.store.writing() as transaction:
        put_report(transaction, week, inputs.revision, report)


def remembered(district: District, held: Collection[date]) -> list[Headline]:
    """The numbers of published weeks whose events are no longer kept.

    A week whose report was deleted as well has none, and says so.
    """
    rows = report_facts(district.store)
    numbers = {row["week"]: row["facts"]["numbers"] for row in rows}
    gone = purged_reports(district.store)
    weeks: dict[str, Headline] = {week: {"is_removed": True} for week in gone}
    weeks |= numbers
    return [
        {**weeks[week], "week_start": date.fromisoformat(week)}
        for week in sorted(weeks)
        if date.fromisoformat(week) not in held
    ]


def _told(district: District, week: date) -> dict[int, Any]:
    rows = report_facts(district.store, week)
    return {row["revision"]: row["facts"] for row in rows}
