"""True and false findings as functions of each threshold of a rule.

The rules are judged again over a run's stored rows, with one threshold at a time moved.
A constant on a flat part of the curve needs no defense; one on a slope needs a reason.
Only a rule's own thresholds are moved, not those of the models that it reads.
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from pathlib import Path

import polars as pl

from pipelines.build.steps import builder_of
from pipelines.build.trial import copied, with_values
from pipelines.district import District, open_district
from pipelines.errors import ModelError
from pipelines.findings.judgment import judged_findings
from pipelines.findings.record import Finding
from pipelines.settings.model import Scalar
from pipelines.settings.scratch import scratch
from pipelines.synthetic.scored_district import SHOWN, compare, planted_cases
from pipelines.warehouse import inputs
from pipelines.warehouse.database import Database, writing
from pipelines.warehouse.headers import Param

STEPS = (0.5, 0.75, 1.0, 1.5, 2.0)
"""Factors by which a threshold is moved; the neighbors of 1 show whether it slopes."""
FLAT_SHARE, FLAT_COUNT = 0.1, 1
"""A difference of up to this many findings is not a slope."""


@dataclass(frozen=True, order=True, kw_only=True)
class Point:
    """A rule's findings with one of its thresholds at one value."""

    rule: str
    parameter: str
    value: float
    is_now: bool
    true: int
    false: int


def curves(home: Path) -> list[Point]:
    """Return every point of every rule, in a home with truth that was run."""
    cases = planted_cases(home)
    with (
        tempfile.TemporaryDirectory(prefix=scratch("curves")) as folder,
        open_district(home) as district,
    ):
        copy = copied(district, Path(folder))
        try:
            return sorted(_points(copy, cases))
        finally:
            copy.store.close()


def _points(district: District, cases: pl.DataFrame) -> Iterator[Point]:
    days = inputs.lake_files(district.store, district.home.lake).days()
    memory_mb = district.settings.limits.memory_mb
    with writing(district.home.warehouse, memory_mb=memory_mb) as database:
        for code, detection in district.detections.items():
            params = detection.model.header.params
            for name, param in params.items():
                for value in tried(param):
                    try:
                        found = _found(database, district, code, name, value, days)
                    except ModelError:  # such a value is not allowed with the others
                        continue
                    true = _true(cases, found)
                    yield Point(
                        rule=code,
                        parameter=name,
                        value=float(value),
                        is_now=value == param.default,
                        true=true,
                        false=len(found) - true,
                    )


def tried(param: Param) -> list[Scalar]:
    """Return the values that a threshold is moved to, within its bounds; none for words."""
    now = param.default
    if param.type not in {"int", "double"} or not isinstance(now, int | float):
        return []
    least = -float("inf") if param.min is None else param.min
    most = float("inf") if param.max is None else param.max
    moved = [min(max(now * step, least), most) for step in STEPS]
    whole = [round(value) if param.type == "int" else round(value, 6) for value in moved]
    return sorted(set(whole))


def _found(
    database: Database,
    district: District,
    code: str,
    name: str,
    value: Scalar,
    days: Sequence[date],
) -> list[Finding]:
    settings = with_values(district.settings, {code: {name: value}})
    moved = replace(district, settings=settings)
    model = moved.detections[code].model
    files = inputs.lake_files(moved.store, moved.home.lake)
    builder = builder_of(database, moved, files)
    builder.attempt(model, days if model.is_dated else (None,))
    found = judged_findings(database, moved, {code: days})
    return [one for one in found if one.confidence in SHOWN]


def _true(cases: pl.DataFrame, found: Sequence[Finding]) -> int:
    rows = [
        {
            "finding_id": one.finding_id,
            "rule": one.rule,
            "subject": one.subject,
            "kind": one.kind,
            "record": {
                "start_time": one.start_time.isoformat(),
                "end_time": one.end_time.isoformat(),
            },
        }
        for one in found
    ]
    return int(compare(cases, rows)[1]["is_true"].sum()) if rows else 0


def together(points: Sequence[Point]) -> list[Point]:
    """Return the points of several districts, each value's findings put together."""
    ordered = sorted(points, key=lambda point: (*_threshold(point), point.value))
    return [
        replace(
            (of_value := list(same))[0],
            true=sum(point.true for point in of_value),
            false=sum(point.false for point in of_value),
        )
        for _, same in groupby(ordered, lambda p: (*_threshold(p), p.value))
    ]


def sloping(points: Sequence[Point]) -> list[Point]:
    """Return the thresholds whose next value, up or down, finds something else."""
    ordered = sorted(points, key=lambda point: (*_threshold(point), point.value))
    slopes = []
    for _, same in groupby(ordered, _threshold):
        curve = list(same)
        now = next((at for at, point in enumerate(curve) if point.is_now), None)
        if now is None:
            continue
        beside = curve[max(0, now - 1) : now] + curve[now + 1 : now + 2]
        if any(_differs(curve[now], other) for other in beside):
            slopes.append(curve[now])
    return slopes


def _threshold(point: Point) -> tuple[str, str]:
    return point.rule, point.parameter


def _differs(now: Point, other: Point) -> bool:
    most = max(FLAT_COUNT, FLAT_SHARE * (now.true + now.false))
    return abs(now.true - other.true) > most or abs(now.false - other.false) > most
