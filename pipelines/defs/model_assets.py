"""One Dagster asset for each SQL model. The work is done in `warehouse/`."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import dagster as dg

from pipelines.defs.ingest import column_schema
from pipelines.defs.preview import preview
from pipelines.defs.resources import OWNER, HomeResource, days_of
from pipelines.refresh.steps import build_model
from pipelines.registry.frames import FRAMES
from pipelines.state.ledger import event_days
from pipelines.state.source_days import quarantined
from pipelines.warehouse.builds import days_said_of
from pipelines.warehouse.database import Database
from pipelines.warehouse.library import sql_folder
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
        dg.AssetSpec(
            key=["registry", name],
            group_name="registry",
            description="Read from the district's files in registry/, at each run.",
            owners=[OWNER],
            kinds={"csv"},
            metadata={"dagster/column_schema": column_schema(columns)},
        )
        for name, columns in FRAMES.items()
    ]
    dimensions = [
        dg.AssetSpec(
            key=["identity", name],
            group_name="identity",
            description=meaning,
            owners=[OWNER],
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
    code = model.header.code

    @dg.asset(
        key=key,
        deps=[_dependency(model, name) for name in sorted(model.inputs)],
        description=f"**{code}** {model.header.summary}"
        if code
        else model.header.summary,
        group_name=_group(model),
        owners=[OWNER],
        metadata=_metadata(model),
        code_version=version,
        partitions_def=daily if model.is_dated else None,
        backfill_policy=dg.BackfillPolicy.single_run(),
        kinds={"duckdb", code.lower()} if code else {"duckdb"},
        pool="warehouse_writer",
        check_specs=_check_specs(model, key),
    )
    def build(
        context: dg.AssetExecutionContext, home: HomeResource
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        days = days_of(context) if model.is_dated else []
        with home.writing() as district, home.warehouse(district) as database:
            waiting = [one.event_date for one in quarantined(district.store)]
            _refuse_empty(days, [*event_days(district.store), *filter(None, waiting)])
            context.log.info("%s", _beforehand(database, model, days))
            made = build_model(database, district, model.name, days)
            by_day = database.rows_by_day(model.name) if days else {}
            shown = preview(database, model)
        for day in days:
            # the sum of a range is the row count of none of its days
            counted = {"dagster/row_count": by_day.get(day, 0)}
            context.add_asset_metadata(
                counted | shown if day == days[-1] else counted,
                partition_key=day.isoformat(),
            )
        broken = {breach.check: breach for breach in made.breaches}
        yield dg.MaterializeResult(
            asset_key=key,
            metadata={} if days else {"dagster/row_count": made.rows} | shown,
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


def _refuse_empty(days: list[date], held: list[date]) -> None:
    """Days of which no log line came, nor shortly before, have nothing to build."""
    if days and not days_said_of(held) & {*days}:
        span = f"{held[0]} to {held[-1]}" if held else "none yet"
        raise dg.Failure(
            f"No log line of {days[0]} to {days[-1]} was read. Days with lines: "
            f"{span}.",
            allow_retries=False,
        )


def _beforehand(database: Database, model: Model, days: list[date]) -> str:
    """Which days are built, and how many rows that are there they replace."""
    rows = 0
    if database.has(model.name):
        rows = database.row_count(model, days or [None])
    span = f"{len(days)} days, {days[0]} to {days[-1]}" if days else "the whole table"
    return f"{model.name}: builds {span}; replaces {rows:,} rows"


def _group(model: Model) -> str:
    """The folder; detections by what they are about, since there are many."""
    folder = model.schema_name
    about = model.header.kind
    return f"{folder}_{about}" if about else folder


def _metadata(model: Model) -> dict[str, Any]:
    """What columns mean, and the file that makes them."""
    columns = [
        dg.TableColumn(
            name,
            one.type,
            one.meaning,
            tags={} if one.pii == "none" else {"personal": one.pii},
        )
        for name, one in model.header.columns.items()
    ]
    path = sql_folder() / model.schema_name / f"{model.table_name}.sql"
    place = dg.LocalFileCodeReference(file_path=str(path), line_number=1)
    return {
        "dagster/column_schema": dg.TableSchema(columns),
        "dagster/code_references": dg.CodeReferencesMetadataValue(
            code_references=[place]
        ),
    }


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
