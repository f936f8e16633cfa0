"""Landing files become events: one step for all sources, one asset a class."""

from collections.abc import Iterator, Mapping

import dagster as dg

from pipelines.defs.resources import OWNER, HomeResource
from pipelines.events import EVENT_CLASSES, Column
from pipelines.refresh.steps import ingest_sources
from pipelines.reports.dictionary import sql_type
from pipelines.run.summary import troubles
from pipelines.state import ledger


def column_schema(columns: Mapping[str, Column]) -> dg.TableSchema:
    """What Dagster shows of the columns of a frame."""
    return dg.TableSchema(
        [
            dg.TableColumn(name, sql_type(one.dtype), one.meaning)
            for name, one in columns.items()
        ]
    )


SPECS = [
    dg.AssetSpec(
        key=["raw", event_class.name],
        description=event_class.meaning,
        group_name="raw",
        owners=[OWNER],
        metadata={"dagster/column_schema": column_schema(event_class.columns)},
        kinds={"parquet"},
    )
    for event_class in EVENT_CLASSES.values()
]

BALANCE = dg.AssetCheckSpec(
    name="lines_add_up",
    asset=["raw", "http_requests"],
    description=(
        "For every file: lines = events + rejects + blanks + duplicates + pending."
    ),
    blocking=True,
)


@dg.multi_asset(
    name="take_in_deliveries",
    specs=SPECS,
    check_specs=[BALANCE],
    pool="warehouse_writer",
)
def ingest(
    context: dg.AssetExecutionContext, home: HomeResource
) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    """Read everything new; the account of lines is checked and shown."""
    with home.writing() as district:
        for shrunk in district.registry.refused:
            context.log.warning("registry/%s", shrunk)
        outcomes = ingest_sources(district)
        files = ledger.source_files(district.store)
        account = ledger.account(district.store)
        rows = {
            name: sum(
                lake_file.row_count
                for lake_file in ledger.lake_files(district.store, name)
            )
            for name in EVENT_CLASSES
        }
    for text in troubles(outcomes):
        context.log.warning(text)
    new = sum(outcome.is_new for outcome in outcomes)
    for name in EVENT_CLASSES:
        yield dg.MaterializeResult(
            asset_key=["raw", name],
            metadata={"dagster/row_count": rows[name], "new_files": new},
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
