"""Preview of another threshold or registry row: findings added and removed.

The rules are judged twice on the same days of a copy: with the current state, and with
the change. Only models that the change reaches are rebuilt.
"""

import shutil
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

from pipelines.district import District, Reading, only_writer, said_of_rules
from pipelines.errors import BusyError, ModelError
from pipelines.findings.judgment import judged_findings
from pipelines.findings.record import Finding
from pipelines.gaps.days import judged_days, unjudged
from pipelines.refresh import spans
from pipelines.refresh.due import FIRST, LINES, RELEASED, RULES, stale, touched_days
from pipelines.refresh.steps import Progress, builder_of, refresh
from pipelines.registry.kept_copies import data_of
from pipelines.registry.registry import Registry, load_registry
from pipelines.settings.home import DistrictHome
from pipelines.settings.model import Detection as DetectionSettings
from pipelines.settings.model import Scalar, Settings
from pipelines.state.connections import open_store
from pipelines.warehouse import inputs
from pipelines.warehouse.database import Database, writing
from pipelines.warehouse.models import Model, arguments, downstream, given

Effect = Literal["added", "removed", "hidden", "shown", "changed"]

BY_PYTHON: Mapping[str, Sequence[str]] = {
    "identity.hosts": ("approved_sites", "login_hosts", "background_hosts"),
    "identity.addresses": ("devices",),
}
"""Dimensions that Python makes -> the frames that they are made of."""
NOT_BY_REGISTRY = {FIRST, LINES, RELEASED, RULES}
"""Reasons for which days are built that only a run can settle."""


@dataclass(frozen=True)
class Difference:
    """A finding that would change.

    Attributes:
        was: The current finding; None for one that would be added.
        now: The finding after the change.
    """

    effect: Effect
    was: Finding | None
    now: Finding | None

    @property
    def finding(self) -> Finding:
        """The finding after the change; the current one if it would be removed."""
        found = self.now or self.was
        assert found is not None
        return found


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """Result of a preview.

    Attributes:
        first: First judged day.
        last: Last one.
        same: Findings that would not change, with leads.
        same_leads: Leads among them.
        models: Models that were rebuilt.
    """

    first: date
    last: date
    differences: Sequence[Difference]
    same: int
    same_leads: int
    models: Sequence[str]


def with_values(settings: Settings, given: Mapping[str, Mapping[str, Scalar]]) -> Settings:
    """Return settings with other thresholds, by id or name of the rule."""
    said = dict(said_of_rules(settings))
    for name, values in given.items():
        probe = settings.model_copy(update={"detections": {name: DetectionSettings()}})
        (key,) = said_of_rules(probe)
        one = said.get(key, DetectionSettings())
        parameters = {**one.parameters, **values}
        said[key] = one.model_copy(update={"parameters": parameters})
    return settings.model_copy(update={"detections": said})


def replay(
    before: District,
    after: District,
    weeks: int,
    progress: Progress,
    only: Collection[date] | None = None,
) -> TrialResult:
    """Judge the last weeks as the district is, and as it would be; see `sweep`."""
    (found,) = sweep(before, [after], weeks, progress, only)
    return found


def sweep(
    before: District,
    tried: Sequence[District],
    weeks: int,
    progress: Progress,
    only: Collection[date] | None = None,
) -> Iterator[TrialResult]:
    """Judge the last weeks in the current state, and with each change.

    Args:
        before: A copy of the district; see `scratch`. Its warehouse is changed.
        tried: The same copy with the settings and registry to try.
        only: Days to build and judge, at any age; the last weeks where it is None.

    Yields:
        The difference of each change to the current district.

    Raises:
        BusyError: The warehouse is not up to date.
        ModelError: A value is out of its bounds.
    """
    limits = before.settings.limits
    with writing(
        before.home.warehouse,
        memory_mb=limits.memory_mb,
        most_memory_mb=limits.most_memory_mb,
    ) as database:
        held = inputs.lake_files(before.store, before.home.lake).days()
        _up_to_date(database, before, held, only, progress)
        first = held[-1] - timedelta(weeks=weeks)
        days = [day for day in held if (day in only if only is not None else day > first)]
        was = _findings(database, before, days)
        last = before
        for after in tried:
            models = _built(database, last, after, days, progress, only=only)
            now = _findings(database, after, days)
            yield _compared(was, now, days, models)
            last = after


def _compared(
    was: Mapping[str, Finding],
    now: Mapping[str, Finding],
    days: Sequence[date],
    models: Sequence[str],
) -> TrialResult:
    found = sorted(differences(was, now), key=lambda one: (one.finding.event_date, one.effect))
    same = {*was} & {*now} - {one.finding.finding_id for one in found}
    return TrialResult(
        first=days[0],
        last=days[-1],
        differences=found,
        same=len(same),
        same_leads=sum(now[one].confidence == "C1" for one in same),
        models=models,
    )


def differences(was: Mapping[str, Finding], now: Mapping[str, Finding]) -> Iterator[Difference]:
    """Yield the differences between two judgments of the same days, by id."""
    for ident in sorted({*was, *now}):
        before, after = was.get(ident), now.get(ident)
        effect = _effect(before, after)
        if effect is not None:
            yield Difference(effect, before, after)


def _effect(before: Finding | None, after: Finding | None) -> Effect | None:
    if before is None or after is None:
        return "added" if before is None else "removed"
    if _is_hidden(before) != _is_hidden(after):
        return "hidden" if _is_hidden(after) else "shown"
    graded = [(one.severity, one.confidence, one.stage) for one in (before, after)]
    return "changed" if graded[0] != graded[1] else None


def _is_hidden(finding: Finding) -> bool:
    return finding.suppressed_by is not None or finding.permitted_by is not None


def _up_to_date(
    database: Database,
    district: District,
    held: Sequence[date],
    only: Collection[date] | None,
    progress: Progress,
) -> None:
    """Make sure that the copy was built with the registry as it is now.

    Where a few days are looked at, those that an earlier entry of today opened are
    built first: several entries can be tried between two runs.
    """
    waiting = stale(database, district, held)
    by_registry = not waiting.models and not {*waiting.reasons} & NOT_BY_REGISTRY
    if held and only is not None and by_registry:
        if days := set(waiting.days) & set(only):
            due = spans.stale_days(district.models, days, held)
            _build(database, district, district.models, _within(due, only), progress)
        return
    if not held or waiting.every_day:
        raise BusyError(
            "the warehouse is not up to date, so that there is nothing to compare with",
            where=str(district.home.warehouse.name),
            remedy="Run first: schoolbell run",
        )


def _findings(database: Database, district: District, days: Sequence[date]) -> dict[str, Finding]:
    every = dict.fromkeys(district.detections, days)
    judged = judged_days(every, unjudged(district.store, district.settings, district.outline))
    found = judged_findings(database, district, judged)
    return {one.finding_id: one for one in found}


def _built(
    database: Database,
    before: District,
    after: District,
    days: Sequence[date],
    progress: Progress,
    *,
    only: Collection[date] | None = None,
) -> Sequence[str]:
    """Build what the change reaches, on the days that it touches; the models."""
    frames = _changed_frames(before.registry, after.registry)
    others = {
        name
        for name, model in after.models.items()
        if name not in before.models
        or _values(model, before.parameters, before.zone)
        != _values(model, after.parameters, after.zone)
    }
    chosen = _reached(after.models, others, frames)
    held = inputs.lake_files(before.store, before.home.lake).days()
    touched = touched_days(database, after, frames, held)
    wanted = set(days) if others else set(days) & touched
    if not chosen or not wanted:
        return ()
    due = spans.stale_days(after.models, wanted, held)
    reached = {name: days for name, days in due.items() if name in chosen}
    _build(database, after, chosen, _within(reached, only), progress)
    return list(chosen)


def _within(
    due: Mapping[str, list[date]], only: Collection[date] | None
) -> Mapping[str, list[date]]:
    """Return the days of each model that are looked at."""
    if only is None:
        return due
    return {name: [day for day in days if day in only] for name, days in due.items()}


def _build(
    database: Database,
    district: District,
    chosen: Mapping[str, Model],
    due: Mapping[str, Sequence[date]],
    progress: Progress,
) -> None:
    every = [day for days in due.values() for day in days]
    refresh(database, district, (min(every), max(every)))
    files = inputs.lake_files(district.store, district.home.lake)
    spans.build(builder_of(database, district, files), chosen, due, progress)


def _changed_frames(before: Registry, after: Registry) -> list[str]:
    was = before.frames
    return [name for name, frame in after.frames.items() if not frame.equals(was[name])]


def _values(
    model: Model, parameters: Mapping[str, Mapping[str, Scalar]], zone: str
) -> Mapping[str, Scalar]:
    values = given(model, parameters)
    return arguments(model, values, zone=zone)


def _reached(
    models: Mapping[str, Model], others: Collection[str], frames: Collection[str]
) -> dict[str, Model]:
    """Return models that read the change, directly or not, and the changed ones."""
    roots = {f"registry.{name}" for name in frames} | set(others)
    roots |= {name for name, made in BY_PYTHON.items() if set(made) & set(frames)}
    reached = {*others, *downstream(models.values(), roots)}
    return {name: model for name, model in models.items() if name in reached}


# A copy of a home for previews; the home itself does not change.
#
# The copy includes the warehouse, the state database and the registry. The lake is read in place.
# The copy contains names: it is in a private folder, and is deleted with it.


@dataclass(frozen=True)
class ScratchHome(DistrictHome):
    """A home whose large parts are those of another one.

    Attributes:
        real: The home that was copied.
    """

    real: DistrictHome

    @property
    def lake(self) -> Path:
        """The real one; it is only read."""
        return self.real.lake

    @property
    def lists(self) -> Path:
        """The real ones; they are only read."""
        return self.real.lists

    @property
    def keys(self) -> Path:
        """The real ones; they are only read."""
        return self.real.keys


def copied(district: District, folder: Path) -> District:
    """Return the same district over a copy of what a preview writes; close its store.

    Args:
        folder: Empty, and private to the caller.

    Raises:
        ModelError: Nothing has been built.
        BusyError: A run is in progress.
    """
    real, home = district.home, ScratchHome(folder, district.home)
    if not real.warehouse.is_file():
        raise ModelError(
            "nothing was built yet",
            where=str(real.warehouse),
            remedy="Run: schoolbell run --home HOME",
        )
    before = _idle(real)
    shutil.copyfile(real.warehouse, home.warehouse)
    log = real.warehouse.with_name(real.warehouse.name + ".wal")
    if log.exists():
        shutil.copyfile(log, home.warehouse.with_name(log.name))
    with (
        closing(sqlite3.connect(real.state_db)) as held,
        closing(sqlite3.connect(home.state_db)) as to,
    ):
        held.backup(to)
    if _idle(real) != before:
        raise BusyError(
            "a run took place meanwhile", where=str(real.warehouse.name), remedy="Try again."
        )
    shutil.copyfile(real.settings_file, home.settings_file)
    home.registry.mkdir()
    if real.registry.is_dir():
        shutil.copytree(real.registry, home.registry, dirs_exist_ok=True)
    # in the copy nothing is refused: what is in force is tried, whatever shrank
    for file in district.registry.refused:
        (home.registry / file.name).write_bytes(data_of(real, file.name))
    return replace(district, home=home, store=open_store(home.state_db))


def _idle(home: DistrictHome) -> list[tuple[str, int, int]]:
    """Return the identity of the warehouse's files while no one writes; release the lock.

    Raises:
        BusyError: A run is in progress.
    """
    with only_writer(home):
        files = sorted(home.path.glob(f"{home.warehouse.name}*"))
        stats = [(path.name, path.stat()) for path in files]
        return [(name, one.st_size, one.st_mtime_ns) for name, one in stats]


def changed(district: District, settings: Settings) -> District:
    """Return the copy with other settings, and with its registry reloaded."""
    registry = load_registry(district.home, settings)
    return replace(district, settings=settings, reading=Reading.of(registry))
