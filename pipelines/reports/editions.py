"""Who gets which report: every edition of a week, from the same inputs.

The director's edition is the whole. A principal's holds the items of one building
and nothing of another. The wide editions hold counts alone, small ones held back,
and no page of theirs leads to an item. What an edition may show is narrowed in its
inputs, before a page is made, so that no template can show more.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl

from pipelines.reports.counts import Count, counts_of, own_counts, tables_of
from pipelines.reports.exports import Page
from pipelines.reports.inputs import ReportInputs
from pipelines.reports.opening import opening
from pipelines.reports.page_one import lines
from pipelines.reports.pages import page
from pipelines.reports.safety import file_name
from pipelines.reports.schemas import empty_frame
from pipelines.reports.sections import sections
from pipelines.reports.shelf import archive_pages
from pipelines.reports.tables import Table
from pipelines.reports.view import View
from pipelines.reports.weekly import (
    Pages,
    about,
    item_pages,
    parts_of,
    shared_files,
    wanted,
)

BUILDING = ("daily_use", "attribution", "off_hours", "school_days")
DISTRICT = ("permits", "rule_standing", "blind_share", "new_services")
OWN = ("items", "pupil-items", "changes", "shared-accounts", "off-hours", "buildings",
       "unattributed", "source-coverage", "policy-map", "rules", "limits")  # fmt: skip
PARTS: Mapping[str, Sequence[str]] = {
    "principal": OWN,
    "superintendent": ("source-coverage", "policy-map", "rules", "limits"),
    "board": ("policy-map", "limits"),
    "public": ("policy-map", "limits"),
}
LABELS = {
    "principal": "Principal's edition",
    "superintendent": "Superintendent's edition",
    "board": "Board's edition",
    "public": "Public edition",
}
HELD = (
    "Counts only. A count behind which fewer than {least} accounts stand is held "
    "back, and so is every count from which it could be worked out."
)


@dataclass(frozen=True)
class Edition:
    """One edition of the report.

    Attributes:
        kind: principal, superintendent, board or public.
        building: The principal's own; empty for the others.
        code: What its folder is named by, which a new name of the building does not
            change: the rights to a folder are given once.
    """

    kind: str
    building: str = ""
    code: str = ""

    @property
    def name(self) -> str:
        """Its folder's name."""
        place = self.code or self.building
        return f"{self.kind}-{file_name(place)}" if place else self.kind

    @property
    def label(self) -> str:
        """What its pages are called."""
        said = LABELS[self.kind]
        return f"{said}: {self.building}" if self.building else said


def editions(inputs: ReportInputs, kinds: Sequence[str]) -> Iterator[Edition]:
    """The editions of the kinds asked for; a principal's for each building."""
    for kind in PARTS:
        if kind not in kinds:
            continue
        if kind != "principal":
            yield Edition(kind)
            continue
        for building in inputs.school_days["building"].drop_nulls().unique().sort():
            yield Edition(kind, building, inputs.building_codes.get(building, ""))


def edition_report(inputs: ReportInputs, week_start: date, edition: Edition) -> Pages:
    """Every file of one edition of one week.

    Raises:
        ValueError: `week_start` is not a Monday.
    """
    whole = View(inputs, week_start)
    if edition.building:
        own = View(of_building(inputs, edition.building), week_start)
        numbers = own_counts(own, elsewhere(whole, edition.building))
        shared = said(own, edition)
        pages = _pages(own, edition, numbers, ())
        for view in (own, own.of_pupils):
            pages |= item_pages(view, shared, whole=True)
        return pages
    numbers = counts_of(whole)
    tables = tables_of(whole, edition.kind)
    return _pages(View(of_nobody(inputs), week_start), edition, numbers, tables)


def _pages(
    view: View, edition: Edition, numbers: Sequence[Count], tables: Sequence[Table]
) -> dict[str, Page]:
    shared = said(view, edition)
    kept = [one for one in sections() if one.name in PARTS[edition.kind]]
    parts = parts_of(view, wanted(kept, view.inputs.sections_off))
    text = page(
        "edition.html.j2",
        **shared,
        notices=opening(view, lines(view))["notices"],
        numbers=numbers,
        tables=tables,
        parts=parts,
    )
    return {
        f"{view.label}/index.html": text,
        **archive_pages(view, shared, numbers=False),
        **shared_files(parts, view, shared),
    }


def said(view: View, edition: Edition) -> dict[str, object]:
    """What every page of the edition says of itself."""
    least = view.inputs.least_count
    intro = HELD.format(least=least)
    if edition.building:
        intro = (
            f"What concerns {edition.building} alone. What also concerns another "
            "building is with the technology director."
        )
    shared = about(view)
    label = f"{shared['report_title']}: {edition.label}"
    report_id = f"{shared['report_id']}-{edition.name}"
    return shared | {
        "report_title": label,
        "edition": edition.label,
        "intro": intro,
        "report_id": report_id,
    }


def buildings_of_findings(inputs: ReportInputs) -> pl.DataFrame:
    """The buildings that the log lines of each finding name: `buildings`, a list."""
    known = inputs.evidence.drop_nulls("building")
    return known.group_by("finding_id").agg(
        buildings=pl.col("building").unique().sort()
    )


def of_building(inputs: ReportInputs, building: str) -> ReportInputs:
    """The inputs without anything that another building has a part in."""
    held = buildings_of_findings(inputs).filter(
        pl.col("buildings") == pl.lit([building], pl.List(pl.String))
    )
    frames: dict[str, Any] = {
        name: getattr(inputs, name).filter(pl.col("building") == building)
        for name in BUILDING
    }
    own: dict[str, Any] = {
        name: getattr(inputs, name).join(held, on="finding_id", how="semi")
        for name in ("findings", "evidence")
    }
    none: dict[str, Any] = {name: empty_frame(name) for name in DISTRICT}
    return replace(
        inputs,
        **frames,
        **own,
        **none,
        site_use=empty_frame("site_use"),
        previous=weeks(inputs),
    )


def of_nobody(inputs: ReportInputs) -> ReportInputs:
    """The inputs without a row that stands for one account or few."""
    bare = ("findings", "evidence", "site_use", *DISTRICT, *BUILDING[:3])
    frames: dict[str, Any] = {name: empty_frame(name) for name in bare}
    return replace(inputs, **frames, previous=weeks(inputs), earlier_facts=())


def weeks(inputs: ReportInputs) -> list[dict[str, object]]:
    """The other weeks with their coverage, and no number of theirs."""
    return [
        {key: week[key] for key in ("week_start", "coverage") if key in week}
        for week in inputs.previous
    ]


def elsewhere(view: View, building: str) -> int:
    """The week's items in which the building and another one have a part."""
    both = buildings_of_findings(view.inputs).filter(
        pl.col("buildings").list.contains(building),
        pl.col("buildings").list.len() > 1,
    )
    week = pl.concat(
        one.of_week(one.standing).select("finding_id") for one in (view, view.of_pupils)
    )
    return week.join(both, on="finding_id", how="semi").height
