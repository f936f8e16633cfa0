"""Computes what rules cannot judge now, from the state alone."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from itertools import chain

from pipelines.district import enabled_models, rules_of
from pipelines.fetch.completeness import completeness, reported
from pipelines.gaps.explanations import newest_untested, open_undecided
from pipelines.gaps.logs import undelivered, without_fixed_device
from pipelines.gaps.relation import Gap, Reason
from pipelines.gaps.week import noted_week
from pipelines.registry.outline import Outline
from pipelines.settings.model import Settings
from pipelines.state.connections import Store
from pipelines.state.source_records import Quarantined, quarantined


def gaps(store: Store, settings: Settings, outline: Outline, *reasons: Reason) -> Iterator[Gap]:
    """Yield what rules cannot judge now, for some reasons.

    A log that the losses of the week ask for is not asked for again.
    """
    if "model" in reasons:
        yield from not_built(store, settings)
    if "field" in reasons:
        from pipelines.gaps.days import without_field  # it imports Polars

        yield from without_field(store, settings, outline)
    week = [gap for gap in noted_week(store).gaps if gap.reason in reasons]
    yield from week
    if not {"networks", "keyboards", "events"}.isdisjoint(reasons):
        remedies = [gap.remedy for gap in week]
        for gap in undelivered(store, settings, outline):
            if not (gap.remedy and any(remedy.startswith(gap.remedy) for remedy in remedies)):
                yield gap
    others: Mapping[Reason, Callable[[], Iterable[Gap]]] = {
        "fixed": partial(without_fixed_device, outline),
        "open": partial(open_undecided, store),
        "explanation": partial(newest_untested, store),
        "fetch": partial(not_fetched, store, settings),
    }
    yield from chain.from_iterable(read() for reason, read in others.items() if reason in reasons)


def failure_facts(gap: Gap) -> dict[str, object]:
    """Return a model that could not be built, for machines."""
    return {
        "cause": gap.what,
        "reason": gap.detail,
        "days": [day.isoformat() for day in gap.days],
        "rules": list(gap.rules),
        "models": list(gap.withheld),
    }


def not_fetched(store: Store, settings: Settings) -> Iterator[Gap]:
    """Yield the logs of services that are not complete: their newest events may still come."""
    for log in reported(completeness(store, settings.fetch)):
        yield Gap(reason="fetch", source=log.source, what=log.line(settings.district.zone))


def not_built(store: Store, settings: Settings) -> list[Gap]:
    """Return the models that could not be built, with the rules that fail with them.

    The detail is what the model failed with, on the first of the days.
    """
    by_cause: dict[str, list[Quarantined]] = {}
    for entry in quarantined(store):
        by_cause.setdefault(entry.cause, []).append(entry)
    if not by_cause:
        return []  # without reading the models
    rules = rules_of(enabled_models(settings))
    codes = {model.name: code for code, model in rules.items()}
    return [
        Gap(
            reason="model",
            what=cause,
            rules=tuple(sorted({codes[one.model] for one in entries if one.model in codes})),
            days=tuple(sorted({one.event_date for one in entries if one.event_date})),
            detail=min(entries, key=lambda one: one.event_date or date.min).reason,
            withheld=tuple(sorted({one.model for one in entries})),
        )
        for cause, entries in sorted(by_cause.items())
    ]
