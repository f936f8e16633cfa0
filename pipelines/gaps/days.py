"""Days that a rule must not judge: a log lacks a field, or a model could not be built.

After an update of a firewall or proxy, its log may be readable and lack a field. A
rule that ran anyway would find nothing, or the wrong account: its day is
*not judged*, which every report states. The same applies if a model could not be
built. Findings of such a day do not change. A district that gave a field up on
purpose records that, and the days are judged.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from pipelines.district import enabled_models, home_rules, rules_of
from pipelines.gaps.relation import Gap
from pipelines.lake.drift import Drift, drifts
from pipelines.registry.outline import Outline
from pipelines.settings.model import Settings
from pipelines.state import ledger
from pipelines.state.connections import Store
from pipelines.state.source_records import quarantined
from pipelines.warehouse.detections import blocked_rules
from pipelines.warehouse.models import Model

if TYPE_CHECKING:  # DuckDB takes a third of a second to import
    from pipelines.warehouse.database import Database

UNJUDGED = "marts.unjudged_days"
NOTED = "main.unjudged_days"
SATURDAY = 5
SCHEMA: Mapping[str, pl.DataType | type[pl.DataType]] = {
    "rule": pl.String,
    "event_date": pl.Date,
    "source": pl.String,
    "event_class": pl.String,
    "field": pl.String,
    "share_before": pl.Float64,
    "model": pl.String,
    "cause": pl.String,
}
_PAIR: Mapping[str, pl.DataType | type[pl.DataType]] = {"rule": pl.String, "event_date": pl.Date}


class UnjudgedDay(NamedTuple):
    """A row of `marts.unjudged_days`: one day that one rule must not judge.

    Attributes:
        rule: The rule's code; empty for a table of the report that no rule reads.
        field: The field that the source no longer fills; empty if a model failed.
        share_before: Share of the source's events that had the field before.
        model: The quarantined model; empty if a field is missing.
        cause: The model that failed: the same, or one that it reads.
    """

    rule: str
    event_date: date
    source: str = ""
    event_class: str = ""
    field: str = ""
    share_before: float | None = None
    model: str = ""
    cause: str = ""


def unjudged(store: Store, settings: Settings, outline: Outline) -> list[UnjudgedDay]:
    """Return every rule and day that must not be judged now, in a fixed order."""
    rules = rules_of(enabled_models(settings))
    days = [
        UnjudgedDay(code, day, drift.source, drift.event_class, drift.field, drift.share_before)
        for drift in missing(outline, store, settings)
        for code in blocked_rules(drift, rules)
        if code in rules
        for day in drift.empty_dates
    ]
    days += _not_built(store, rules)
    return sorted(days, key=lambda row: (row.event_date, row.rule, row.source, row.model))


def _not_built(store: Store, rules: Mapping[str, Model]) -> Iterator[UnjudgedDay]:
    """Yield quarantined days of judged or shown models: detections and marts."""
    codes = {model.name: code for code, model in rules.items()}
    entries = quarantined(store)
    every_day = ledger.event_days(store) if entries else []
    for entry in entries:
        if not entry.model.startswith(("detections.", "marts.")):
            continue
        for day in [entry.event_date] if entry.event_date else every_day:
            yield UnjudgedDay(codes.get(entry.model, ""), day, model=entry.model, cause=entry.cause)


def without_field(store: Store, settings: Settings, outline: Outline) -> Iterator[Gap]:
    """Yield the fields that went missing, with the rules that judge none of these days."""
    enabled = rules_of(enabled_models(settings))
    for drift in missing(outline, store, settings):
        yield Gap(
            reason="field",
            rules=tuple(code for code in blocked_rules(drift, enabled) if code in enabled),
            source=drift.source,
            what=drift.field,
            days=drift.empty_dates,
            detail=drift.detail,
        )


def missing(outline: Outline, store: Store, settings: Settings) -> list[Drift]:
    """Return missing fields that some rule depends on.

    A field that was empty while everyone was off is not missing, and neither is
    one that the district gave up.
    """
    works, rules = outline.works, rules_of(home_rules(settings).models)
    return [
        drift
        for drift in drifts(store)
        if blocked_rules(drift, rules)
        and not all(_is_idle(day, works) for day in drift.empty_dates)
        and drift.field not in _given_up(settings, drift.source)
    ]


def _given_up(settings: Settings, source: str) -> Sequence[str]:
    configured = settings.sources.get(source)
    return configured.given_up if configured is not None else ()


def _is_idle(day: date, works: Mapping[str, bool]) -> bool:
    """Return whether no building works; without a calendar entry, the weekday decides."""
    return not works.get(day.isoformat(), day.weekday() < SATURDAY)


def judged_days(
    days: Mapping[str, Sequence[date]], skipped: Iterable[UnjudgedDay]
) -> dict[str, list[date]]:
    """Return the days of each rule, without those that must not be judged."""
    not_now = {row[:2] for row in skipped}
    return {
        rule: [day for day in given if (rule, day) not in not_now] for rule, given in days.items()
    }


def frame(rows: Iterable[UnjudgedDay]) -> pl.DataFrame:
    """Return the days as a table."""
    return pl.DataFrame(list(rows), schema=dict(SCHEMA), orient="row")


def note_unjudged(
    database: "Database", rows: Iterable[UnjudgedDay], judged: Mapping[str, Iterable[date]]
) -> None:
    """Remember in the warehouse what was left out, to judge it when it may be.

    Of missing fields alone: the quarantine knows by itself when its days are due.

    Args:
        rows: What must not be judged now.
        judged: What was judged now; what was noted before and was not stays noted.
    """
    pairs = [(rule, day) for rule, days in judged.items() for day in days]
    done = pl.DataFrame(pairs, _PAIR, orient="row")
    now = frame(row for row in rows if row.field)
    if database.has(NOTED):
        waiting = database.table(NOTED).join(done, on=list(_PAIR), how="anti")
        now = pl.concat([now, waiting]).unique(maintain_order=True)
    database.replace(NOTED, now)


def released(
    database: "Database", store: Store, settings: Settings, outline: Outline
) -> Iterator[date]:
    """Yield days that were skipped for a rule and need not be any more."""
    if not database.has(NOTED):
        return
    skipped = database.table(NOTED).select("rule", "event_date").unique()
    if skipped.is_empty():
        return
    now = {row[:2] for row in unjudged(store, settings, outline)}
    for rule, day in skipped.iter_rows():
        if (rule, day) not in now:
            yield day
