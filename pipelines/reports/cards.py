"""A finding as a card: seen, how sure, what else fits, what we could not see, next."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl

from pipelines.errors import ModelError
from pipelines.reports.blind import with_blind_days
from pipelines.reports.measures import shown
from pipelines.reports.safety import file_name
from pipelines.reports.view import View
from pipelines.reports.words import (
    KINDS,
    NOT_KNOWN,
    REVIEW,
    SEVERITIES,
    STEPS,
    STRENGTHS,
    SURE,
    count,
    day,
    listed,
    span,
)

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
    decide_by: str
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
        return tuple(name for name, _, result in self.alternatives if result == OUT)

    @property
    def still_fits(self) -> tuple[tuple[str, str, str], ...]:
        """Other explanations that fit, or that could not be tested."""
        return tuple(
            other for other in self.alternatives if other[2] not in (OUT, BY_DESIGN)
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
        decide_by=pl.lit(view.start + DAYS_TO_DECIDE),
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
        sure=SURE[row["confidence"]],
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
        decide_by=day(row["decide_by"]),
        **details(record, row["blind"] or ""),
    )


def page_name(finding_id: str) -> str:
    """File name of an item's evidence page."""
    return f"{file_name(finding_id)}.html"


def on_devices(tokens: Sequence[str]) -> str:
    """As in "device cedar-04" and "devices cedar-04 and maple-11"."""
    names = [one.removeprefix(DEVICE) for one in tokens]
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
    """The error for a record that can not be read."""
    return ModelError(
        f"the record of finding {row['finding_id']} is not a JSON object",
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
            *(str(text) for text in record.get("limits") or ()),
            *((f"Source hours without lines on that day: {blind}.",) if blind else ()),
        ),
        "would_change": tuple(str(text) for text in record.get("would_change") or ()),
        "next_step": str(record.get("next_step") or "Ask before anything else."),
    }


OTHER = ("name", "test", "result")
OUT = "ruled out"
BY_DESIGN = "excluded by design"


def strength(clause: Mapping[str, Any]) -> str:
    """What logs can show of a clause, in words."""
    return STRENGTHS.get(str(clause.get("strength")), NOT_KNOWN)


def plain(name: str) -> str:
    """A field's name as words."""
    return name.replace("_", " ")
