"""Days that a rule could not judge, with reasons.

After an update of a firewall or proxy, its log may be readable and lack a field. A
rule that ran anyway would find nothing, or the wrong account: its day is
*not judged*, which every report states. The same applies if a model could not be
built. Findings of such a day do not change. A district that gave a field up on
purpose records that, and the days are judged.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING

import polars as pl

from pipelines.district import enabled_models, home_rules, rules_of
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


@dataclass(frozen=True, kw_only=True)
class Unjudged:
    """One day that one rule could not judge: a field is missing, or a model failed.

    Attributes:
        rule: The rule's id; empty for a table of the report that no rule reads.
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


def unjudged(store: Store, settings: Settings, outline: Outline) -> list[Unjudged]:
    """Return every rule and day that must not be judged now, in a fixed order."""
    rules = rules_of(enabled_models(settings))
    found = [
        Unjudged(
            rule=code,
            event_date=day,
            source=entry.source,
            event_class=entry.event_class,
            field=entry.field,
            share_before=entry.share_before,
        )
        for entry in missing(outline, store, settings)
        for code in blocked_rules(entry, rules)
        if code in rules
        for day in entry.empty_dates
    ]
    found += _not_built(store, rules)
    return sorted(
        found, key=lambda entry: (entry.event_date, entry.rule, entry.source, entry.model)
    )


def _not_built(store: Store, rules: Mapping[str, Model]) -> Iterator[Unjudged]:
    """Yield quarantined days of judged or shown models: detections and marts."""
    codes = {model.name: code for code, model in rules.items()}
    held = quarantined(store)
    whole = ledger.event_days(store) if held else []
    for entry in held:
        if not entry.model.startswith(("detections.", "marts.")):
            continue
        for day in [entry.event_date] if entry.event_date else whole:
            yield Unjudged(
                rule=codes.get(entry.model, ""),
                event_date=day,
                model=entry.model,
                cause=entry.cause,
            )


def missing(outline: Outline, store: Store, settings: Settings) -> list[Drift]:
    """Return missing fields that some rule depends on.

    A field that was empty while everyone was off is not missing, and neither is
    one that the district gave up.
    """
    works, own = outline.works, rules_of(home_rules(settings).models)
    return [
        drift
        for drift in drifts(store)
        if blocked_rules(drift, own)
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
    days: Mapping[str, Sequence[date]], skipped: Iterable[Unjudged]
) -> dict[str, list[date]]:
    """Return the days of each rule, without those that must not be judged."""
    not_now = {(entry.rule, entry.event_date) for entry in skipped}
    return {
        rule: [day for day in given if (rule, day) not in not_now] for rule, given in days.items()
    }


def frame(found: Iterable[Unjudged]) -> pl.DataFrame:
    """Return the days as a table."""
    return pl.DataFrame([asdict(entry) for entry in found], schema=dict(SCHEMA))


def note_unjudged(
    database: "Database", found: Iterable[Unjudged], judged: Mapping[str, Iterable[date]]
) -> None:
    """Remember in the warehouse what was left out, to judge it when it may be.

    Of missing fields alone: the quarantine knows by itself when its days are due.

    Args:
        found: What must not be judged now.
        judged: What was judged now; what was noted before and was not stays noted.
    """
    pairs = [(rule, day) for rule, days in judged.items() for day in days]
    done = pl.DataFrame(pairs, _PAIR, orient="row")
    now = frame(entry for entry in found if entry.field)
    if database.has(NOTED):
        waiting = database.table(NOTED).join(done, on=list(_PAIR), how="anti")
        # a table that an earlier version made has fewer columns
        now = pl.concat([now, waiting], how="diagonal").unique(maintain_order=True)
    database.replace(NOTED, now)


def released(
    database: "Database", store: Store, settings: Settings, outline: Outline
) -> Iterator[date]:
    """Yield days that were skipped for a rule and need not be any more."""
    if not database.has(NOTED):
        return
    known = database.table(NOTED).select("rule", "event_date").unique()
    if known.is_empty():
        return
    now = {(entry.rule, entry.event_date) for entry in unjudged(store, settings, outline)}
    for rule, day in known.iter_rows():
        if (rule, day) not in now:
            yield day
