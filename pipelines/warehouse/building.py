"""Builds what is stale, model by model, each day in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from pipelines.errors import ModelError
from pipelines.warehouse import attribution
from pipelines.warehouse.database import Database
from pipelines.warehouse.inputs import LakeFiles, show_raw
from pipelines.warehouse.models import Model, Scalar, arguments

Watch = Callable[[str, int, int], None]
"""Told before each build: the model, steps done, steps in all."""


@dataclass
class Built:
    """What a build did.

    Attributes:
        rows: Rows written, by model.
        days: Days built, by model.
        because: Files of the registry whose change was one reason.
        again: Days whose models stand, and whose candidates are judged again.
        reasons: What opened days -> those days.
        reattributed: Requests of days built again that are somebody else's now, or
            more or less surely theirs.
    """

    rows: dict[str, int] = field(default_factory=dict)
    days: dict[str, Sequence[date]] = field(default_factory=dict)
    because: tuple[str, ...] = ()
    again: Sequence[date] = ()
    reasons: Mapping[str, Sequence[date]] = field(default_factory=dict)
    reattributed: int = 0


def build(
    database: Database,
    models: Mapping[str, Model],
    stale: Mapping[str, Sequence[date]],
    files: LakeFiles,
    overrides: Mapping[str, Mapping[str, Scalar]],
    *,
    zone: str,
    watch: Watch = lambda _name, _done, _all: None,
) -> Built:
    """Build undated models whole and dated ones on their stale days.

    Args:
        stale: From `planning.stale_days`.
        overrides: A district's parameter values, by detection code or model name.
        zone: The district's zone.

    Raises:
        ModelError: A model fails, or its rows break its grain or a check.
    """
    built = Built()
    steps = len(models) - len(stale) + sum(len(days) for days in stale.values())
    done = 0
    for model in models.values():
        values = arguments(model, given(model, overrides), zone=zone)
        days = stale.get(model.name, ()) if model.is_dated else (None,)
        for day in days:
            watch(model.name, done, steps)
            rows = build_day(database, model, values, files, day)
            built.rows[model.name] = built.rows.get(model.name, 0) + rows
            done += 1
        built.days[model.name] = [day for day in days if day is not None]
        verify(database, model)
    return built


def build_day(
    database: Database,
    model: Model,
    values: Mapping[str, Scalar],
    files: LakeFiles,
    day: date | None,
) -> int:
    """Build one day of a dated model, or an undated one whole; its rows."""
    _show(database, model, files, day)
    if day is None or model.name != attribution.ATTRIBUTED:
        return database.build(model, values, day)
    was_built = attribution.remember(database, day)
    rows = database.build(model, values, day)
    if was_built:
        attribution.compare(database, day)
    return rows


def build_registry_models(
    database: Database,
    models: Mapping[str, Model],
    overrides: Mapping[str, Mapping[str, Scalar]],
    files: LakeFiles,
    *,
    zone: str,
) -> None:
    """Build again, for each day that they hold, dated models of the registry alone.

    What they say of a day holds without a line of it, so a registry that changed
    changes them on every day; what reads them follows only where lines do.
    """
    for model in models.values():
        is_of_registry = all(name.startswith("registry.") for name in model.inputs)
        if not (model.is_dated and is_of_registry and database.has(model.name)):
            continue
        values = arguments(model, given(model, overrides), zone=zone)
        for day in database.rows(f"select distinct event_date from {model.name}"):
            build_day(database, model, values, files, day[0])


def given(
    model: Model, overrides: Mapping[str, Mapping[str, Scalar]]
) -> Mapping[str, Scalar]:
    """What the district sets for a model, by its code or its name."""
    return overrides.get(model.header.code) or overrides.get(model.name) or {}


def _show(database: Database, model: Model, files: LakeFiles, day: date | None) -> None:
    classes = [
        name.split(".")[1] for name in sorted(model.inputs) if name.startswith("raw.")
    ]
    if not classes or day is None:
        return
    window = model.header.window
    first = day - timedelta(days=window.days_before)
    last = day + timedelta(days=window.days_after)
    show_raw(database, files, classes, (first, last))


@dataclass(frozen=True)
class Breach:
    """A promise of a model's header that its rows break."""

    model: str
    check: str
    row_count: int
    severity: str


def breaches(database: Database, model: Model) -> list[Breach]:
    """The promises that a model's rows break: its grain first, then its checks."""
    grain = ", ".join(model.header.grain)
    twice = database.rows(
        f"select count(*) from (select {grain} from {model.name}"
        f" group by {grain} having count(*) > 1)"
    )[0][0]
    found = [Breach(model.name, "grain", twice, "fail")] if twice else []
    for check in model.header.checks:
        count = database.rows(
            f"select count(*) from {model.name} where not ({check.holds})"
        )[0][0]
        if count:
            found.append(Breach(model.name, check.holds, count, check.severity))
    return found


def verify(database: Database, model: Model) -> list[Breach]:
    """The breaches that only warn.

    Raises:
        ModelError: A promise that must hold is broken.
    """
    found = breaches(database, model)
    for one in found:
        if one.severity == "fail":
            raise ModelError(
                f"{one.row_count} rows break its promise: {one.check}",
                where=model.name,
                remedy="Nothing was published; the model's header says what must hold.",
            )
    return found
