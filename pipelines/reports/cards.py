"""Findings and cases as cards: seen, confidence, other explanations, limits, next step.

People decide a case. Its card shows the finding with the highest weight and names
the others; each finding has a separate page with its log lines.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import urlencode

import polars as pl

from pipelines.day_kinds import DAY_KINDS
from pipelines.errors import ModelError, capital
from pipelines.findings.attribution_words import in_words
from pipelines.findings.cases import Case
from pipelines.findings.grades import ALWAYS_LIMITS
from pipelines.findings.record import BY_DESIGN, RULED_OUT
from pipelines.findings.work_list import TODAY, WorkItem
from pipelines.reports.gaps import all_missing_hours, missing_hours, runs, say_hours
from pipelines.reports.headline import work
from pipelines.reports.language import (
    ENGLISH,
    Quoted,
    language,
    marked,
    plural,
    quoted,
    restated,
    term,
    text,
)
from pipelines.reports.report_rows import CardRow, PublishedRecord
from pipelines.reports.text_tables import Cell, Table, each, file_name, table, with_looks
from pipelines.reports.view import NO_BUILDING, View, once
from pipelines.reports.words import (
    DEVICE,
    KINDS,
    NOT_KNOWN,
    REVIEW,
    STANDINGS,
    STEPS,
    STRENGTHS,
    category,
    count,
    day,
    distance,
    estimate,
    how_sure,
    listed,
    number,
    span,
)
from pipelines.settings.model import NO_QUESTIONS
from pipelines.settings.problems import SEVERITIES
from pipelines.state.rows import texts_in, typed

Say = Callable[[float], str]
CONTACTS = marked("time between contacts")
WITH_BREAKS = marked("of it in contract hours (breaks unknown)")

NOTHING: tuple[object, ...] = (0, 0.0, None, "", [])
SHOWN = 2
"""Gaps that a note names; the rest are counted."""

COUNTS_NO_LINES = frozenset(
    {
        "changes",
        "corrections",
        "limits",
        "line-account",
        "permits",
        "policy-map",
        "rule-standing",
        "rules",
        "source-coverage",
    }
)
"""Parts of the report whose numbers no gap can make smaller, or that show the gaps."""
ASK_FIRST = "Ask before anything else."
LINE = ("source", "path", "line_no", "byte_offset", "line_sha256")
LINES_SHOWN = 5
"""Cases of an item that are listed; the others open."""


def _plain(value: float) -> str:
    return number(round(value))


def _minutes(seconds: float) -> str:
    return count(max(1, round(seconds / 60)), "minute")


def _short(seconds: float) -> str:
    if seconds >= 90:
        return _minutes(seconds)
    whole = max(1, round(seconds))
    return plural("{n} second", "{n} seconds", whole, n=whole)


def _about(seconds: float) -> str:
    return estimate(_minutes(seconds))


def _bytes(size: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


MEASURES: Mapping[str, tuple[str, Say | None]] = {
    "turns": ("switches between places", _plain),
    "contradictions": ("switches between places", _plain),
    "gap_seconds": ("time between the places", _short),
    "shortest_gap_seconds": ("shortest time between them", _short),
    "travel_seconds": ("shortest drive", _minutes),
    "kilometers": ("distance", distance),
    "requests_before": ("requests just before", _plain),
    "requests_after": ("requests just after", _plain),
    "requests": ("requests", _plain),
    "bins": ("five-minute intervals with requests", _plain),
    "longest_seconds": ("longest interval", _about),
    "total_seconds": ("in all", _about),
    "external_seconds": ("on outside sites", _about),
    "on_duty_seconds": ("of it on duty", _about),
    "visits": ("visits", _plain),
    "days": ("days in two weeks", _plain),
    "largest_bytes": ("largest response", _bytes),
    "categories": ("lists classify it as", None),
    "list_count": ("lists that agree", _plain),
    "day_type": ("kind of day", None),
    "live_share": ("requests with a live keyboard", "{:.0%}".format),
    "share": ("share", "{:.0%}".format),
}


def shown(measures: Mapping[str, object], cited: int = 0) -> Iterable[tuple[str, str]]:
    """Label and text of each figure that readers know, in the order above.

    Args:
        cited: Requests that the finding cites, the first ones; 0 if its lines were removed.
    """
    breaks = str(measures.get("why_no_break") or "")
    for name, (usual, say) in MEASURES.items():
        label = CONTACTS if name == "gap_seconds" and "calls" in measures else usual
        value = measures.get(name)
        if name == "days" and "total_seconds" not in measures:
            continue  # other rules count other days, and their sentence has the number
        if value not in NOTHING and (words := _said(value, say)):
            if name == "requests" and isinstance(value, int) and 0 < cited < value:
                words = text("{requests}, the first {n} cited", requests=words, n=number(cited))
            is_whole = name == "on_duty_seconds" and not breaks.startswith("the breaks")
            yield (term(WITH_BREAKS if is_whole else label), words)


def _said(value: object, say: Say | None) -> str:
    """Return a figure in words; empty for a value of another type than it should have."""
    if say is not None:
        return say(value) if isinstance(value, int | float) and value is not True else ""
    if isinstance(value, list):
        return listed([category(str(one)) for one in value], most=6)
    kind = value if isinstance(value, str) else ""
    return term(DAY_KINDS[kind].label if kind in DAY_KINDS else kind.replace("_", " "))


def blind_note(view: View, section: str) -> str:
    """Return the gaps that a part's numbers do not know of; empty without one."""
    return "" if section in COUNTS_NO_LINES else _gaps_said(view)


@once
def _gaps_said(view: View) -> str:
    gaps = sorted(runs(missing_hours(view)), key=lambda gap: -gap.lost)
    if not gaps:
        return ""
    if view.inputs.reader == "public":
        return text("Some log lines are missing. Numbers do not include what happened then.")
    named = "; ".join(say_hours(gap, view) for gap in gaps[:SHOWN])
    more = len(gaps) - SHOWN
    rest = text("; and {n} more", n=number(more)) if more > 0 else ""
    return text(
        "No lines: {gaps}{rest}. Numbers do not include what happened then.",
        gaps=named,
        rest=rest,
    )


@once
def blind_days(view: View) -> Mapping[date, str]:
    """Return the missing hours of each day, in any week."""
    absent = all_missing_hours(view)
    days: dict[date, list[str]] = {}
    for key, rows in absent.partition_by("event_date", as_dict=True).items():
        for gap in runs(rows.sort("source", "hour_start")):
            days.setdefault(key[0], []).append(say_hours(gap, view))
    return {day: "; ".join(said) for day, said in days.items()}


def with_blind_days(rows: pl.DataFrame, view: View) -> pl.DataFrame:
    """Return findings with what was missing on their day, as `blind`; null for nothing."""
    days = blind_days(view)
    blind = pl.col("event_date").replace_strict(
        list(days), list(days.values()), default=None, return_dtype=pl.String
    )
    return rows.with_columns(blind=blind if days else pl.lit(None, pl.String))


@dataclass(frozen=True)
class Card:
    """Everything a reader needs to decide about one finding, as text.

    Attributes:
        page: File name of its evidence page.
        case_id: The case that it is decided in.
        steps: One to three, for the marker next to `sure`.
        measures: Name and value of what was counted.
        seconds: Estimated use, if the finding is about use.
        alternatives: Other explanations: name, how tested, result.
        known_by: The facts that name the account, and cards that were learned.
        referral: The office that takes it further; empty if none has to.
    """

    finding_id: str
    page: str
    case_id: str
    claim: str
    subject: str
    kind: str
    rule: str
    when: str
    severity: str
    sure: str
    steps: int
    review: str
    devices: str
    support: str
    sources: tuple[str, ...]
    line_count: int
    referral: str
    measures: tuple[tuple[str, str], ...]
    seconds: float
    sites: tuple[str, ...]
    clauses: tuple[tuple[str, str, str], ...]
    alternatives: tuple[tuple[str, str, str], ...]
    limits: tuple[str, ...]
    known_by: tuple[str, ...]
    would_change: tuple[str, ...]
    next_step: str

    @property
    def advice(self) -> str:
        """The next step and the office, without the same sentence twice."""
        own = self.next_step
        asked = str(restated(NO_QUESTIONS))
        if self.referral.endswith(asked):
            own = own.removesuffix(asked).rstrip()
        return " ".join(filter(None, (own, self.referral)))

    @property
    def known_by_brief(self) -> str:
        """The facts that show the account; a login, the usual case, by its name alone."""
        login = upper(restated(in_words("login")))
        brief = (text("login") if fact == login else _inside(fact) for fact in self.known_by)
        return "; ".join(brief)

    @property
    def ruled_out(self) -> tuple[str, ...]:
        """Other explanations that a test excluded."""
        return tuple(name for name, _, result in self.alternatives if result == RULED_OUT)

    @property
    def still_fits(self) -> tuple[tuple[str, str, str], ...]:
        """Other explanations that fit, or that could not be tested."""
        return tuple(other for other in self.alternatives if other[2] not in (RULED_OUT, BY_DESIGN))

    @property
    def tested(self) -> tuple[tuple[str, str, str], ...]:
        """Other explanations that were tested, or that nothing could test."""
        return tuple(other for other in self.alternatives if other[2] != BY_DESIGN)

    @property
    def by_design(self) -> tuple[tuple[str, str], ...]:
        """Other explanations that the rule's way of counting excludes, and how."""
        return tuple(
            (name, text) for name, text, result in self.alternatives if result == BY_DESIGN
        )


@once
def cited(view: View) -> pl.DataFrame:
    """Return how many log lines and requests each finding cites, and their sources."""
    return view.inputs.evidence.group_by("finding_id").agg(
        line_count=pl.len(),
        request_count=pl.col("role").eq("request").sum(),
        sources=pl.col("source").unique().sort(),
    )


def card_rows(view: View, findings: pl.DataFrame) -> pl.DataFrame:
    """Return the findings with everything on their cards, in words."""
    titles = {}
    for rule in view.inputs.rules:
        for key in ("code", "name"):
            titles[str(rule.get(key))] = str(rule.get("title") or rule.get("name"))
    joined = findings.join(cited(view), on="finding_id", how="left", maintain_order="left")
    return with_blind_days(joined, view).with_columns(
        when=each(
            findings, lambda start, end: span(start, end, view.zone), "start_time", "end_time"
        ),
        rule_title=pl.col("rule").replace_strict(titles, default=pl.col("rule")),
        referral=each(findings, view.inputs.referral.sentence, "kind", "severity"),
        line_count=pl.col("line_count").fill_null(0),
        request_count=pl.col("request_count").fill_null(0),
    )


def card(row: CardRow) -> Card:
    """Put one finding into words.

    Raises:
        ModelError: Its record is not the JSON that was agreed.
    """
    record = read_record(row)
    measures = record.get("measures") or {}
    seconds = (measures.get(name) for name in ("external_seconds", "total_seconds"))
    # limits of the clause come first
    limits = [*map(restated, sorted(record.get("limits") or (), key=ALWAYS_LIMITS.__contains__))]
    if row["blind"]:
        limits.append(text("Source hours without lines on that day: {hours}.", hours=row["blind"]))
    return Card(
        finding_id=row["finding_id"],
        page=page_name(row["finding_id"]),
        case_id=row["case_id"],
        claim=claim_of(row["claim"], measures),
        subject=row["subject"],
        kind=term(KINDS.get(row["kind"], NOT_KNOWN)),
        rule=restated(row["rule_title"]),
        when=(record.get("local_time") if language() == ENGLISH else "") or row["when"],
        severity=weight(row["severity"]),
        sure=how_sure(
            row["confidence"],
            len(row["sources"] or ()),
            [one.get("result", "") for one in record.get("alternatives") or ()],
        ),
        steps=STEPS[row["confidence"]],
        review=term(REVIEW.get(row["status"], NOT_KNOWN)),
        devices=on_devices(row["devices"] or []),
        support=support(row["line_count"], row["sources"] or ()),
        sources=tuple(row["sources"] or ()),
        line_count=row["line_count"],
        referral=restated(row["referral"]),
        measures=tuple(shown(measures, cited=row["request_count"])),
        seconds=next((float(one) for one in seconds if isinstance(one, int | float)), 0.0),
        sites=tuple(with_looks(site) for site in record.get("sites") or ()),
        clauses=tuple(
            (
                clause["id"],
                quoted(clause.get("title") or ""),
                term(STRENGTHS.get(clause.get("strength", ""), NOT_KNOWN)),
            )
            for clause in record.get("clauses") or ()
        ),
        alternatives=tuple(
            explanation(other, measures) for other in record.get("alternatives") or ()
        ),
        limits=tuple(limits),
        known_by=tuple(upper(restated(one)) for one in record.get("known_by") or ()),
        would_change=tuple(upper(restated(one)) for one in record.get("would_change") or ()),
        next_step=restated(record.get("next_step") or ASK_FIRST, measures),
    )


def weight(severity: str) -> str:
    """Return a severity in words."""
    return term(severity if severity in SEVERITIES else NOT_KNOWN)


def claim_of(claim: str, measures: Mapping[str, object]) -> str:
    """Return the sentence of a finding, in the language and the units of its readers."""
    said = restated(claim, measures)
    shown = with_looks(in_units(said, measures))
    return quoted(shown) if isinstance(said, Quoted) else shown


def in_units(claim: str, measures: Mapping[str, object]) -> str:
    """Return the sentence with its distance in the units of the district's readers."""
    kilometers = measures.get("kilometers")
    if isinstance(kilometers, bool) or not isinstance(kilometers, int | float):
        return claim
    return claim.replace(f"{number(round(kilometers))} km", distance(kilometers))


def decide(by: date, made: date) -> str:
    """Return the due date of a decision, in words for a past date too."""
    if by < made:
        return text("A decision was due {day}.", day=day(by))
    return text("Please decide by {day}.", day=day(by))


def page_name(name: str) -> str:
    """Return file name of the evidence page of a finding or a case."""
    return f"{file_name(name)}.html"


def on_devices(tokens: Sequence[str]) -> str:
    """Return text such as "device cedar-04" and "devices cedar-04 and maple-11"."""
    names = [token.removeprefix(DEVICE) for token in tokens]
    if not names:
        return ""
    return plural("device {name}", "devices {name}", len(names), name=listed(names, most=6))


def read_record(row: CardRow) -> PublishedRecord:
    """Return the record's JSON; an empty one where there is none."""
    record: PublishedRecord | None = None
    with suppress(json.JSONDecodeError):
        record = json.loads(row["record"] or "{}")
    if not isinstance(record, dict):
        raise ModelError(
            f"the record of finding {row['finding_id']} is not a JSON object",
            where="reports.inputs.findings.record",
            remedy="Rebuild the findings of that day; the report is not published.",
        )
    return record


def support(line_count: int, sources: Sequence[str]) -> str:
    """Return the number and sources of its log lines."""
    if not line_count:
        return text("Its log lines have been removed under the retention rules")
    lines = count(line_count, "log line")
    return text("{lines} from {sources}", lines=lines, sources=listed(sources))


def explanation(other: Mapping[str, str], measures: Mapping[str, object]) -> tuple[str, str, str]:
    """Return an explanation's name, how it was tested, and the result."""
    name, test = (restated(plain(other.get(key)), measures) for key in ("name", "test"))
    return name, test, plain(other.get("result"))


def upper(sentence: str) -> str:
    """Return a sentence with a capital letter; English that is quoted remains marked."""
    said = capital(sentence)
    return quoted(said) if isinstance(sentence, Quoted) else said


def _inside(sentence: str) -> str:
    """Return a sentence for the inside of another one; an abbreviation keeps its capitals."""
    return sentence[:1].lower() + sentence[1:] if sentence[1:2].islower() else sentence


def plain(name: str | None) -> str:
    """Return a field's name as words."""
    return (name or NOT_KNOWN).replace("_", " ")


@dataclass(frozen=True)
class CaseCard:
    """A case as people decide it.

    Attributes:
        page: File name of its page; empty if the week has none.
        kind: Of its main finding, as the rules name it.
        head: Its main finding.
        more: Its other findings.
        within: Uses of sites within its off-hours use, by finding id.
        group: Its list in the report: *new* and *carried* wait for a decision;
            *trial*, *expired* and *decided* do not.
        standing: Its question, in words.
        is_open: Whether it is undecided.
        decide: Due date of the decision, in words.
        first: The day on which it was first seen; `since` is the same in words.
        label: Its number, or its id without one.
        desk: Its address at the review desk; empty without one.
        item: Its item on the list of work; None if it needs no decision.
        schools: The buildings where it was seen.
        related: Label and page of the week's other cases of the same accounts.
        line_count: Log lines of its findings, each counted once.
        statements: Statements of the person concerned.
    """

    case_id: str
    page: str
    kind: str
    head: Card
    more: tuple[Card, ...]
    within: Mapping[str, tuple[Card, ...]]
    subjects: tuple[str, ...]
    group: str
    standing: str
    is_open: bool
    decide: str
    first: date
    since: str
    severity: str
    label: str
    desk: str
    item: WorkItem | None
    schools: tuple[str, ...]
    related: tuple[tuple[str, str], ...]
    line_count: int
    statements: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """The buildings that its sentence does not name."""
        return listed([one for one in self.schools if one not in self.head.claim], most=2)

    @property
    def findings(self) -> tuple[Card, ...]:
        """All of them, each after the one that contains it."""
        own = (self.head, *self.more)
        return tuple(each for one in own for each in (one, *self.of(one)))

    def of(self, card: Card) -> tuple[Card, ...]:
        """Return the uses of sites within a finding."""
        return self.within.get(card.finding_id, ())

    @property
    def support(self) -> str:
        """Its evidence."""
        sources = {source for card in self.findings for source in card.sources}
        return support(self.line_count, sorted(sources))


@dataclass(frozen=True)
class ItemCard:
    """An item on the list of work: one case, or several like cases.

    Attributes:
        title: The sentence of the case; what they have in common, if there are several.
        desk: Address of the same cases at the review desk; empty without one.
    """

    cases: tuple[CaseCard, ...]
    is_new: bool
    title: str
    desk: str

    @property
    def page(self) -> str:
        """File name of the page of its first case."""
        return self.cases[0].page

    @property
    def severity(self) -> str:
        """The highest of its cases."""
        return self.cases[0].severity

    @property
    def schools(self) -> str:
        """The buildings of its cases; those that the sentence of a single case lacks."""
        if len(self.cases) == 1:
            return self.cases[0].place
        return listed(sorted({one for case in self.cases for one in case.schools}), most=2)

    @property
    def next_step(self) -> str:
        """The next step of its cases; a pointer to each case if their rules differ."""
        steps = {one.head.next_step for one in self.cases}
        return steps.pop() if len(steps) == 1 else text("Open each case: their next steps differ.")

    @property
    def since(self) -> str:
        """The day on which the oldest case was seen."""
        return min(self.cases, key=lambda one: one.first).since


def item_cards(rows: Sequence[CaseCard]) -> list[ItemCard]:
    """Return the list of work from the cards of its cases, in its order."""
    held: dict[tuple[bool, str], list[CaseCard]] = {}
    for one in rows:
        if one.item is not None:
            held.setdefault((one.item.is_new, one.item.code), []).append(one)
    new_first = sorted(held.items(), key=lambda pair: not pair[0][0])
    return [_item_card(tuple(each)) for _, each in new_first]


def _item_card(mine: tuple[CaseCard, ...]) -> ItemCard:
    head, item = mine[0], mine[0].item
    assert item is not None
    title = head.head.claim
    if len(mine) > 1:
        common = head.head.rule if item.by == "rule" else capital(head.head.kind)
        title = f"{count(len(mine), 'case')}: {common}"
    address = head.desk.partition("/cases/")[0]
    return ItemCard(
        cases=mine,
        is_new=item.is_new,
        title=title,
        desk=f"{address}/?{urlencode(item.parts)}" if address else "",
    )


@once
def cards(view: View) -> dict[str, Card]:  # noqa: ARG001 - kept with the view
    """Return every finding of the cases that `case_cards` was asked for, by its id."""
    return {}


@once
def _made(view: View) -> dict[str, CaseCard]:  # noqa: ARG001 - kept with the view
    """Return cards by case: several parts of a week show the same ones."""
    return {}


def case_cards(view: View, cases: Iterable[Case]) -> list[CaseCard]:
    """Return a card for each case, in the order given; none is made twice."""
    chosen, known = list(cases), _made(view)
    new = [case for case in chosen if case.case_id not in known]
    known.update((one.case_id, one) for one in _new_cards(view, new))
    return [known[case.case_id] for case in chosen]


def _new_cards(view: View, chosen: Sequence[Case]) -> list[CaseCard]:
    if not chosen:
        return []
    wanted = [row["finding_id"] for case in chosen for row in case.findings]
    rows = view.known.filter(pl.col("finding_id").is_in(wanted))
    made = cards(view)
    for row in typed(CardRow, card_rows(view, rows).iter_rows(named=True)):
        made[row["finding_id"]] = card(row)
    paged: dict[str, list[str]] = {}
    own = {case.case_id for case in view.paged}
    for case in view.paged:
        for subject in subjects_of(case):
            paged.setdefault(subject, []).append(case.case_id)
    sizes = lines_of(view, chosen)
    found = [_case_card(view, case, made, paged, sizes.get(case.case_id, 0)) for case in chosen]
    return [one if one.case_id in own else replace(one, page="") for one in found]


def lines_of(view: View, chosen: Sequence[Case]) -> Mapping[str, int]:
    """Log lines of each case; one that several of its findings cite counts once."""
    own = {row["finding_id"]: one.case_id for one in chosen for row in one.findings}
    lines = view.inputs.evidence.filter(pl.col("finding_id").is_in(list(own)))
    return dict(
        lines.with_columns(pl.col("finding_id").replace_strict(own).alias("case_id"))
        .unique(["case_id", *LINE])
        .group_by("case_id")
        .len()
        .iter_rows()
    )


def week_cards(view: View) -> list[CaseCard]:
    """Return waiting cases, the week's other cases, and those that expired in it."""
    others = view.standing_as("trial", "expired")
    ended = view.standing_as("confirmed", "explained")
    expired = [case for case in others if case.expires == view.start]
    brought = [case for case in (*others, *ended) if view.is_new(case)]
    return case_cards(view, [*view.waiting, *brought, *expired])


def groups(rows: Sequence[CaseCard]) -> Mapping[str, object]:
    """Return the lists of the page: items to do first, other new ones, older ones."""
    held: dict[str, list[CaseCard]] = {}
    for one in rows:
        held.setdefault(one.group, []).append(one)
    items = item_cards(rows)
    return {
        "today": items[:TODAY],
        "new": [one for one in items[TODAY:] if one.is_new],
        "older": [one for one in items[TODAY:] if not one.is_new],
        "most": LINES_SHOWN,
        "has_open": any(one.is_open for one in rows),
        **{name: held.get(name, []) for name in ("trial", "decided", "expired")},
    }


def subjects_of(case: Case) -> tuple[str, ...]:
    """Return the accounts or devices that it is about."""
    return tuple(dict.fromkeys(str(row["subject"]) for row in case.counted))


def _case_card(
    view: View,
    case: Case,
    made: Mapping[str, Card],
    paged: Mapping[str, Sequence[str]],
    line_count: int,
) -> CaseCard:
    head = case.heaviest["finding_id"]
    parts = {row["finding_id"]: inside for row, inside in case.parts()}
    standing = case.standing(view.start)
    subjects = subjects_of(case)
    others = dict.fromkeys(one for each in subjects for one in paged.get(each, ()))
    return CaseCard(
        case_id=case.case_id,
        page=page_name(case.case_id),
        kind=str(case.heaviest["kind"]),
        head=made[head],
        more=tuple(made[one] for one in parts if one != head),
        within={
            one: tuple(made[row["finding_id"]] for row in inside) for one, inside in parts.items()
        },
        subjects=subjects,
        group=_group(view, case),
        standing=term(STANDINGS.get(standing, NOT_KNOWN)),
        is_open=case.status == "open",
        decide=decide(case.due, view.inputs.generated_time.astimezone(view.zone).date()),
        first=case.first_day,
        since=day(case.first_day),
        severity=weight(case.severity),
        label=case.label,
        desk=f"{view.inputs.desk}/cases/{case.case_id}" if view.inputs.desk else "",
        item=_item_by_case(view).get(case.case_id),
        schools=schools_of(view, case),
        related=tuple((view.labels[one], page_name(one)) for one in others if one != case.case_id),
        line_count=line_count,
        statements=tuple(view.inputs.statements.get(case.case_id, ())),
    )


@once
def _item_by_case(view: View) -> Mapping[str, WorkItem]:
    return {case.case_id: item for item in work(view) for case in item.cases}


@once
def _buildings(view: View) -> Mapping[str, list[str]]:
    """Return the buildings that the log lines of each finding name."""
    known = view.inputs.evidence.drop_nulls("building")
    named = known.filter(pl.col("building") != NO_BUILDING)
    return dict(named.group_by("finding_id").agg(pl.col("building").unique().sort()).iter_rows())


def schools_of(view: View, case: Case) -> tuple[str, ...]:
    """Return the buildings of a case: those of its facts, otherwise of its log lines."""
    said = {
        code for row in case.counted for code in texts_in(row["record"]["details"], "buildings")
    }
    cited = {one for row in case.counted for one in _buildings(view).get(row["finding_id"], ())}
    return tuple(sorted(said or cited))


def _group(view: View, case: Case) -> str:
    standing = case.standing(view.start)
    if standing == "waiting":
        return "new" if view.is_new(case) else "carried"
    return standing if standing in ("trial", "expired") else "decided"


def cases_table(cards: Iterable[CaseCard]) -> Table:
    """Return a table with one case per line."""
    return table(
        text("One row per case"),
        [
            "Case",
            "Account or device",
            "About",
            "What was seen",
            "When",
            "Since",
            "Confidence",
            "Weight",
            "Standing",
            "Findings",
            "Log lines",
        ],
        (
            [
                case_link(one),
                listed(one.subjects),
                one.head.kind,
                one.head.claim,
                one.head.when,
                one.since,
                one.head.sure.split(":")[0],
                one.severity,
                one.standing,
                len(one.findings),
                one.line_count,
            ]
            for one in cards
        ),
        # the sentence names the account and the time
        only_in_files=("Account or device", "When", "Findings", "Log lines"),
    )


def case_link(one: CaseCard, folder: str = "evidence/") -> Cell:
    """Return the case's id, leading to its page."""
    href = f"{folder}{one.page}" if one.page else ""
    return Cell(one.label, one.case_id, href=href)
