"""Every asset: events, SQL models, findings, snapshot, reports and the health of sources.

Log files and the registry are external: people and other programs write them, and each
observation has the version that decides what is rebuilt. The rest is what a run makes, so
materializing some of it is a run: it rebuilds the chosen days, and does whatever else is due.
Only the page of a week can be made on its own.

This module is loaded each minute by Dagster's daemon: it opens no home, and what a run needs
is named, not imported.
"""

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import dagster as dg

from pipelines.defs.resources import DAYS, OWNER, HomeResource
from pipelines.events import EVENT_CLASSES, Column
from pipelines.health.issues import KINDS, MODELS_READ
from pipelines.registry.frames import FRAMES
from pipelines.registry.table import tables
from pipelines.reports.dictionary import header_of, sql_type
from pipelines.settings.home import DistrictHome
from pipelines.warehouse.headers import DETECTIONS, ColumnNote
from pipelines.warehouse.models import Model, sql_folder

GRAIN = "grain"
BUILT = "built"
"""That no day is in quarantine. No check stops what comes after: a model whose input
is held back holds itself back, and the rest is judged."""
DIMENSIONS = {
    "hosts": "Registrable domain and background kind of each host.",
    "spellings": "Canonical form of each user name.",
    "addresses": "Each address in a form that sorts.",
    "outside_networks": "Country and network of each address, from the operator's MMDB files.",
}

BALANCE = dg.AssetCheckSpec(
    name="lines_add_up",
    asset=["raw", "http_requests"],
    description=("For every file: lines = events + rejects + blanks + duplicates + pending."),
)
CodeLinks = dict[str, dg.CodeReferencesMetadataValue]

FINDINGS = dg.AssetKey(["findings", "findings"])
LANDING = dg.AssetKey(["landing", "files"])
RULES = "rules"
SNAPSHOT = dg.AssetKey(["snapshots", "current"])
REPORT = dg.AssetKey(["reports", "weekly"])
SOURCES = dg.AssetKey(["health", "sources"])
OUTBOX = dg.AssetKey(["alerts", "outbox"])
PUBLISHED, COMPLETE = "published", "complete"
"""Checks of the newest week's report."""
CURRENT = dg.AssetCheckSpec(
    name="current",
    asset=FINDINGS,
    description="Every day before yesterday was judged with its newest lines and with the "
    "current lists, rules and settings. If not, the check states the reason.",
)
OUTDATED_DAYS = f"/assets/{FINDINGS.to_user_string()}?view=checks&checkDetail={CURRENT.name}"
"""The page that lists the outdated days."""
OWN_RULES = dg.AssetCheckSpec(
    name="own_rules",
    asset=FINDINGS,
    description="Every rule of the district's own can be used. If not, the check lists the file, "
    "the line and what to do; all other rules run.",
)
VERSION = "dagster/data_version"
"""The tag by which Dagster decides whether what was made from an asset is outdated."""
WARN = dg.AssetCheckSeverity.WARN


def files_read() -> list[dg.AssetSpec]:
    """Return the assets that no run makes: delivered log files, and the registry."""
    file_of = {
        frame: f"registry/{table.file.name}"
        for table in tables().values()
        if table.file is not None
        for frame in table.frames
    }
    return [
        _spec(
            LANDING.path,
            group="landing",
            description="The delivered files of every source, as the sensor `something_due` "
            "last saw them.",
            kinds={"file"},
            tags=tags_of_layer("landing", {}),
            metadata=code_of("pipelines.ingest.source"),
        ),
        *(
            _spec(
                ["registry", name],
                group="registry",
                description=f"Rows of {file_of.get(name, 'several files below registry/')}. The "
                "version is that of the rows, which decides what is rebuilt.",
                kinds={"csv"},
                tags=tags_of_layer("registry", columns),
                metadata=_columns_and_code(columns, "pipelines.registry.frames"),
            )
            for name, columns in FRAMES.items()
        ),
    ]


def specs_of(
    models: Iterable[Model], versions: Mapping[str, str], freshness: dg.FreshnessPolicy
) -> list[dg.AssetSpec]:
    """Return every asset of a run, each after what it reads.

    Args:
        versions: What a run notes of each model; empty before there is a district.
        freshness: How old a snapshot may become.
    """
    every, files = list(models), _sql_files()
    read_by = {
        FINDINGS: [model.name for model in every if model.schema_name == "detections"],
        SNAPSHOT: [model.name for model in every if model.schema_name == "marts"],
    }
    return [
        *(
            _spec(
                ["raw", name],
                group="raw",
                deps=[".".join(LANDING.path)],
                description=event_class.meaning,
                kinds={"parquet"},
                tags=tags_of_layer("raw", event_class.columns),
                metadata=_columns_and_code(
                    event_class.columns, "pipelines.refresh.steps", "ingest_sources"
                ),
                partitions_def=DAYS,
            )
            for name, event_class in EVENT_CLASSES.items()
        ),
        *(
            _spec(
                ["identity", name],
                group="identity",
                description=meaning,
                kinds={"python"},
                tags=tags_of_layer("dimension", {}),
                metadata=code_of("pipelines.warehouse.inputs"),
            )
            for name, meaning in DIMENSIONS.items()
        ),
        *(_model_spec(model, versions.get(model.name), files) for model in every),
        _spec(
            FINDINGS.path,
            group="findings",
            deps=read_by[FINDINGS],
            description="Findings with evidence, alternatives and life-cycle. The check `current` "
            "lists the outdated days, and why.",
            kinds={"sqlite"},
            tags=tags_of_layer("findings", header_of("findings.findings").columns),
            metadata=code_of("pipelines.refresh.steps", "judge_days"),
            partitions_def=DAYS,
        ),
        _spec(
            SNAPSHOT.path,
            group="reports",
            deps=[".".join(FINDINGS.path), *read_by[SNAPSHOT]],
            description="Immutable, pseudonymous copy of the warehouse for readers.",
            kinds={"duckdb"},
            tags=tags_of_layer("published", {}),
            metadata=code_of("pipelines.reports.snapshot_tables", "publish_snapshot"),
            freshness_policy=freshness,
        ),
        _spec(
            SOURCES.path,
            group="health",
            deps=[f"marts.{name}" for name in MODELS_READ],
            description="Whether each source's lines still come, by its own past.",
            kinds={"python"},
            tags=tags_of_layer("health", {}),
            metadata=code_of("pipelines.health.overview", "looked_at"),
        ),
        _spec(
            OUTBOX.path,
            group="health",
            deps=[".".join(SOURCES.path), ".".join(FINDINGS.path)],
            description="The alerts that were due, each sent once.",
            kinds={"python"},
            tags=tags_of_layer("health", {}),
            metadata=code_of("pipelines.alerts.dispatch", "send_alerts"),
        ),
    ]


def _spec(
    path: Sequence[str], *, group: str, deps: Iterable[str] = (), **more: Any
) -> dg.AssetSpec:
    return dg.AssetSpec(
        list(path),
        group_name=group,
        owners=[OWNER],
        deps=[name.split(".") for name in deps],
        **more,
    )


def _columns_and_code(
    columns: Mapping[str, Column], module: str, function: str = ""
) -> dict[str, object]:
    return {"dagster/column_schema": column_schema(columns), **code_of(module, function)}


def tags_of_layer(layer: str, columns: Mapping[str, Column | ColumnNote]) -> dict[str, str]:
    """Return tags to search assets by: their layer, and whether they contain personal data."""
    found = {column.pii for column in columns.values()}
    personal = next((pii for pii in ("direct", "indirect") if pii in found), "none")
    return {"layer": layer, "personal_data": personal}


def _tags_of(model: Model) -> dict[str, str]:
    """Return a model's tags; those of a rule include its id, subject, severity and status."""
    header, tags = model.header, tags_of_layer(model.schema_name, model.header.columns)
    if not header.code:
        return tags
    status = {"trial": "experimental", "live": "stable"}[header.stage]
    rule = {"rule": header.code, "about": header.kind, "severity": header.severity}
    return tags | rule | {"status": status}


def code_of(module: str, function: str = "") -> CodeLinks:
    """Return the metadata of an asset's link to the module or function that makes it.

    Raises:
        LookupError: The module has no such function.
    """
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise LookupError(module)
    text = Path(spec.origin).read_text(encoding="utf-8")
    place = re.search(rf"^def {function}\b", text, re.MULTILINE) if function else None
    if function and place is None:
        raise LookupError(f"{module}.{function}")
    line = text.count("\n", 0, place.start()) + 1 if place else 1
    return _code_references([(spec.origin, line)])


def _code_references(places: Sequence[tuple[str, int]]) -> CodeLinks:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # links to code are beta in 1.13
        files = [dg.LocalFileCodeReference(file_path=f, line_number=n) for f, n in places]
        references = dg.CodeReferencesMetadataValue(code_references=[*files])
    return {"dagster/code_references": references}


def fresh_within(hours: int) -> dg.FreshnessPolicy:
    """Return the policy of a published asset: warn after these hours, fail after twice as many."""
    return dg.FreshnessPolicy.time_window(
        warn_window=timedelta(hours=hours), fail_window=timedelta(hours=2 * hours)
    )


def _model_spec(model: Model, version: str | None, files: Mapping[str, Path]) -> dg.AssetSpec:
    """Return the asset of a model: its path is the key, its inputs are the dependencies."""
    code = model.header.code
    return _spec(
        model.name.split("."),
        group=_group(model),
        deps=sorted(model.inputs),
        description=f"{code}: {model.header.summary}" if code else model.header.summary,
        kinds={"duckdb", "sql"},
        tags=_tags_of(model),
        metadata=_metadata(model, files),
        code_version=version,
        partitions_def=DAYS if model.is_dated else None,
    )


def _group(model: Model) -> str:
    """Return the folder; for detections, their subject, because there are many."""
    folder = model.schema_name
    about = model.header.kind
    return f"{folder}_{about}" if about else folder


def _sql_files() -> Mapping[str, Path]:
    """Return the file of each model by name, with those of the district's own rules."""
    own = DistrictHome(HomeResource().folder.resolve()).own_rules.glob("*.sql")
    built_in = sql_folder().glob("*/*.sql")
    return {f"{DETECTIONS}.{path.stem}": path for path in own} | {
        f"{path.parent.name}.{path.stem}": path for path in built_in
    }


def _metadata(model: Model, files: Mapping[str, Path]) -> dict[str, object]:
    """Return the meaning of the columns, and the files that make them."""
    columns = [
        dg.TableColumn(
            name, one.type, one.meaning, tags={} if one.pii == "none" else {"personal": one.pii}
        )
        for name, one in model.header.columns.items()
    ]
    # a part that is made from other models has no file
    paths = [files[one.name] for one in (model, *model.parts) if one.name in files]
    return {
        "dagster/column_schema": dg.TableSchema(columns),
        **_code_references([(str(path), 1) for path in paths]),
    }


def lineage_of(model: Model) -> dict[str, dg.MetadataValue[Any]]:
    """Return the metadata of the columns that have their meaning from a column of an input."""
    origins = {
        name: [dg.TableColumnDep(asset_key=column.of.split("."), column_name=name)]
        for name, column in model.header.columns.items()
        if column.of in model.inputs
    }
    lineage = dg.MetadataValue.column_lineage(dg.TableColumnLineage(origins))
    return {"dagster/column_lineage": lineage} if origins else {}


def named_checks(model: Model) -> dict[str, str]:
    """Return the conditions of a model by check name."""
    numbered = {
        f"holds_{number}": check.holds for number, check in enumerate(model.header.audits, start=1)
    }
    return {GRAIN: GRAIN, **numbered}


def checks_of(models: Iterable[Model]) -> list[dg.AssetCheckSpec]:
    """Return the checks of a run: lines that add up, every day built, sources that come."""
    return [
        BALANCE,
        CURRENT,
        OWN_RULES,
        *(check for model in models for check in _model_checks(model)),
        *(
            dg.AssetCheckSpec(name=kind, asset=SOURCES, description=f"Not so: {meaning}.")
            for kind, meaning in KINDS.items()
        ),
    ]


def _model_checks(model: Model) -> Iterator[dg.AssetCheckSpec]:
    key = dg.AssetKey(model.name.split("."))
    yield dg.AssetCheckSpec(name=BUILT, asset=key, description="every day could be built")
    for name, check in named_checks(model).items():
        unique = f"unique: {', '.join(model.header.grain)}"
        yield dg.AssetCheckSpec(
            name=name, asset=key, description=unique if check == GRAIN else check
        )


def severity_of(model: Model, check: str) -> dg.AssetCheckSeverity:
    """Return how bad it is if a condition of a model is broken."""
    severities = {audit.holds: audit.severity for audit in model.header.audits}
    is_warning = severities.get(check) == "warn"
    return dg.AssetCheckSeverity.WARN if is_warning else dg.AssetCheckSeverity.ERROR


def column_schema(columns: Mapping[str, Column]) -> dg.TableSchema:
    """Return Dagster's description of the columns of a frame."""
    return dg.TableSchema(
        [dg.TableColumn(name, sql_type(one.dtype), one.meaning) for name, one in columns.items()]
    )
