"""Exceptions: standing, reviewed reasons that stop a finding, for 180 days at most."""

import polars as pl

from pipelines.registry.csv_files import LINE, Cell, File, RegistryFrame, tell
from pipelines.registry.table import FROM, TO, Dates, Table, bare_person, conform, identifier, text
from pipelines.settings.problems import Problem

FILE = File(
    "exceptions.csv",
    {
        "exception_id": identifier("X-001"),
        "rule": identifier("SA-1"),
        "scope": Cell(
            "device", "word", required=True, allowed=("account", "device", "site", "person", "rule")
        ),
        "value": Cell("hs-kiosk-01"),
        "reason": identifier("test kiosk, cleared nightly"),
        "approver": identifier("p-1000"),
        "valid_from": Cell("2026-09-01", "date", required=True),
        "valid_to": Cell("2026-12-18", "date", required=True),
    },
    "no finding is hidden",
    key=("exception_id",),
)
COLUMNS = {
    "exception_id": text("id of the exception"),
    "rule": text("detection it silences; * for all"),
    "scope": text("account, device, site, person or rule"),
    "value": text("the account, device, site or person", "indirect"),
    "reason": text("why", "indirect"),
    "approver": text("who approved it", "direct"),
    "valid_from": FROM,
    "valid_to": TO,
}

MAX_EXCEPTION_DAYS = 180


def exceptions(rows: RegistryFrame) -> RegistryFrame:
    """Return the frame `exceptions`; too long, unnamed or self-approved ones are set aside."""
    faults = _exception_faults()
    problems: list[Problem] = []
    for (column, what), (fault, allowed) in faults.items():
        value = pl.col(column).cast(pl.String).alias("value")
        told = rows.frame.filter(fault).select(LINE, value)
        problems += tell(FILE.name, column, told, what=what, allowed=allowed)
    broken = pl.any_horizontal(fault for fault, _ in faults.values())
    good = rows.frame.filter(~broken)
    return RegistryFrame(conform(COLUMNS, good), (*rows.problems, *problems))


def _exception_faults() -> dict[tuple[str, str], tuple[pl.Expr, str]]:
    """Return column and fault -> where it holds, and the allowed values."""
    days = (pl.col("valid_to") - pl.col("valid_from")).dt.total_days() + 1
    return {
        ("valid_to", "lies too far away"): (
            days > MAX_EXCEPTION_DAYS,
            f"at most {MAX_EXCEPTION_DAYS} days",
        ),
        ("value", "is empty"): (
            (pl.col("scope") != "rule") & pl.col("value").is_null(),
            "what is excepted",
        ),
        ("approver", "approves an exception for themselves"): (
            (bare_person("approver") == bare_person("value")).fill_null(value=False),
            "another person",
        ),
    }


TABLE = Table(
    name="exceptions",
    file=FILE,
    frames={"exceptions": COLUMNS},
    make=lambda inputs: {"exceptions": exceptions(inputs.rows[FILE.name])},
    touches=Dates(),
    is_built=False,
)
