"""Exceptions: standing, reviewed reasons that stop a finding, for 180 days at most."""

from collections.abc import Callable, Mapping

import polars as pl

from pipelines.registry import canonical
from pipelines.registry.csv_files import LINE, Cell, File, RegistryFrame, tell
from pipelines.registry.table import (
    FROM,
    TO,
    UNKNOWN_PERSON,
    Dates,
    KnownNames,
    Table,
    conform,
    holders,
    identifier,
    strangers,
    text,
)
from pipelines.settings.problems import Problem

FILE = File(
    "exceptions.csv",
    {
        "exception_id": identifier("X-001"),
        "rule": identifier("SA-1"),
        "scope": Cell(
            "device", "word", required=True, allowed=("account", "device", "site", "person", "rule")
        ),
        "value": Cell("hs-pc-017"),
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
    "value": text("the account, device, site or person, in its one spelling", "indirect"),
    "reason": text("why", "indirect"),
    "approver": text("who approved it", "direct"),
    "valid_from": FROM,
    "valid_to": TO,
}

MAX_EXCEPTION_DAYS = 180


def exceptions(rows: RegistryFrame, known: KnownNames | None = None) -> RegistryFrame:
    """Return the frame `exceptions`; too long, unnamed or self-approved ones are set aside.

    Args:
        known: The names of the registry: values get their spelling.
    """
    spelled = rows.frame.with_columns(
        value=_spelled(rows.frame, known),
        approver=holders(rows.frame["approver"], known),
    )
    faults = _exception_faults()
    problems: list[Problem] = []
    for (column, what), (fault, allowed) in faults.items():
        value = pl.col(column).cast(pl.String).alias("value")
        told = spelled.filter(fault).select(LINE, value)
        problems += tell(FILE.name, column, told, what=what, allowed=allowed)
    broken = pl.any_horizontal(fault for fault, _ in faults.values())
    good = spelled.filter(~broken)
    strange = _strange(good, known) if known else []
    return RegistryFrame(conform(COLUMNS, good), (*rows.problems, *problems, *strange))


def _spelled(rows: pl.DataFrame, known: KnownNames | None) -> pl.Series:
    """Return the values, each in the one spelling of its scope."""
    values = rows["value"].drop_nulls()
    accounts = known.accounts(values) if known else {}
    spell: Mapping[str, Callable[[str], str | None]] = {
        "account": lambda text: accounts.get(text, canonical.lower(text)),
        "device": known.device if known else canonical.device,
        "site": lambda text: canonical.site(text) or text,
        "person": canonical.person,
    }
    pairs = rows.select("scope", "value").rows()
    spelled = [spell[scope](text) if text and scope in spell else text for scope, text in pairs]
    return pl.Series(spelled, dtype=pl.String)


def _strange(good: pl.DataFrame, known: KnownNames) -> list[Problem]:
    """Return notices of values that nothing else in the registry knows."""
    names = {
        "account": (
            known.directory.people | {*known.directory.exact},
            "an account of users.csv or accounts.csv",
        ),
        "device": ({*known.devices.values()}, "a device of devices.csv"),
        "person": (known.people, UNKNOWN_PERSON[1]),
    }
    return [
        problem
        for scope, (every, allowed) in names.items()
        for problem in strangers(
            FILE.name,
            "value",
            good.filter(scope=scope).select(LINE, "value"),
            every,
            what=f"is a {scope} that nothing else in the registry names",
            allowed=allowed,
        )
    ]


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
            (pl.col("approver") == pl.col("value")).fill_null(value=False),
            "another person",
        ),
    }


TABLE = Table(
    name="exceptions",
    file=FILE,
    frames={"exceptions": COLUMNS},
    make=lambda inputs: {"exceptions": exceptions(inputs.rows[FILE.name], inputs.known)},
    touches=Dates(),
    is_built=False,
)
