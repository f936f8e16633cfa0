"""A finding as a card: seen, how sure, what else fits, what we could not see, next."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import polars as pl

from pipelines.errors import ModelError
from pipelines.findings.record import BY_DESIGN, RULED_OUT
from pipelines.findings.wording import ALWAYS_LIMITS
from pipelines.reports.headline import missing_hours, runs, say_gap
from pipelines.reports.safety import file_name
from pipelines.reports.tables import Table, table
from pipelines.reports.view import View
from pipelines.reports.words import (
    DAY_TYPES,
    KINDS,
    NOT_KNOWN,
    REVIEW,
    STEPS,
    STRENGTHS,
    SURE,
    count,
    day,
    distance,
    how_sure,
    listed,
    number,
    span,
)
from pipelines.settings.parts import SEVERITIES

Say = Callable[[Any], str]


def _plain(value: Any) -> str:
    return number(round(float(value)))


def _minutes(seconds: Any) -> str:
    whole = max(1, round(float(seconds) / 60))
    return "1 minute" if whole == 1 else f"{number(whole)} minutes"


def _short(seconds: Any) -> str:
    value = float(seconds)
    if value >= 90:
        return _minutes(value)
    whole = max(1, round(value))
    return "1 second" if whole == 1 else f"{whole} seconds"


def _about(seconds: Any) -> str:
    return f"about {_minutes(seconds)} (estimate)"


def _bytes(value: Any) -> str:
    size = float(value)
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _share(value: Any) -> str:
    return f"{float(value):.0%}"


def _kilometers(value: Any) -> str:
    return distance(float(value))


def _words(value: Any) -> str:
    return listed([str(one).replace("_", " ") for one in value], most=6)


def _day_type(value: Any) -> str:
    return DAY_TYPES.get(str(value), str(value).replace("_", " "))


MEASURES: Mapping[str, tuple[str, Say]] = {
    "turns": ("changes between the places", _plain),
    "contradictions": ("changes between the places", _plain),
    "gap_seconds": ("time between the places", _short),
    "shortest_gap_seconds": ("shortest time between", _short),
    "travel_seconds": ("fastest drive", _minutes),
    "kilometres": ("distance", _kilometers),
    "requests_before": ("requests just before", _plain),
    "requests_after": ("requests just after", _plain),
    "requests": ("requests", _plain),
    "bins": ("five-minute stretches with requests", _plain),
    "longest_seconds": ("longest stretch", _about),
    "total_seconds": ("in all", _about),
    "external_seconds": ("on outside sites", _about),
    "on_duty_seconds": ("of it on duty", _about),
    "visits": ("visits", _plain),
    "days": ("days in two weeks", _plain),
    "largest_bytes": ("largest response", _bytes),
    "categories": ("lists call it", _words),
    "list_count": ("lists that agree", _plain),
    "day_type": ("kind of day", _day_type),
    "live_share": ("requests with a live keyboard", _share),
    "share": ("share", _share),
}
NOTHING: tuple[object, ...] = (0, 0.0, None, "", [])


def shown(measures: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Label and text of each figure that readers know, in the order above."""
    for name, (label, say) in MEASURES.items():
        value = measures.get(name)
        if value not in NOTHING and _fits(value, say):
            yield label, say(value)


def _fits(value: Any, say: Say) -> bool:
    """The value is of the kind its words are made for."""
    if say is _words:
        return isinstance(value, list)
    if say is _day_type:
        return isinstance(value, str)
    return isinstance(value, int | float) and not isinstance(value, bool)


SHOWN = 2
"""Gaps that a note names; the rest are counted."""

COUNTS_NO_LINES = frozenset(
    {
        "changes", "corrections", "limits", "line-account", "permits", "policy-map",
        "rule-standing", "rules", "source-coverage",
    }
)  # fmt: skip
"""Parts of the report whose numbers no gap can make smaller, or that show the gaps."""


def blind_note(view: View, section: str) -> str:
    """The gaps that a part's numbers do not know of; empty without one."""
    if section in COUNTS_NO_LINES:
        return ""
    gaps = sorted(runs(missing_hours(view)), key=lambda gap: -gap.hour_count)
    if not gaps:
        return ""
    named = "; ".join(say_gap(gap, view) for gap in gaps[:SHOWN])
    more = len(gaps) - SHOWN
    rest = f"; and {number(more)} more" if more > 0 else ""
    return f"No lines: {named}{rest}. What happened then is in no number here."


def blind_days(view: View) -> Mapping[date, str]:
    """For each day with missing hours, of any week, which those are."""
    absent = missing_hours(view, is_week_only=False)
    days: dict[date, list[str]] = {}
    for key, rows in absent.partition_by("event_date", as_dict=True).items():
        for gap in runs(rows.sort("source", "hour_start")):
            days.setdefault(key[0], []).append(say_gap(gap, view))
    return {day: "; ".join(said) for day, said in days.items()}


def with_blind_days(rows: pl.DataFrame, view: View) -> pl.DataFrame:
    """Findings with what was missing on their day, as `blind`; null for nothing."""
    days = blind_days(view)
    blind = pl.col("event_date").replace_strict(
        list(days), list(days.values()), default=None, return_dtype=pl.String
    )
    return rows.with_columns(blind=blind if days else pl.lit(None, pl.String))


DAYS_TO_DECIDE = timedelta(days=11)  # the Friday after the report's Monday


@dataclass(frozen=True)
class Card:
    """Everything a reader needs to decide about one finding, as text.

    Attributes:
        page: File name of its evidence page.
        steps: One to three, for the marker beside `sure`.
        others: Id and page of further items of the week about the same subject.
        measures: Name and value of what was counted.
        alternatives: Other explanations: name, how tested, result.
        decide: Until when a decision is asked for, or was.
        command: The command that records one.
        referral: Which office takes it further; empty where none has to.
    """

    finding_id: str
    page: str
    claim: str
    subject: str
    kind: str
    rule: str
    when: str
    severity: str
    sure: str
    steps: int
    review: str
    is_open: bool
    carried: str
    since: str
    others: tuple[tuple[str, str], ...]
    devices: str
    support: str
    line_count: int
    decide: str
    command: str
    referral: str
    measures: tuple[tuple[str, str], ...]
    sites: tuple[str, ...]
    clauses: tuple[tuple[str, str, str], ...]
    alternatives: tuple[tuple[str, str, str], ...]
    limits: tuple[str, ...]
    would_change: tuple[str, ...]
    next_step: str

    @property
    def ruled_out(self) -> tuple[str, ...]:
        """Other explanations that a test excluded."""
        return tuple(
            name for name, _, result in self.alternatives if result == RULED_OUT
        )

    @property
    def still_fits(self) -> tuple[tuple[str, str, str], ...]:
        """Other explanations that fit, or that could not be tested."""
        return tuple(
            other
            for other in self.alternatives
            if other[2] not in (RULED_OUT, BY_DESIGN)
        )

    @property
    def tested(self) -> tuple[tuple[str, str, str], ...]:
        """Other explanations that were tested, or that nothing could test."""
        return tuple(other for other in self.alternatives if other[2] != BY_DESIGN)

    @property
    def by_design(self) -> tuple[tuple[str, str], ...]:
        """Other explanations that the rule's way of counting excludes, and how."""
        return tuple(
            (name, text)
            for name, text, result in self.alternatives
            if result == BY_DESIGN
        )


def card_rows(view: View, findings: pl.DataFrame) -> pl.DataFrame:
    """The findings with all that a card says of them, in words."""
    lines = view.inputs.evidence.group_by("finding_id").agg(
        line_count=pl.len(), sources=pl.col("source").unique().sort()
    )
    titles = {}
    for rule in view.inputs.rules:
        for key in ("code", "name"):
            titles[str(rule.get(key))] = str(rule.get("title") or rule.get("name"))
    when = pl.struct("start_time", "end_time").map_elements(
        lambda row: span(row["start_time"], row["end_time"], view.zone),
        return_dtype=pl.String,
    )
    left: Any = {"how": "left", "maintain_order": "left"}
    joined = findings.join(lines, on="finding_id", **left)
    joined = joined.join(same_subject(view), on="subject", **left)
    return with_blind_days(joined, view).with_columns(
        when=when,
        rule_title=pl.col("rule").replace_strict(titles, default=pl.col("rule")),
        is_carried=pl.col("event_date") < view.start,
        referral=pl.struct("kind", "severity").map_elements(
            lambda row: view.inputs.referral.sentence(row["kind"], row["severity"]),
            return_dtype=pl.String,
        ),
        decide_by=pl.lit(view.start + DAYS_TO_DECIDE),
        made_date=pl.lit(view.inputs.generated_time.astimezone(view.zone).date()),
        line_count=pl.col("line_count").fill_null(0),
    )


def same_subject(view: View) -> pl.DataFrame:
    """The items with a page in this week, by the account or device they are about."""
    paged = view.standing.filter(pl.col("finding_id").is_in(view.paged))
    return paged.group_by("subject").agg(same_subject=pl.col("finding_id"))


def cards(rows: pl.DataFrame) -> list[Card]:
    """A card for each row."""
    return [card(row) for row in rows.iter_rows(named=True)]


def card(row: Mapping[str, Any]) -> Card:
    """Put one finding into words.

    Raises:
        ModelError: Its record is not the JSON that was agreed.
    """
    record = read_record(row)
    return Card(
        finding_id=row["finding_id"],
        page=page_name(row["finding_id"]),
        claim=row["claim"],
        subject=row["subject"],
        kind=KINDS.get(row["kind"], NOT_KNOWN),
        rule=row["rule_title"],
        when=record.get("local_time") or row["when"],
        severity=row["severity"] if row["severity"] in SEVERITIES else NOT_KNOWN,
        sure=how_sure(
            row["confidence"],
            len(row["sources"] or ()),
            [str(one.get("result")) for one in record.get("alternatives") or ()],
        ),
        steps=STEPS[row["confidence"]],
        review=REVIEW.get(row["status"], NOT_KNOWN),
        is_open=row["status"] == "open",
        carried=carried(row),
        since=day(row["event_date"]),
        others=tuple(
            (one, page_name(one))
            for one in row["same_subject"] or ()
            if one != row["finding_id"]
        ),
        devices=on_devices(row["devices"] or []),
        support=support(row),
        line_count=row["line_count"],
        decide=decide(row["decide_by"], row["made_date"]),
        referral=row["referral"],
        command=f"schoolbell findings verdict {row['finding_id']} CODE --reason ...",
        **details(record, row["blind"] or ""),
    )


def decide(by: date, made: date) -> str:
    """Until when a decision is asked for; a date that is over says so."""
    if by < made:
        return f"A decision was due {day(by)}."
    return f"Please decide by {day(by)}."


def page_name(finding_id: str) -> str:
    """File name of an item's evidence page."""
    return f"{file_name(finding_id)}.html"


def on_devices(tokens: Sequence[str]) -> str:
    """As in "device cedar-04" and "devices cedar-04 and maple-11"."""
    names = [token.removeprefix(DEVICE) for token in tokens]
    if not names:
        return ""
    return f"{'device' if len(names) == 1 else 'devices'} {listed(names, most=6)}"


DEVICE = "device "


def carried(row: Mapping[str, Any]) -> str:
    """Since when an item of an earlier week waits."""
    if not row["is_carried"]:
        return ""
    return f"Carried over, first seen {day(row['event_date'])}"


def read_record(row: Mapping[str, Any]) -> dict[str, Any]:
    """The record's JSON; an empty one where there is none."""
    try:
        record = json.loads(row["record"] or "{}")
    except json.JSONDecodeError as error:
        raise broken(row) from error
    if not isinstance(record, dict):
        raise broken(row)
    return record


def broken(row: Mapping[str, Any]) -> ModelError:
    """The error for a record that cannot be read."""
    return ModelError(
        f"the record of finding {row['finding_id']} is not JSON object",
        where="reports.inputs.findings.record",
        remedy="Rebuild the findings of that day; the report is not published.",
    )


def support(row: Mapping[str, Any]) -> str:
    """How many log lines of which sources hold it up."""
    if not row["line_count"]:
        return "Its log lines have been removed under the retention rules"
    return f"{count(row['line_count'], 'log line')} from {listed(row['sources'])}"


def details(record: Mapping[str, Any], blind: str) -> dict[str, Any]:
    """The lists of a card, each text made plain.

    Args:
        blind: Which source hours of its day are missing; empty for none.
    """
    return {
        "measures": tuple(shown(record.get("measures") or {})),
        "sites": tuple(str(site) for site in record.get("sites") or ()),
        "clauses": tuple(
            (str(clause.get("id")), str(clause.get("title") or ""), strength(clause))
            for clause in record.get("clauses") or ()
        ),
        "alternatives": tuple(
            tuple(plain(str(other.get(key) or NOT_KNOWN)) for key in OTHER)
            for other in record.get("alternatives") or ()
        ),
        "limits": (
            *sorted(
                (str(text) for text in record.get("limits") or ()),
                key=ALWAYS_LIMITS.__contains__,  # those of the clause come first
            ),
            *((f"Source hours without lines on that day: {blind}.",) if blind else ()),
        ),
        "would_change": tuple(str(text) for text in record.get("would_change") or ()),
        "next_step": str(record.get("next_step") or "Ask before anything else."),
    }


OTHER = ("name", "test", "result")


def strength(clause: Mapping[str, Any]) -> str:
    """What logs can show of a clause, in words."""
    return STRENGTHS.get(str(clause.get("strength")), NOT_KNOWN)


def plain(name: str) -> str:
    """A field's name as words."""
    return name.replace("_", " ")


def item_rows(view: View) -> pl.DataFrame:
    """One row per item that waits, or that the week brought and was decided."""
    week = view.of_week(view.standing).filter(pl.col("status") != "open")
    return card_rows(view, pl.concat([heaviest_first(view.waiting), week]))


def heaviest_first(findings: pl.DataFrame) -> pl.DataFrame:
    """What weighs most is read first; within one weight the older."""
    weight = pl.col("severity").replace_strict(
        {name: place for place, name in enumerate(SEVERITIES)},
        default=0,
        return_dtype=pl.Int64,
    )
    return findings.sort(
        -weight, "event_date", "start_time", "finding_id", maintain_order=True
    )


def items_table(rows: pl.DataFrame) -> Table:
    """Each item in a line."""
    return table(
        "One row per item",
        ["Item", "Account or device", "About", "What was seen", "When", "Day",
         "How sure", "Weight", "Review", "Log lines"],
        (
            [
                row["finding_id"],
                row["subject"],
                KINDS.get(row["kind"]),
                row["claim"],
                row["when"],
                day(row["event_date"]),
                SURE[row["confidence"]],
                row["severity"],
                REVIEW.get(row["status"]),
                row["line_count"],
            ]
            for row in rows.iter_rows(named=True)
        ),
    )  # fmt: skip
