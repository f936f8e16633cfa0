"""Publishes: a pseudonymous snapshot, then the reports made from it alone."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version as installed
from pathlib import Path
from types import MappingProxyType

import polars as pl

from pipelines.district import District
from pipelines.errors import ModelError
from pipelines.findings.attribution_words import attributions
from pipelines.findings.cases import Case, cases
from pipelines.findings.finding_frames import EVIDENCE, FINDINGS, INSTANT
from pipelines.findings.grades import of_outside, told
from pipelines.findings.rule_quality import qualities_of, quality_frame
from pipelines.gaps.days import UNJUDGED, frame, unjudged
from pipelines.ingest.line_account import arrival_lags
from pipelines.landing.compression import NO_CHECKSUM
from pipelines.privacy.attribution_changes import CHANGES, change_frame
from pipelines.privacy.pseudonyms import (
    Kind,
    Pseudonyms,
    copied,
    name_everything,
    pseudonyms,
    published_tables,
    renamed,
)
from pipelines.privacy.redaction import hidden_sites, redact, redacted, sensitive_names
from pipelines.reports.dictionary import meaning_of, notes_of
from pipelines.settings.model import Settings
from pipelines.state import ledger
from pipelines.state.connections import Store
from pipelines.state.findings import stored_evidence
from pipelines.state.published_reports import note_snapshot
from pipelines.state.rows import EvidenceRow, FindingRow
from pipelines.warehouse.database import Database
from pipelines.warehouse.models import subject_kind
from pipelines.warehouse.repair import opened
from pipelines.warehouse.snapshots import publish

ABOUT = "marts.about"


def publish_snapshot(district: District, now: datetime, *, is_whole: bool = False) -> Path:
    """Write the analysts' edition of the warehouse; the path of the file.

    Args:
        is_whole: Nothing of the snapshot before may be in the file.

    Raises:
        ModelError: Nothing was built yet.
    """
    if not district.home.warehouse.exists():
        raise ModelError(
            "nothing has been built yet",
            where=str(district.home.warehouse),
            remedy=f"Run: schoolbell run --home {district.home.path}",
        )
    newest = max(ledger.event_days(district.store), default=now.date())
    names = pseudonyms(district.registry, district.store, district.home, newest)
    tables = published_tables(district.models)
    memory_mb = district.settings.limits.memory_mb
    with opened(district.home.warehouse, memory_mb=memory_mb) as database:
        built = database.tables
        tables = {name: one for name, one in tables.items() if name in built}
        sensitive = sensitive_names(database)
        frames = finding_frames(district, names, sensitive, database)
        frames |= ledger_frames(district.store)
        frames[CHANGES] = change_frame(district.store, names)
        frames[UNJUDGED] = frame(unjudged(district.store, district.settings, district.outline))
        frames[ABOUT] = about_frame(district.settings, now)
        name_everything(database, tables, names, sensitive)
        notes = {
            name: (meaning_of(name), {n: one.meaning for n, one in columns.items()})
            for name in (*tables, *frames)
            for columns in [notes_of(name)]
        }
        queries = {name: database.shown(name, columns, copied) for name, columns in tables.items()}
        folder = district.home.snapshots
        most = district.settings.limits.snapshots
        path = publish(database, folder, queries, frames, now, notes, is_whole=is_whole, most=most)
    note_snapshot(district.store)
    return path


def about_frame(settings: Settings, now: datetime) -> pl.DataFrame:
    """Return the snapshot's district for readers without access to the settings: one row."""
    said = settings.district
    row = {
        "district": said.name,
        "zone": said.zone,
        "published_time": now,
        "version": installed("schoolbell"),
    }
    schema = {"district": pl.String, "zone": pl.String}
    return pl.DataFrame([row], schema={**schema, "published_time": INSTANT, "version": pl.String})


def finding_frames(
    district: District,
    names: Pseudonyms,
    sensitive: frozenset[str] = frozenset(),
    database: Database | None = None,
) -> dict[str, pl.DataFrame]:
    """Return findings and their evidence under pseudonyms.

    Args:
        sensitive: Names of sites that get one too.
        database: The warehouse, for the facts that name an account.
    """
    placed, lines = cases(district.store), stored_evidence(district.store)
    masks = names.names("site", sensitive)
    known = known_by(database, placed, names) if database else {}
    findings, evidence = case_frames(placed, lines, names, masks, known)
    return {
        "findings.findings": findings,
        "findings.evidence": evidence,
        "findings.rule_standing": quality_frame(qualities_of(district)),
    }


def case_frames(
    cases: Iterable[Case],
    lines: Iterable[EvidenceRow],
    names: Pseudonyms,
    masks: Mapping[str, str],
    known: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the findings of some cases and their cited lines, under pseudonyms.

    Args:
        masks: Names in place of sensitive sites.
        known: How the account of each finding is known; see `known_by`.
    """
    findings = [
        _finding(
            row,
            subject_kind(row["rule"]),
            names,
            known.get(row["finding_id"], ()),
        )
        | {"case_id": case.case_id, "case_number": case.number, "clause": case.clause}
        for case in cases
        for row in case.findings
    ]
    cited = pl.DataFrame([_evidence(row, masks) for row in lines], schema=EVIDENCE)
    return (
        pl.DataFrame(findings, schema=FINDINGS).sort("event_date", "finding_id"),
        cited.with_columns(
            renamed(cited["account"], "account", names),
            renamed(cited["device"], "device", names),
        ),
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def known_by(
    database: Database, cases: Iterable[Case], names: Pseudonyms, prefix: str = ""
) -> dict[str, list[str]]:
    """Return how the account of each finding is known, under pseudonyms."""

    def named(device: str) -> str:
        return names.names("device", [device])[device]

    rows = [row for case in cases for row in case.findings]
    return attributions(database, rows, named, prefix)


def _finding(
    row: FindingRow, kind: Kind, names: Pseudonyms, known: Sequence[str] = ()
) -> dict[str, object]:
    def named(site: str) -> str:
        return names.names("site", [site])[site]

    record = redacted(row["record"], named)
    hidden = hidden_sites(row["record"])
    subject = names.names(kind, [row["subject"]])[row["subject"]]
    devices = [names.names("device", [device])[device] for device in record["devices"]]
    is_decided = row["status"] != "open"
    shown = {
        "clauses": record["clauses"],
        "measures": record["details"],
        "alternatives": record["alternatives"],
        "limits": record["limits"],
        "would_change": record["would_change"],
        "next_step": record["next_step"],
        "sites": record["sites"],
        "parameters": record["parameters"],
        "inputs": record["inputs"],
        **({"known_by": list(known)} if known else {}),
    }
    return {
        **{key: row[key] for key in ("finding_id", "rule", "kind", "severity")},
        **{key: row[key] for key in ("confidence", "status")},
        "status_reason": redact(row["status_reason"], hidden, named),
        "subject": subject,
        "is_student": names.is_student(kind, row["subject"]),
        "devices": devices,
        "sites": record["sites"],
        "event_date": datetime.fromisoformat(row["event_date"]).date(),
        "start_time": _instant(record["start_time"]),
        "end_time": _instant(record["end_time"]),
        "created_time": _instant(row["created_time"]),
        "revision": row["revision"],
        "claim": told(of_outside(record["claim"], row["subject"]), subject, kind),
        "record": json.dumps(shown, sort_keys=True),
        "decided_time": _instant(row["updated_time"]) if is_decided else None,
        "stage": row["record"].get("stage", "live"),
    }


def _evidence(row: EvidenceRow, masks: Mapping[str, str]) -> dict[str, object]:
    event = dict(row["event"])
    site = str(event.get("site"))
    if site in masks:
        event["site"] = masks[site]
    time = _instant(event["time"]) if event.get("time") else None
    whole = {**event, **row, "time": time}
    return {name: whole.get(name) for name in EVIDENCE}


def ledger_frames(store: Store) -> dict[str, pl.DataFrame]:
    """Return the account of lines, one row a delivered file, and how long they took."""
    rows = [
        {
            "file_id": source_file.file_id,
            "source": source_file.source,
            "path": source_file.path,
            "format": source_file.format,
            "state": source_file.state,
            "lines": source_file.lines,
            "events": source_file.events,
            "rejects": source_file.rejects,
            "blanks": source_file.blanks,
            "duplicates": source_file.duplicates,
            "pending": source_file.pending_lines,
            "has_checksum": source_file.message != NO_CHECKSUM,
            "first_seen_time": _instant(source_file.first_seen_time),
        }
        for source_file in ledger.source_files(store)
    ]
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "file_id": pl.Int64,
        "source": pl.String,
        "path": pl.String,
        "format": pl.String,
        "state": pl.String,
        **dict.fromkeys(
            ("lines", "events", "rejects", "blanks", "duplicates", "pending"), pl.Int64
        ),
        "has_checksum": pl.Boolean,
        "first_seen_time": INSTANT,
    }
    lags = arrival_lags(store)
    # the account keeps its counts of days whose events were deleted; no reader does
    held = [lake_file.event_date for lake_file in ledger.lake_files(store)]
    kept = pl.Series(sorted(set(held)), dtype=pl.String).str.to_date()
    return {
        "marts.source_files": pl.DataFrame(rows, schema=schema),
        "marts.arrival_lags": lags.filter(pl.col("event_date").is_in(kept.implode())),
    }
