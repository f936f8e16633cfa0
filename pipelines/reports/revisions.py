"""Remembers what each published week said, so that a correction can name it."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, select

from pipelines.district import District
from pipelines.reports.corrections import facts, revision_after
from pipelines.reports.inputs import ReportInputs
from pipelines.reports.view import View
from pipelines.reports.weekly import report_id
from pipelines.state.purged import purged_reports
from pipelines.state.schema import REPORT_FACTS, REPORTS
from pipelines.state.store import now_text

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
    mine = {"week": week.isoformat(), "revision": inputs.revision}
    with district.store.writing() as connection:
        for table in (REPORTS, REPORT_FACTS):
            connection.execute(delete(table).filter_by(**mine))
        connection.execute(
            insert(REPORT_FACTS).values(**mine, facts=json.dumps(facts(view)))
        )
        connection.execute(
            insert(REPORTS).values(
                **mine,
                report_id=report_id(view),
                path=page.relative_to(district.home.path).as_posix(),
                sha256=hashlib.sha256(page.read_bytes()).hexdigest(),
                snapshot=inputs.snapshot_id,
                published_time=now_text(),
            )
        )


def remembered(district: District, held: Collection[date]) -> list[Headline]:
    """The numbers of published weeks whose events are no longer kept.

    A week whose report was deleted as well has none, and says so.
    """
    with district.store.reading() as connection:
        rows = connection.execute(
            select(REPORT_FACTS).order_by(REPORT_FACTS.c.week, REPORT_FACTS.c.revision)
        ).all()
    numbers = {row.week: json.loads(row.facts)["numbers"] for row in rows}
    gone = purged_reports(district.store)
    weeks: dict[str, Headline] = {week: {"is_removed": True} for week in gone}
    weeks |= numbers
    return [
        {**weeks[week], "week_start": date.fromisoformat(week)}
        for week in sorted(weeks)
        if date.fromisoformat(week) not in held
    ]


def _told(district: District, week: date) -> dict[int, Any]:
    columns = REPORT_FACTS.c
    query = select(columns.revision, columns.facts).where(
        columns.week == week.isoformat()
    )
    with district.store.reading() as connection:
        rows = connection.execute(query).all()
    return {revision: json.loads(text) for revision, text in rows}
