"""Every asset: landing files become events, models tables, findings reports and alerts.

There is one asset for each SQL model and each class of events; the work is done in the
folders below. A step shows a few rows of its table. Dagster's pages have no login, so
the preview has only columns that are not about people, and text columns only if their
words are a closed list.
"""

import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType

import dagster as dg

from pipelines.build.due import note_built
from pipelines.build.spans import days_said_of
from pipelines.build.steps import build_model, ingest_sources, judge_days
from pipelines.defs.resources import OWNER, HomeResource, days_of
from pipelines.events import EVENT_CLASSES, Column
from pipelines.gaps.now import not_built
from pipelines.lake.files import sweep
from pipelines.operations.purge import finish_purge
from pipelines.privacy.pseudonyms import is_published
from pipelines.registry import frames
from pipelines.registry.frames import FRAMES
from pipelines.reports.dictionary import header_of, sql_type, words_of
from pipelines.reports.headline import NUMBERS, this_week
from pipelines.reports.publication import Published, publish_pending
from pipelines.reports.snapshot_tables import publish_snapshot
from pipelines.reports.view import View
from pipelines.run.run import RunResult, Watchers, run_opened, told, troubles
from pipelines.state import ledger
from pipelines.state.audit import open_chain
from pipelines.state.ledger import event_days
from pipelines.state.published_reports import is_snapshot_due
from pipelines.state.source_records import mark_clean, note_run, quarantined
from pipelines.warehouse import inputs
from pipelines.warehouse.database import Database
from pipelines.warehouse.headers import ColumnNote
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

MAX_ROWS = 5
TEXT = ("varchar", "json", "[]", "struct", "map")
BALANCE = dg.AssetCheckSpec(
    name="lines_add_up",
    asset=["raw", "http_requests"],
    description=("For every file: lines = events + rejects + blanks + duplicates + pending."),
    blocking=True,
)
CodeLinks = dict[str, dg.CodeReferencesMetadataValue]
Shown = (
    dg.FloatMetadataValue
    | dg.IntMetadataValue
    | dg.JsonMetadataValue
    | dg.PathMetadataValue
    | dg.TextMetadataValue
    | dg.UrlMetadataValue
)
"""Metadata of a report in Dagster."""

FINDINGS = dg.AssetKey(["findings", "findings"])
SNAPSHOT = dg.AssetKey(["snapshots", "current"])
REPORT = dg.AssetKey(["reports", "weekly"])
MIN_ARRIVED = 0.9
WARN = dg.AssetCheckSeverity.WARN


def given_specs() -> list[dg.AssetSpec]:
    """Return assets that no model makes: the registry, and dimensions computed in Python."""
    registry = [
        dg.AssetSpec(
            key=["registry", name],
            group_name="registry",
            description="Read from the district's files in registry/, at each run.",
            owners=[OWNER],
            kinds={"csv"},
            tags=_tags("registry", columns),
            metadata={"dagster/column_schema": column_schema(columns), **code_of(frames)},
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
            tags=_tags("dimension", {}),
            metadata=code_of(inputs),
        )
        for name, meaning in DIMENSIONS.items()
    ]
    return registry + dimensions


def _tags(layer: str, columns: Mapping[str, Column | ColumnNote]) -> dict[str, str]:
    """Return tags to search assets by: their layer, and whether they contain personal data."""
    found = {column.pii for column in columns.values()}
    personal = next((pii for pii in ("direct", "indirect") if pii in found), "none")
    return {"layer": layer, "personal_data": personal}


def _tags_of(model: Model) -> dict[str, str]:
    """Return a model's tags; those of a rule include its id, subject, severity and status."""
    header, tags = model.header, _tags(model.schema_name, model.header.columns)
    if not header.code:
        return tags
    status = {"trial": "experimental", "live": "stable"}[header.stage]
    rule = {"rule": header.code, "about": header.kind, "severity": header.severity}
    return tags | rule | {"status": status}


def code_of(place: ModuleType | Callable[..., object]) -> CodeLinks:
    """Return the metadata of an asset's link to the module or function that makes it."""
    lines = 1 if isinstance(place, ModuleType) else inspect.getsourcelines(place)[1]
    file = str(inspect.getsourcefile(place))
    return _code_references([(file, lines)])


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


def model_asset(
    model: Model,
    daily: dg.DailyPartitionsDefinition,
    version: str | None = None,
    freshness: dg.FreshnessPolicy | None = None,
) -> dg.AssetsDefinition:
    """Wrap a model: its path is the key, its inputs are the dependencies.

    Args:
        version: What a run notes of the model, where a district is known.
        freshness: How old the tables of snapshots may become.
    """
    key = dg.AssetKey(model.name.split("."))
    code = model.header.code

    @dg.asset(
        key=key,
        deps=[_dependency(model, name) for name in sorted(model.inputs)],
        description=f"**{code}** {model.header.summary}" if code else model.header.summary,
        group_name=_group(model),
        owners=[OWNER],
        metadata=_metadata(model),
        code_version=version,
        partitions_def=daily if model.is_dated else None,
        backfill_policy=dg.BackfillPolicy.single_run(),
        kinds={"duckdb", "sql"},
        tags=_tags_of(model),
        freshness_policy=freshness if is_published(model) else None,
        pool="warehouse_writer",
        check_specs=check_specs(model, key),
    )
    def build(
        context: dg.AssetExecutionContext, home: HomeResource
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        days = days_of(context) if model.is_dated else []
        with home.writing() as district, district.open_warehouse() as database:
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
                {**counted, **shown} if day == days[-1] else counted, partition_key=day.isoformat()
            )
        broken = {breach.check: breach for breach in made.breaches}
        yield dg.MaterializeResult(
            asset_key=key, metadata={} if days else {"dagster/row_count": made.rows, **shown}
        )
        yield dg.AssetCheckResult(
            asset_key=key,
            check_name=BUILT,
            passed=not made.held_back,
            metadata={
                "days": listed(str(one.event_date or "whole") for one in made.held_back),
                "causes": listed(one.cause for one in made.held_back),
            },
        )
        for name, check in named_checks(model).items():
            found = broken.get(check)
            yield dg.AssetCheckResult(
                asset_key=key,
                check_name=name,
                passed=found is None,
                severity=_severity(model, check),
                metadata={"rows": found.row_count if found else 0},
            )

    return build


def listed(words: Iterable[str]) -> str:
    """Return words as a check's page shows them."""
    return ", ".join(sorted(set(words)))


def _refuse_empty(days: list[date], held: list[date]) -> None:
    """Raise an error for days without log lines on them or shortly before."""
    if days and not days_said_of(held) & {*days}:
        span = f"{held[0]} to {held[-1]}" if held else "none yet"
        raise dg.Failure(
            f"No log line of {days[0]} to {days[-1]} was read. Days with lines: {span}.",
            allow_retries=False,
        )


def _beforehand(database: Database, model: Model, days: list[date]) -> str:
    """Describe the days to build, and the number of existing rows that they replace."""
    rows = 0
    if database.has(model.name):
        rows = database.row_count(model, days or [None])
    span = f"{len(days)} days, {days[0]} to {days[-1]}" if days else "the whole table"
    return f"{model.name}: builds {span}; replaces {rows:,} rows"


def _group(model: Model) -> str:
    """Return the folder; for detections, their subject, because there are many."""
    folder = model.schema_name
    about = model.header.kind
    return f"{folder}_{about}" if about else folder


def _metadata(model: Model) -> dict[str, object]:
    """Return the meaning of the columns, and the files that make them."""
    columns = [
        dg.TableColumn(
            name, one.type, one.meaning, tags={} if one.pii == "none" else {"personal": one.pii}
        )
        for name, one in model.header.columns.items()
    ]
    paths = [
        sql_folder() / one.schema_name / f"{one.table_name}.sql" for one in (model, *model.parts)
    ]
    # a part that is made from other models has no file
    files = [(str(path), 1) for path in paths if path.is_file()]
    return {
        "dagster/column_schema": dg.TableSchema(columns),
        **_code_references(files),
    }


def _dependency(model: Model, name: str) -> dg.AssetDep:
    header = model.header
    key = name.split(".")
    schema = key[0]
    is_dated = model.is_dated and schema in ("identity", "core", "detections")
    if not is_dated or key[1] in DIMENSIONS:
        return dg.AssetDep(key)
    mapping = dg.TimeWindowPartitionMapping(
        start_offset=-header.lookback,
        end_offset=header.lookahead,
        allow_nonexistent_upstream_partitions=True,
    )
    return dg.AssetDep(key, partition_mapping=mapping)


def named_checks(model: Model) -> dict[str, str]:
    """Return the conditions of a model by check name."""
    numbered = {
        f"holds_{number}": check.holds for number, check in enumerate(model.header.audits, start=1)
    }
    return {GRAIN: GRAIN, **numbered}


def check_specs(model: Model, key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    """Return the checks of a model: every day was built, its grain, its conditions."""
    built = dg.AssetCheckSpec(name=BUILT, asset=key, description="every day could be built")
    return [built] + [
        dg.AssetCheckSpec(
            name=name,
            asset=key,
            description=f"unique: {', '.join(model.header.grain)}" if check == GRAIN else check,
        )
        for name, check in named_checks(model).items()
    ]


def _severity(model: Model, check: str) -> dg.AssetCheckSeverity:
    said = {one.holds: one.severity for one in model.header.audits}
    is_warning = said.get(check) == "warn"
    return dg.AssetCheckSeverity.WARN if is_warning else dg.AssetCheckSeverity.ERROR


def shown_columns(model: Model) -> list[str]:
    """Return the columns that anyone who opens the page may see."""
    return [
        name
        for name, column in model.header.columns.items()
        if column.pii == "none"
        and (
            not any(kind in column.type.lower() for kind in TEXT)
            or (column.type == "varchar" and bool(words_of(model.name, name)))
        )
    ]


def preview(database: Database, model: Model) -> dict[str, dg.TableMetadataValue]:
    """Return metadata of a materialization; empty if nothing may be shown."""
    columns = shown_columns(model)
    if not columns or not database.has(model.name):
        return {}
    rows = database.newest(model.name, columns, MAX_ROWS)
    if not rows:
        return {}
    records = [
        dg.TableRecord({name: _plain(value) for name, value in zip(columns, row, strict=True)})
        for row in rows
    ]
    return {"preview": dg.MetadataValue.table(records)}


def _plain(value: object) -> str | int | float | bool:
    if isinstance(value, str | int | float | bool):
        return value
    return "" if value is None else str(value)


def column_schema(columns: Mapping[str, Column]) -> dg.TableSchema:
    """Return Dagster's description of the columns of a frame."""
    return dg.TableSchema(
        [dg.TableColumn(name, sql_type(one.dtype), one.meaning) for name, one in columns.items()]
    )


SPECS = [
    dg.AssetSpec(
        key=["raw", event_class.name],
        description=event_class.meaning,
        group_name="raw",
        owners=[OWNER],
        metadata={
            "dagster/column_schema": column_schema(event_class.columns),
            **code_of(ingest_sources),
        },
        kinds={"parquet"},
        tags=_tags("raw", event_class.columns),
    )
    for event_class in EVENT_CLASSES.values()
]


# plain types: text of `dg.Config` may also be `{env: NAME}`, and an error would print the value
INGEST_CONFIG = {
    "sources": dg.Field(
        [str], default_value=[], description="Names of sources to read, such as proxy; empty: all."
    )
}
RULE_CONFIG = {
    "rule": dg.Field(str, description="Id of the rule, such as SA-1."),
    "first": dg.Field(str, description="First local day, such as 2026-10-20."),
    "last": dg.Field(
        str, default_value="", description="Last local day; empty: the first day alone."
    ),
}


@dg.multi_asset(
    name="take_in_deliveries",
    specs=SPECS,
    check_specs=[BALANCE],
    pool="warehouse_writer",
    config_schema=INGEST_CONFIG,
)
def ingest(
    context: dg.AssetExecutionContext, home: HomeResource
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Read everything new; the account of lines is checked and shown."""
    with home.writing() as district:
        for shrunk in district.registry.refused:
            context.log.warning("registry/%s", shrunk)
        outcomes = ingest_sources(district, only=context.op_execution_context.op_config["sources"])
        files = ledger.source_files(district.store)
        account = ledger.account(district.store)
        rows = {
            name: sum(lake_file.row_count for lake_file in ledger.lake_files(district.store, name))
            for name in EVENT_CLASSES
        }
    for text in troubles(outcomes):
        context.log.warning(text)
    new = sum(outcome.is_new for outcome in outcomes)
    for name in EVENT_CLASSES:
        yield dg.MaterializeResult(
            asset_key=["raw", name], metadata={"dagster/row_count": rows[name], "new_files": new}
        )
    wrong = [f"{file.source}/{file.path}" for file in files if not file.balances]
    yield dg.AssetCheckResult(
        check_name=BALANCE.name,
        asset_key=BALANCE.asset_key,
        passed=not wrong,
        metadata={
            "account": dg.MetadataValue.json([dict(row) for row in account]),
            "files_that_do_not_add_up": dg.MetadataValue.json(wrong),
        },
    )


def findings_asset(
    detections: Sequence[Model], daily: dg.DailyPartitionsDefinition, freshness: dg.FreshnessPolicy
) -> dg.AssetsDefinition:
    """Build the asset that turns a day's candidates into findings, with copied lines."""

    @dg.asset(
        key=FINDINGS,
        deps=[model.name.split(".") for model in detections],
        group_name="findings",
        partitions_def=daily,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool="warehouse_writer",
        description="Findings with evidence, alternatives and life-cycle.",
        owners=[OWNER],
        kinds={"sqlite"},
        tags=_tags("findings", header_of("findings.findings").columns),
        metadata=code_of(judge_days),
        freshness_policy=freshness,
    )
    def findings(
        context: dg.AssetExecutionContext, home: HomeResource
    ) -> dg.MaterializeResult[None]:
        days = days_of(context)
        with home.writing() as district, district.open_warehouse() as database:
            built = {model.name: days for model in detections}
            kept = judge_days(database, district, built)
            note_built(database, district, days)
            for day in days:
                mark_clean(district.store, day)
            note_run(district.store, datetime.now(UTC))
            not_judged = [gap.line for gap in not_built(district.store, district.settings)]
        return dg.MaterializeResult(
            metadata={
                "new": len(kept.new),
                "updated": len(kept.updated),
                "withdrawn": len(kept.withdrawn),
                "not_judged": not_judged,
            }
        )

    return findings


def snapshot_asset(marts: Sequence[Model], freshness: dg.FreshnessPolicy) -> dg.AssetsDefinition:
    """Build the asset of the pseudonymous copy that readers open."""

    @dg.asset(
        key=SNAPSHOT,
        deps=[FINDINGS, *(model.name.split(".") for model in marts)],
        group_name="reports",
        pool="warehouse_writer",
        description="Immutable, pseudonymous copy of the warehouse for readers.",
        owners=[OWNER],
        kinds={"duckdb"},
        tags=_tags("published", {}),
        metadata=code_of(publish_snapshot),
        freshness_policy=freshness,
    )
    def snapshot(home: HomeResource) -> dg.MaterializeResult[None]:
        with home.writing() as district:
            path = publish_snapshot(district, datetime.now(UTC))
        return dg.MaterializeResult(metadata={"file": path.name, "bytes": path.stat().st_size})

    return snapshot


def report_metadata(done: Sequence[Published], week: date, address: str) -> dict[str, Shown]:
    """Return the location of the week's report, and the numbers of its page one.

    Args:
        done: The published weeks, with the week before for its link.
        address: Where the reports folder is on a web server; may be empty.
    """
    pages = [str(one.page) for one in done]
    found: dict[str, Shown] = {"pages": dg.MetadataValue.json(pages)}
    own = next((one for one in done if one.week_start == week), None)
    if own is None:
        return found | {"report": dg.MetadataValue.text("no events in this week")}
    found["report"] = dg.MetadataValue.path(own.page)
    if address:
        place = f"{address.rstrip('/')}/{own.page.parent.name}/{own.page.name}"
        found["address"] = dg.MetadataValue.url(place)
    numbers = this_week(View(own.inputs, week))
    for key, label in NUMBERS.items():
        if (number := numbers.get(key)) is not None:
            found[label.lower().replace(" ", "_")] = dg.MetadataValue.int(number)
    return found | {"arrived": dg.MetadataValue.float(numbers["coverage"] or 0.0)}


def report_asset(
    weeks: dg.WeeklyPartitionsDefinition, freshness: dg.FreshnessPolicy
) -> dg.AssetsDefinition:
    """Build the asset of the weekly report, made from the newest snapshot.

    A new snapshot republishes the current week.
    """

    @dg.asset(
        key=REPORT,
        deps=[SNAPSHOT],
        group_name="reports",
        partitions_def=weeks,
        description="Offline pages of each week, and the index of weeks. A report also writes each "
        "week that was judged since its own page was written.",
        owners=[OWNER],
        kinds={"html"},
        tags=_tags("published", {}),
        metadata=code_of(publish_pending),
        freshness_policy=freshness,
        automation_condition=dg.AutomationCondition.eager(),
        check_specs=[
            dg.AssetCheckSpec("published", asset=REPORT, description="the week's page is there"),
            dg.AssetCheckSpec(
                "hours_arrived",
                asset=REPORT,
                description=f"at least {MIN_ARRIVED:.0%} of the hours expected came",
            ),
        ],
    )
    def report(
        context: dg.AssetExecutionContext, home: HomeResource
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        week, now = date.fromisoformat(context.partition_key), datetime.now(UTC)
        with home.writing() as district:
            if is_snapshot_due(district.store):
                publish_snapshot(district, now)
            done = publish_pending(district, now, [week])
            metadata = report_metadata(done, week, district.settings.reports_address)
        yield dg.MaterializeResult(metadata=metadata)
        page = Path(str(metadata["report"].value))
        yield dg.AssetCheckResult(check_name="published", passed=page.is_file(), severity=WARN)
        arrived = metadata.get("arrived")
        yield dg.AssetCheckResult(
            check_name="hours_arrived",
            passed=arrived is not None and float(str(arrived.value or 0)) >= MIN_ARRIVED,
            severity=WARN,
            metadata={"arrived": arrived} if arrived else {},
        )

    return report


@dg.op
def sweep_orphans(context: dg.OpExecutionContext, home: HomeResource) -> None:
    """Clear the lake of files that no ledger row lists."""
    with home.writing() as district:
        swept = sweep(district.store, district.home.lake)
    context.log.info("%d files of the lake were deleted", swept.deleted)
    if swept.moved:
        context.log.warning("%d were moved to .unlisted", len(swept.moved))


@dg.op
def finish_interrupted_purge(context: dg.OpExecutionContext, home: HomeResource) -> None:
    """Delete what a purge that was cut off left, and certify it."""
    with home.writing() as district:
        chain = open_chain(district.store, district.home)
        made = finish_purge(district, chain, datetime.now(UTC))
        district.home.old_warehouse.unlink(missing_ok=True)
    if made:
        context.log.warning("finished a purge that was cut off: %s", made.name)


@dg.op
def run_all(context: dg.OpExecutionContext, home: HomeResource) -> None:
    """Read, build, judge, publish and alert, as `schoolbell run` does."""
    with home.writing() as district:
        done = run_opened(district, datetime.now(UTC), Watchers())
    for line in logged(done):
        context.log.info("%s", line)


@dg.op(config_schema=RULE_CONFIG)
def judge_one_rule(context: dg.OpExecutionContext, home: HomeResource) -> None:
    """Build one rule's table for some days from the current tables, and judge it."""
    rule, *bounds = (context.op_config[name] for name in RULE_CONFIG)
    first, last = (date.fromisoformat(text or bounds[0]) for text in bounds)
    with home.writing() as district, district.open_warehouse() as database:
        if rule not in district.detections:
            raise dg.Failure(f"There is no rule {rule}.", allow_retries=False)
        model = district.detections[rule].model
        logged_on = sorted(days_said_of(event_days(district.store)))
        days = [day for day in logged_on if first <= day <= last]
        _refuse_empty(days or [first], logged_on)
        build_model(database, district, model.name, days)
        kept = judge_days(database, district, {model.name: days})
    context.log.info(
        "%s, %s to %s: %d new findings, %d updated, %d withdrawn",
        rule, days[0], days[-1], len(kept.new), len(kept.updated), len(kept.withdrawn),
    )  # fmt: skip


@dg.job(
    executor_def=dg.in_process_executor,
    description="One rule on some days, from the current tables. The next report publishes what "
    "changed.",
)
def one_rule() -> None:
    """Judge one rule again."""
    judge_one_rule()


def logged(done: RunResult) -> Iterator[str]:
    """Yield a run's messages without the details of failures, which may contain log values."""
    yield from told(replace(done, gaps=[gap for gap in done.gaps if gap not in done.failures]))
    yield from (gap.line for gap in done.failures)


@dg.job(
    executor_def=dg.in_process_executor,
    description="All that is due, as `schoolbell run` does it: a first run, or days "
    "older than the first partition.",
)
def everything() -> None:
    """Run everything that is due."""
    run_all()


@dg.job(executor_def=dg.in_process_executor, description="Sweep what interrupted runs left behind.")
def housekeeping() -> None:
    """Keep the home tidy."""
    sweep_orphans()
    finish_interrupted_purge()
