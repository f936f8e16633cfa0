"""What is due as one range of days, for whoever builds ranges rather than days."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from types import MappingProxyType

from pipelines.district import District
from pipelines.refresh.staleness import note_versions, stale
from pipelines.state.days import dirty_days
from pipelines.state.runs import note_rebuild_reasons
from pipelines.warehouse import inputs, planning
from pipelines.warehouse.building import Quarantine
from pipelines.warehouse.database import Database

Range = tuple[date, date]


def stale_range(district: District) -> Range | None:
    """First and last day that dirty days reach in any model, or that failed before."""
    held = _held(district)
    dirty = [day for day in dirty_days(district.store) if day in set(held)]
    return _reached(district, dirty, held, Quarantine(district.store).days)


def registry_range(database: Database, district: District) -> Range | None:
    """First and last day that anything which changed reaches in any model.

    Where nothing is left to build, what the warehouse stands on is noted.
    """
    held = _held(district)
    found = stale(database, district, held)
    span = _reached(district, sorted(found.every_day), held)
    if span is None:
        note_versions(database, district)
    else:
        note_rebuild_reasons(district.store, found.reasons)
    return span


def note_built(database: Database, district: District, days: Sequence[date]) -> None:
    """Note what the warehouse stands on, if these days were all that was stale."""
    found = stale(database, district, _held(district))
    if found.every_day <= set(days):
        note_versions(database, district)


def _held(district: District) -> list[date]:
    return inputs.lake_files(district.store, district.home.lake).days()


def _reached(
    district: District,
    stale: Sequence[date],
    held: Sequence[date],
    failed: Mapping[str, Collection[date]] = MappingProxyType({}),
) -> Range | None:
    due = planning.stale_days(district.models, stale, held, failed)
    days = [day for days in due.values() for day in days]
    return (min(days), max(days)) if days else None
