"""Builds what is stale, model by model, each day in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from pipelines.errors import ModelError
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
    """

    rows: dict[str, int] = field(default_factory=dict)
    days: dict[str, Sequence[date]] = field(default_factory=dict)


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
        values = arguments(model, _given(model, overrides), zone=zone)
        days = stale.get(model.name, ()) if model.is_dated else (None,)
        for day in days:
            watch(model.name, done, steps)
            _show(database, model, files, day)
            rows = database.build(model, values, day)
            built.rows[model.name] = built.rows.get(model.name, 0) + rows
            done += 1
        built.days[model.name] = [day for day in days if day is not None]
        verify(database, model)
    return built


def _given(
    model: Model, overrides: Mapping[str, Mapping[str, Scalar]]
) -> Mapping[str, Scalar]:
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


def verify(database: Database, model: Model) -> list[str]:
    """Check a model's grain and its header's conditions; the warnings.

    Raises:
        ModelError: The grain is not unique, or a `fail` condition is broken.
    """
    grain = ", ".join(model.header.grain)
    twice = database.rows(
        f"select {grain} from {model.name} group by {grain} having count(*) > 1 limit 1"
    )
    if twice:
        raise ModelError(
            f"two rows of one grain ({grain}): {twice[0]}", where=model.name
        )
    warnings = []
    for check in model.header.checks:
        count = database.rows(
            f"select count(*) from {model.name} where not ({check.holds})"
        )[0][0]
        if count and check.severity == "fail":
            raise ModelError(f"{count} rows break: {check.holds}", where=model.name)
        if count:
            warnings.append(f"{model.name}: {count} rows break: {check.holds}")
    return warnings
