"""Traffic that has to be there: nightly copies, requests that a filter refuses."""

from datetime import timedelta

import polars as pl

from pipelines.events import Column
from pipelines.registry import canonical
from pipelines.registry.csv_files import LINE, Cell, File, RegistryFrame, tell
from pipelines.registry.table import FROM, FROM_CELL, TO, Dates, Table, conform, identifier, text

FILE = File(
    "expected_traffic.csv",
    {
        "expected_id": identifier("T-001"),
        "kind": Cell("backup", "word", required=True, allowed=("backup", "canary")),
        "log": identifier("firewall"),
        "device": Cell("srv-files", "device"),
        "destination": identifier("vault.example.com"),
        "every_days": Cell("1", "integer"),
        "least_megabytes": Cell("500", "number"),
        "valid_from": FROM_CELL,
        "valid_to": Cell("", "date"),
    },
    "a nightly copy that stays away, and a filter that refuses nothing, are not noticed",
    key=("expected_id",),
)
COLUMNS = {
    "expected_id": text("id of the row"),
    "kind": text("backup or canary"),
    "log": text("source whose log shows it"),
    "device": text("device or address that sends it; null: any", "indirect"),
    "destination": text("host and all below it, or address"),
    "every_days": Column(pl.Int64, "at least once in this many days"),
    "least_megabytes": Column(pl.Float64, "so much has to be sent"),
    "valid_from": FROM,
    "valid_to": TO,
}

MAX_DAYS = 28


def destination_of(written: str) -> str:
    """Return the host of a destination; another word in lower case."""
    return canonical.site(written) or canonical.lower(written)


def expected_traffic(rows: RegistryFrame) -> RegistryFrame:
    """Return the frame `expected_traffic`; rows that no rule could judge are set aside."""
    days = pl.col("every_days")
    too_rare = ((days < 1) | (days > MAX_DAYS)).fill_null(value=False)
    problems = tell(
        FILE.name,
        "every_days",
        rows.frame.filter(too_rare).select(LINE, days.cast(pl.String).alias("value")),
        what="is not judged",
        allowed=f"1 to {MAX_DAYS} days",
    )
    destination = canonical.mapped(pl.col("destination"), destination_of)
    good = rows.frame.filter(~too_rare).with_columns(destination)
    return RegistryFrame(conform(COLUMNS, good), (*rows.problems, *problems))


TABLE = Table(
    name="expected_traffic",
    file=FILE,
    frames={"expected_traffic": COLUMNS},
    make=lambda inputs: {"expected_traffic": expected_traffic(inputs.rows[FILE.name])},
    touches=Dates(looks_back=timedelta(days=27)),
)
