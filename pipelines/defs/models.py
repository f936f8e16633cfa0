"""One Dagster asset for each SQL model. The work is done in `warehouse/`."""

from collections.abc import Iterator

import dagster as dg

from pipelines.defs.resources import HomeResource, days_of
from pipelines.refresh.steps import build_model
from pipelines.registry.frames import FRAMES
from pipelines.warehouse.models import Model

GRAIN = "grain"
BUILT = "built"
"""That no day is in quarantine. No check stops what comes after: a model whose input
is held back holds itself back, and the rest is judged."""
DIMENSIONS = {
    "hosts": "Registrable domain and background kind of each host.",
    "spellings": "Canonical form of each user name.",
    "addresses": "Each address in a form that sorts.",
    "outside_networks": "What the operator's MMDB files say of each address.",
}


def given_specs() -> list[dg.AssetSpec]:
    """What no model makes: the registry, and the dimensions computed in Python."""
    registry = [
        dg.AssetSpec(key=["registry", name], group_name="registry", kinds={"csv"})
        for name in FRAMES
    ]
    dimensions = [
        dg.AssetSpec(
            key=["identity", name],
            group_name="identity",
            description=meaning,
            kinds={"python"},
        )
        for name, meaning in DIMENSIONS.items()
    ]
    return registry + dimensions


def model_asset(
    model: Model, daily: dg.DailyPartitionsDefinition, version: str | None = None
) -> dg.AssetsDefinition:
    """Wrap a model: its path is the key, its inputs are the dependencies.

    Args:
        version: What a run notes of the model, where a district is known.
    """
    key = dg.AssetKey(model.name.split("."))

    @dg.asset(
        key=key,
        deps=[_dependency(model, name) for name in sorted(model.inputs)],
        description=model.header.summary,
        group_name=model.schema_name,
        code_version=version,
        partitions_def=daily if model.is_dated else None,
        backfill_policy=dg.BackfillPolicy.single_run(),
        kinds={"duckdb"},
        pool="warehouse_writer",
        check_specs=_check_specs(model, key),
    )
    def build(
        context: dg.AssetExecutionContext, home: HomeResource
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        days = days_of(context) if model.is_dated else []
        with home.writing() as district, home.warehouse(district) as database:
            made = build_model(database, district, model.name, days)
        broken = {breach.check: breach for breach in made.breaches}
        yield dg.MaterializeResult(
            asset_key=key, metadata={"dagster/row_count": made.rows}
        )
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=BUILT,
            passed=not made.held_back,
            metadata={
                "days": [str(one.event_date or "whole") for one in made.held_back],
                "causes": sorted({one.cause for one in made.held_back}),
            },
        )
        for name, check in _checks(model).items():
            found = broken.get(check)
            yield dg.AssetCheckResult(
                asset_key=key,
                check_name=name,
                passed=found is None,
                severity=_severity(model, check),
                metadata={"rows": found.row_count if found else 0},
            )

    return build


def _dependency(model: Model, name: str) -> dg.AssetDep:
    window = model.header.window
    key = name.split(".")
    schema = key[0]
    is_dated = model.is_dated and schema in ("identity", "core", "detections")
    if not is_dated or key[1] in DIMENSIONS:
        return dg.AssetDep(key)
    mapping = dg.TimeWindowPartitionMapping(
        start_offset=-window.days_before,
        end_offset=window.days_after,
        allow_nonexistent_upstream_partitions=True,
    )
    return dg.AssetDep(key, partition_mapping=mapping)


def _checks(model: Model) -> dict[str, str]:
    """Check name to the condition it stands for."""
    numbered = {
        f"holds_{number}": check.holds
        for number, check in enumerate(model.header.checks, start=1)
    }
    return {GRAIN: GRAIN, **numbered}


def _check_specs(model: Model, key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    built = dg.AssetCheckSpec(
        name=BUILT, asset=key, description="every day could be built"
    )
    return [built] + [
        dg.AssetCheckSpec(
            name=name,
            asset=key,
            description=f"unique: {', '.join(model.header.grain)}"
            if check == GRAIN
            else check,
        )
        for name, check in _checks(model).items()
    ]


def _severity(model: Model, check: str) -> dg.AssetCheckSeverity:
    said = {one.holds: one.severity for one in model.header.checks}
    is_warning = said.get(check) == "warn"
    return dg.AssetCheckSeverity.WARN if is_warning else dg.AssetCheckSeverity.ERROR
