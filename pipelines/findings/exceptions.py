"""Enters an exception into the registry, and ends one; both stand in the audit chain.

An exception hides the findings that it names, from the next run on, and past ones
too: days are judged again. It never deletes one, and taking it back shows all.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import Connection

from pipelines.district import District
from pipelines.errors import SettingsError
from pipelines.findings.cases import owners
from pipelines.findings.history import note
from pipelines.findings.permit_use import seen_of
from pipelines.findings.permits import excepts
from pipelines.registry.csv_files import Rows, read_file
from pipelines.registry.edits import (
    line_of,
    put,
    refuse,
    with_cell,
    with_row,
    without_row,
)
from pipelines.registry.frames import FILES
from pipelines.registry.tables.exceptions import exceptions
from pipelines.settings.roles import Asker
from pipelines.state.audit import Act, open_chain

FILE = "exceptions.csv"
FORMULA = ("=", "+", "-", "@", "\t")
Scope = Literal["account", "person", "device", "site"]
SCOPES: tuple[Scope, ...] = ("account", "person", "device", "site")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """An exception that somebody wants to enter.

    Attributes:
        first: First day that it covers.
        last: Last day.
        approver: Person id of whoever enters it, else their login.
    """

    scope: Scope
    first: date
    last: date
    reason: str
    approver: str


def enter(
    district: District, finding: Mapping[str, Any], asked: Asked, case: str, by: Asker
) -> str:
    """Write an exception for what a finding is about; its id.

    Raises:
        SettingsError: It would hide nothing, or the registry would not take it.
    """
    value = _value(district, finding, asked.scope)
    ident = _next_id(district)
    row = {
        "exception_id": ident,
        "rule": str(finding["rule"]),
        "scope": asked.scope,
        "value": value,
        "reason": asked.reason,
        "approver": asked.approver,
        "valid_from": asked.first.isoformat(),
        "valid_to": asked.last.isoformat(),
    }
    _hides(district, finding, row | {"valid_from": asked.first, "valid_to": asked.last})
    span = f"{ident}, {asked.scope}, {asked.first} to {asked.last}"
    act = Act(
        actor=str(by),
        action="exception",
        subject=str(finding["finding_id"]),
        case=case,
        reason=f"{span}: {asked.reason}",
    )

    def changed(data: bytes) -> bytes:
        return with_row(data, FILE, row, _names(district))

    with _changed(district, act, changed) as connection:
        note(connection, finding, "exception", f"{span}: {asked.reason}", str(by))
    return ident


def end(
    district: District, ident: str, reason: str, by: Asker, *, today: date, wholly: bool
) -> date | None:
    """Let an exception end yesterday, or take it back as if it never was.

    Returns:
        Its last day; None where it was taken back.
    """
    row = _row(district, ident)
    last = today - timedelta(days=1)
    is_gone = wholly or last < row["valid_from"]
    if not is_gone and row["valid_to"] <= last:
        raise SettingsError(
            f"{ident} has ended on {row['valid_to']} already",
            remedy="To show what it hid, take it back: --wholly",
        )

    def changed(data: bytes) -> bytes:
        names = _names(district)
        at = line_of(data, FILE, ("exception_id", ident), names)
        if is_gone:
            return without_row(data, FILE, at)
        return with_cell(data, FILE, at, ("valid_to", last.isoformat()), names)

    what = "taken back" if is_gone else f"ends on {last}"
    act = Act(
        actor=str(by),
        action="exception ended",
        subject=ident,
        reason=f"{what}: {reason}",
    )
    with _changed(district, act, changed):
        return None if is_gone else last


@contextmanager
def _changed(
    district: District, act: Act, change: Callable[[bytes], bytes]
) -> Iterator[Connection]:
    """One act: the file's new bytes, checked, and the entry with both hashes."""
    path = district.home.registry / FILE
    before = path.read_bytes() if path.exists() else b""
    after = change(before)
    refuse([one for one in _read(district, after).problems if _is_new(district, one)])
    hashes = f" ({FILE} {_hash(before)} to {_hash(after)})"
    told = Act(**(act.__dict__ | {"reason": act.reason + hashes}))
    with open_chain(district.store, district.home).recording(told) as connection:
        yield connection
        put(path, after)


def _is_new(district: District, problem: Any) -> bool:
    """It was not wrong before; what was is not this command's to mend."""
    known = {(one.line, one.what, one.value) for one in district.registry.problems}
    return (problem.line, problem.what, problem.value) not in known


def _read(district: District, data: bytes) -> Rows:
    most = district.settings.limits.registry_rows
    return exceptions(read_file(data, FILES[FILE], _names(district), most))


def _names(district: District) -> Mapping[str, str]:
    return district.settings.registry.columns.get(FILE, {})


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


def _next_id(district: District) -> str:
    taken = set(district.registry.frames["exceptions"]["exception_id"])
    path = district.home.registry / FILE
    text = path.read_text("utf-8", "replace") if path.exists() else ""
    number = 1
    # ids of rows that were taken back or set aside are not given again
    while f"X-{number:03}" in taken or f"X-{number:03}" in text:
        number += 1
    return f"X-{number:03}"


def _row(district: District, ident: str) -> Mapping[str, Any]:
    for row in district.registry.frames["exceptions"].iter_rows(named=True):
        if row["exception_id"] == ident:
            return row
    raise SettingsError(
        f"there is no exception {ident}",
        where=f"registry/{FILE}",
        remedy="List them with: schoolbell findings permits",
    )


def _value(district: District, finding: Mapping[str, Any], scope: Scope) -> str:
    seen = seen_of(finding, owners(district))
    found = {
        "account": [seen.subject],
        "person": [seen.owner] if seen.owner else [],
        "device": list(seen.devices),
        "site": list(seen.sites),
    }[scope]
    if len(found) != 1:
        raise SettingsError(
            f"the finding names {len(found)} of that kind; an exception is for one",
            where=f"--scope {scope}",
            remedy=f"Scopes: {', '.join(SCOPES)}.",
        )
    if str(found[0]).startswith(FORMULA):
        raise SettingsError(
            "a spreadsheet would take the value for a formula",
            where=f"--scope {scope}",
            remedy="Choose another scope.",
        )
    return str(found[0])


def _hides(
    district: District, finding: Mapping[str, Any], row: Mapping[str, Any]
) -> None:
    seen = seen_of(finding, owners(district))
    if not (excepts(row, seen) and row["valid_from"] <= seen.day <= row["valid_to"]):
        raise SettingsError(
            f"it would not cover the finding, which is of {seen.day}",
            where="--from, --until",
            remedy="Give days that include it.",
        )
