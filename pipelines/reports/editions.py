"""Editions of a week's report for its readers, from the same inputs.

The director's edition is complete, and so are the superintendent's counts and cases:
that officer grants consents and decides what follows. A principal's contains the cases
of one building and nothing of another. The editions for the board and the public contain
only counts, with small ones held back, and none of their pages leads to an item. The
inputs of an edition are narrowed before a page is made, so that no template
can show more.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import polars as pl

from pipelines.errors import capital
from pipelines.findings.cases import Case, aged
from pipelines.privacy.suppression import Grid, band, held_back, with_totals
from pipelines.reports.app_rows import published
from pipelines.reports.archive import archive_pages
from pipelines.reports.cards import subjects_of, week_cards
from pipelines.reports.headline import coverage, new_sites
from pipelines.reports.language import marked, plural, term, text
from pipelines.reports.page_one import notices_of
from pipelines.reports.pages import page, parts_of, wanted
from pipelines.reports.report_inputs import ReportInputs, empty_frame, week_of, with_frames
from pipelines.reports.report_rows import Shared, WeekNumbers
from pipelines.reports.sections import EDITIONS, sections
from pipelines.reports.text_tables import Page, Table, file_name, table, total
from pipelines.reports.view import View
from pipelines.reports.weekly import Pages, about, case_pages, shared_files
from pipelines.reports.words import KINDS, NOT_KNOWN, day, day_range, number, share

HIDDEN = "withheld"
SEVERAL = marked("several buildings")
NOWHERE = marked("building not known")
EVERY = marked("all buildings")

DETAILS = "details.html"
"""Page with every part of an edition, next to its one page."""
DIRECTOR = ""
WITH: Mapping[str, str] = {
    DIRECTOR: marked("the technology director"),
    "counsel": marked("counsel"),
    "hr": marked("human resources"),
    "principal": marked("the principal"),
    "superintendent": marked("the superintendent"),
}
"""Office that has a case -> its name; without one, the director has it."""
PRINCIPAL_SENTENCES = (
    marked(
        "The technology director decides these cases. You are asked only what the technology "
        "office or human resources asks you: who was on duty, who was on leave, who substituted."
    ),
    marked("Do not question anyone yourself, and do not forward this page."),
    marked("Questions: call the technology director."),
)
TRANSLATED = ("principal", "superintendent")
"""Editions in the language of their readers, and with emails."""
PUBLIC_WEEKS = 8
MAX_LISTED = 5
"""Cases that an edition's one page lists; the others are counted."""
ARRIVED = marked("of source hours arrived")
PUBLIC_ACTS = {
    "look_ups": "name lookups for a case, this school year",
    "answered": "public records requests answered this school year",
    "open": "open public records requests",
}
BUILDING = (
    "hourly_use", "daily_use", "attribution", "off_hours", "school_days",
    "rule_coverage",
)  # fmt: skip
DISTRICT = (
    "permits", "rule_standing", "blind_share", "new_services", "unjudged_sites",
    "unused_lines",
)  # fmt: skip
LABELS = {
    "principal": marked("Principal's edition"),
    "superintendent": marked("Superintendent's edition"),
    "board": "Board's edition",
    "public": "Public edition",
}
HELD = (
    "Counts only. A count that represents fewer than {least} accounts is withheld, and so is "
    "every count that would reveal it."
)
DEFINED = (
    "A case is the activity of one account or device in one week that a rule flagged: a question "
    "to look into, not a finding of fault. A log shows an account, never who was at the keyboard."
)


@dataclass(frozen=True)
class Count:
    """One number with its words."""

    value: str
    label: str


def counts_of(view: View) -> list[Count]:
    """Return the week in numbers, without those that represent few accounts."""
    least = view.inputs.least_count
    if not coverage(view).has_data:
        return _nothing()
    grid, labels, _ = _grid(view)
    hidden = held_back(grid, least)
    last = len(grid.counts) - 1
    kinds = [
        Count(_shown(grid, hidden, last, column), label)
        for column, label in enumerate(
            [*(f"cases about: {label}" for label in labels), "new cases of all kinds"]
        )
    ]
    return [*kinds, *_rough(view, least), *_of_data(view)]


def public_counts(view: View) -> list[Count]:
    """Return the few numbers for everyone: the week's cases, how they went, who looked."""
    counts = counts_of(view)
    if len(counts) == 1:
        return counts
    said = view.inputs.openness
    asked = [
        Count(number(said[name]), label) for name, label in PUBLIC_ACTS.items() if name in said
    ]
    new = replace(counts[len(KINDS)], label="new cases")
    arrived = [one for one in counts if one.label == text(ARRIVED)]
    return [new, *_rough(view, view.inputs.least_count)[:2], *arrived, *asked]


def _trend(view: View, least: int) -> Table:
    """Return the weeks before, each so roughly that no difference shows one case."""
    rows = [
        [day_range(week, week + timedelta(days=6)), band(cases, least)]
        for week, cases in sorted(_weekly(view).items())[-PUBLIC_WEEKS:]
    ]
    title = "Cases that were waiting for a decision in earlier weeks"
    return table(title, ["Week", "Cases"], rows)


def _weekly(view: View) -> dict[date, int]:
    return {
        week_of(week): cases
        for week in view.inputs.previous
        for cases in [week.get("needs_review")]
        if cases is not None and week_of(week) < view.start
    }


def _rough(view: View, least: int) -> list[Count]:
    """Return numbers that carry over from week to week: a difference would show one item."""
    return [
        Count(band(len(view.waiting), least), "cases that wait for a decision"),
        Count(band(len(view.decided), least), "cases decided since last week"),
        *_of_students(band(len(view.of_students.waiting), least), view),
    ]


def _of_students(said: str, view: View) -> list[Count]:
    """Return the number of cases about students' accounts, which are in no other number."""
    if not view.of_students.waiting:
        return []
    return [Count(said, text("open cases about students' accounts, counted separately"))]


def _of_data(view: View) -> list[Count]:
    """Return what arrived, was readable, and could be attributed to an account."""
    arrived = coverage(view)
    grades = view.of_week(view.inputs.attribution)
    known = total(grades.filter(pl.col("grade").is_in(["A", "B"])), "request_count")
    return [
        Count(number(new_sites(view).height), text("new sites that are not on the list (yet)")),
        Count(
            share(arrived.expected - arrived.missing, arrived.expected),
            text(ARRIVED),
        ),
        Count(_read(view), text("of lines could be read")),
        Count(
            share(known, total(grades, "request_count")),
            text("of use with a known account"),
        ),
    ]


def _read(view: View) -> str:
    days = view.of_week(view.inputs.source_days)
    came = total(days, "lines")
    return share(came - total(days, "rejects"), came)


def _signed(view: View) -> list[Count]:
    """Return whether the director signed the week, where the district signs weeks."""
    if not view.inputs.signed:
        return []
    one = view.inputs.signed.get(view.start)
    return [Count(one.by if one else text("no one yet"), text("signed this week"))]


def own_counts(view: View, elsewhere: int) -> list[Count]:
    """Return the numbers of one building, whole: its principal sees the cases as well."""
    if not coverage(view).has_data:
        return _nothing()
    also = text("that also involve another building (with the technology director)")
    findings = plural(
        "{findings} finding", "{findings} findings", elsewhere, findings=number(elsewhere)
    )
    return [*whole_counts(view), Count(findings, also)]


def _nothing() -> list[Count]:
    """Return what is known of a week without data."""
    return [Count(text(NOT_KNOWN), text("no log lines arrived"))]


def whole_counts(view: View) -> list[Count]:
    """Return the exact numbers of cases, for readers who see the cases as well."""
    if not coverage(view).has_data:
        return _nothing()
    return [
        Count(number(len(view.waiting)), text("cases that wait for a decision")),
        Count(number(len(view.decided)), text("cases decided since last week")),
        *(
            Count(number(size), text("new cases about: {subject}", subject=text(label)))
            for label, size in new_cases(view)
        ),
        *_of_students(number(len(view.of_students.waiting)), view),
    ]


def new_cases(view: View) -> list[tuple[str, int]]:
    """Return the week's own cases by what they are about, whatever became of them."""
    own = Counter(case.heaviest["kind"] for case in standing_cases(view))
    return [(label, own[kind]) for kind, label in KINDS.items()]


def standing_cases(view: View) -> list[Case]:
    """Return the week's own cases that need a decision, or have one: the new ones of page one."""
    asked = ("waiting", "confirmed", "explained")
    return [case for case in view.paged if view.is_new(case) and case.standing(view.start) in asked]


def tables_of(view: View, kind: str) -> Sequence[Table]:
    """Return the tables that an edition shows in addition to its numbers."""
    if not coverage(view).has_data:
        return ()
    if kind == "public":
        return (_trend(view, view.inputs.least_count),) if _weekly(view) else ()
    if kind == "board":
        counts = _items_table(view, view.inputs.least_count)
        return () if is_mostly_withheld(counts) else (counts,)
    return (_waits_table(view), _items_table(view, least=1))


def is_mostly_withheld(counts: Table) -> bool:
    """Return whether more than half of a table's counts are withheld."""
    cells = [cell.text == HIDDEN for row in counts.rows for cell in row[1:]]
    return 2 * sum(cells) > len(cells)


def _waits_table(view: View) -> Table:
    """Return what waits for a decision, for how long, and with whom."""
    today = view.inputs.generated_time.astimezone(view.zone).date()
    held: dict[str, list[Case]] = {}
    for case in view.waiting:
        held.setdefault(view.inputs.with_office.get(case.case_id, DIRECTOR), []).append(case)
    return table(
        text("What waits for a decision, and with whom"),
        ["With", "Cases", "New", "Overdue", "Oldest since"],
        (
            [
                term(WITH[office]),
                len(mine),
                sum(map(view.is_new, mine)),
                sum(case.due < today for case in mine),
                day(min(case.first_day for case in mine)),
            ]
            for office, mine in sorted(held.items())
        ),
    )


def in_sentences(view: View, kind: str) -> list[str]:
    """Return what an edition says in words, each a sentence."""
    if not coverage(view).has_data:
        return []
    if kind == "board" and not tables_of(view, kind):
        return _for_the_board(view)
    if kind == "principal":
        return [text(one) for one in PRINCIPAL_SENTENCES]
    return []


def _for_the_board(view: View) -> list[str]:
    """Return three sentences, where nearly every count would be withheld."""
    arrived, least = coverage(view), view.inputs.least_count
    whole = share(arrived.expected - arrived.missing, arrived.expected)
    waiting, decided = (band(len(cases), least) for cases in (view.waiting, view.decided))
    return [
        f"{whole} of the expected log hours arrived.",
        f"{capital(waiting)} cases wait for a decision; decided since last week: {decided}.",
        f"No table by building: most of its counts represent fewer than {least} accounts.",
    ]


def _grid(view: View) -> tuple[Grid, list[str], list[str]]:
    """Return the week's cases by building and kind, with totals; the labels of both."""
    week = _placed(view)
    kinds = list(KINDS)
    places = [*view.of_week(view.inputs.school_days)["building"].unique().sort()]
    places += sorted({one.place for one in week} - set(places))

    def inside(place: str | None, kind: str | None) -> list[_Placed]:
        return [one for one in week if place in (None, one.place) and kind in (None, one.kind)]

    counts = [[len(inside(place, kind)) for kind in kinds] for place in places]
    people = tuple(
        tuple(
            len({each for one in inside(place, kind) for each in one.subjects})
            for kind in (*kinds, None)
        )
        for place in (*places, None)
    )
    return Grid(with_totals(counts or [[0] * len(kinds)]), people), list(KINDS.values()), places


@dataclass(frozen=True)
class _Placed:
    """A case with the one place that it is counted under."""

    place: str
    kind: str
    subjects: tuple[str, ...]


def _placed(view: View) -> list[_Placed]:
    """Return the week's standing cases, each under the one building its lines name."""
    known = view.inputs.evidence.drop_nulls("building")
    held: dict[str, list[str]] = dict(
        known.group_by("finding_id").agg(pl.col("building").unique().sort()).iter_rows()
    )
    return [
        _Placed(_place(case, held), case.heaviest["kind"], subjects_of(case))
        for case in standing_cases(view)
    ]


def _place(case: Case, held: Mapping[str, Sequence[str]]) -> str:
    found = {one for row in case.counted for one in held.get(row["finding_id"], ())}
    if not found:
        return NOWHERE
    return found.pop() if len(found) == 1 else SEVERAL


def _shown(grid: Grid, hidden: frozenset[tuple[int, int]], row: int, column: int) -> str:
    return HIDDEN if (row, column) in hidden else number(grid.counts[row][column])


def _items_table(view: View, least: int) -> Table:
    grid, labels, places = _grid(view)
    hidden = held_back(grid, least)
    rows = [
        [_called(name), *(_shown(grid, hidden, row, at) for at in range(len(labels) + 1))]
        for row, name in enumerate([*(places or [NOWHERE]), EVERY])
    ]
    return table(text("The week's cases by building"), ["Building", *labels, "All"], rows)


def _called(place: str) -> str:
    """Return the name of a building, or the words for several, in the reader's language."""
    return term(place) if place in (SEVERAL, NOWHERE, EVERY) else place


@dataclass(frozen=True)
class Edition:
    """One edition of the report.

    Attributes:
        kind: principal, superintendent, board or public.
        building: The principal's own; empty for the others.
        code: Name of its folder, which does not change with the building's
            name: the rights to a folder are set once.
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
        """Title of its pages."""
        said = text(LABELS[self.kind])
        return f"{said}: {self.building}" if self.building else said


def editions(inputs: ReportInputs, kinds: Sequence[str]) -> Iterator[Edition]:
    """Yield the editions of the kinds asked for; a principal's for each building."""
    for kind in EDITIONS:
        if kind not in kinds:
            continue
        if kind != "principal":
            yield Edition(kind)
            continue
        for building in inputs.school_days["building"].drop_nulls().unique().sort():
            yield Edition(kind, building, inputs.building_codes.get(building, ""))


def edition_report(inputs: ReportInputs, week_start: date, edition: Edition) -> Pages:
    """Return every file of one edition of one week.

    Raises:
        ValueError: `week_start` is not a Monday.
    """
    whole = View(replace(inputs, reader=edition.kind), week_start)
    inputs, numbers = whole.inputs, numbers_of(whole, edition)
    if edition.building:
        own = View(of_building(inputs, edition.building), week_start)
        shared = said(own, edition)
        pages = _pages(own, edition, numbers, ())
        for view in (own, own.of_students):
            pages |= case_pages(view, shared, whole=True)
        return pages
    tables = tables_of(whole, edition.kind)
    if edition.kind == "superintendent":
        pages = _pages(whole, edition, numbers, tables)
        return pages | case_pages(whole, said(whole, edition), whole=True)
    sentences = in_sentences(whole, edition.kind)
    if sentences:
        numbers = [one for one in numbers if one.value != HIDDEN]
    return _pages(View(of_nobody(inputs), week_start), edition, numbers, tables, sentences)


def numbers_of(whole: View, edition: Edition) -> Sequence[Count]:
    """Return the numbers of an edition, the same on its page and in its email.

    Args:
        whole: The week of the whole district.
    """
    if edition.building:
        own = View(of_building(whole.inputs, edition.building), whole.start)
        return own_counts(own, elsewhere(whole, edition.building))
    if edition.kind == "superintendent":
        old = Count(
            number(len(aged(whole.waiting, whole.start))),
            text("cases undecided two weeks after their first report"),
        )
        return [old, *whole_counts(whole), *_of_data(whole), *_signed(whole)]
    return public_counts(whole) if edition.kind == "public" else counts_of(whole)


def _pages(
    view: View,
    edition: Edition,
    numbers: Sequence[Count],
    tables: Sequence[Table],
    sentences: Sequence[str] = (),
) -> dict[str, Page]:
    shared = said(view, edition)
    kept = [section for section in sections() if edition.kind in section.editions]
    parts = parts_of(view, wanted(kept, view.inputs.sections_off))
    is_for_one = edition.kind in TRANSLATED
    has_corrections = any(part.name == "corrections" for part in parts)
    index = page(
        "edition.html.j2",
        **shared,
        notices=notices_of(view, has_corrections=has_corrections),
        numbers=numbers,
        tables=tables,
        sentences=in_sentences(view, edition.kind) if is_for_one else sentences,
        cases=[one for one in week_cards(view) if one.item is not None] if is_for_one else [],
        most=MAX_LISTED,
        parts=[] if is_for_one else parts,
        details=DETAILS if is_for_one else "",
        has_signature=edition.kind == "superintendent",
    )
    details = page("edition_details.html.j2", **shared, parts=parts) if is_for_one else None
    return {
        f"{view.label}/index.html": index,
        **({f"{view.label}/{DETAILS}": details} if details else {}),
        **archive_pages(view, shared, numbers=False),
        **shared_files(parts, view, shared),
    }


def said(view: View, edition: Edition) -> Shared:
    """Return the edition's description on every page."""
    least = view.inputs.least_count
    intro = HELD.format(least=least)
    if edition.kind == "public":
        intro = f"{DEFINED} {intro}"
    if edition.kind == "superintendent":
        intro = text("All counts and cases, under code names; only reviewers see names.")
    if edition.building:
        intro = text(
            "Matters of {building} only. The technology director has those that also involve "
            "another building.",
            building=edition.building,
        )
    shared = about(view)
    label = f"{shared['report_title']}: {edition.label}"
    report_id = f"{shared['report_id']}-{edition.name}"
    return {
        **shared,
        "report_title": label,
        "edition": edition.label,
        "intro": intro,
        "report_id": report_id,
    }


def buildings_of_findings(inputs: ReportInputs) -> pl.DataFrame:
    """Return the buildings that the log lines of each finding name: `buildings`, a list."""
    known = inputs.evidence.drop_nulls("building")
    return known.group_by("finding_id").agg(buildings=pl.col("building").unique().sort())


def of_building(inputs: ReportInputs, building: str) -> ReportInputs:
    """Return the inputs without anything that another building has a part in."""
    held = buildings_of_findings(inputs).filter(
        pl.col("buildings") == pl.lit([building], pl.List(pl.String))
    )
    frames = {
        **{name: getattr(inputs, name).filter(building=building) for name in BUILDING},
        **{name: empty_frame(name) for name in (*DISTRICT, "site_use", "app_use", "apps")},
        "findings": inputs.findings.join(held, on="finding_id", how="semi"),
        "evidence": inputs.evidence.join(held, on="finding_id", how="semi"),
    }
    # a principal has no role at the review desk
    return with_frames(replace(inputs, desk="", previous=weeks(inputs)), frames)


def of_nobody(inputs: ReportInputs) -> ReportInputs:
    """Return the inputs without rows that represent one account or few."""
    bare = ("findings", "evidence", "site_use", *DISTRICT, *BUILDING[:4])
    own = replace(inputs, desk="", previous=weeks(inputs), earlier_facts=())
    frames = {name: empty_frame(name) for name in bare}
    return with_frames(own, frames | published(inputs))


def weeks(inputs: ReportInputs) -> list[WeekNumbers]:
    """Return the other weeks with their coverage, and no number of theirs."""
    return [
        WeekNumbers(week_start=week["week_start"], coverage=week.get("coverage"))
        for week in inputs.previous
    ]


def elsewhere(view: View, building: str) -> int:
    """Return the week's findings in which the building and another one have a part."""
    both = buildings_of_findings(view.inputs).filter(
        pl.col("buildings").list.contains(building),
        pl.col("buildings").list.len() > 1,
    )
    week = pl.concat(
        one.of_week(one.standing).select("finding_id") for one in (view, view.of_students)
    )
    return week.join(both, on="finding_id", how="semi").height
