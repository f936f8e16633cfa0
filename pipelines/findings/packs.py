"""Evidence packs: one zip for one case, which anyone can verify offline.

All members are texts that people and programs can read. A manifest contains the hash
of each member, next to a small verifier in plain Python. Two packs of the
same material are the same bytes.
"""

import csv
import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from pipelines.district import District, home_rules
from pipelines.errors import SchoolbellError
from pipelines.events import event_id_of, place_of
from pipelines.findings import verify_pack
from pipelines.findings.cases import Case
from pipelines.findings.grades import told
from pipelines.findings.record import BY_DESIGN
from pipelines.formats import formats
from pipelines.privacy.pseudonyms import Kind, about_students
from pipelines.privacy.redaction import hidden_sites, nameless, redact, redacted
from pipelines.registry.csv_files import is_formula
from pipelines.settings.home import DistrictHome
from pipelines.state import ledger
from pipelines.state.audit import open_chain
from pipelines.state.connections import Store
from pipelines.state.findings import history, stored_evidence
from pipelines.state.reviews import statements
from pipelines.state.rows import FindingRow
from pipelines.state.seals import ANSWER, newest_seal
from pipelines.warehouse.headers import DETECTIONS, SHARED
from pipelines.warehouse.models import (
    MACROS,
    attached_query,
    macros,
    macros_used,
    models,
    sql_folder,
    subject_kind,
    upstream,
)
from pipelines.warehouse.snapshots import attach_warehouse

EPOCH = (1980, 1, 1, 0, 0, 0)
"""Zip files know no earlier time; a real one would make each pack another."""
READABLE = 0o640 << 16

LINE_COLUMNS = (
    "finding_id", "position", "role", "source", "path", "framing", "line_no",
    "byte_offset", "file_sha256", "line_sha256", "member",
)  # fmt: skip
CHAIN_COLUMNS = (
    "finding_id", "position", "role", "time", "account", "device", "building", "site",
    "activity", "grade", "lease_line", "logon_line",
)  # fmt: skip

EXPLAINED = ("finding_id", "name", "test")
REVIEWED = ("status", "status_reason", "revision", "created_time", "updated_time")
"""Fields of a finding that no judgment makes."""
RELEASE = ("schoolbell", "duckdb", "polars", "pyarrow")
"""Packages whose versions a finding depends on."""
TIME_STAMP = f"""
An outside time authority signed the hash of {verify_pack.RECORD} before this pack was made.
It names the last entry of the district's audit record at that time. To verify it offline, with
OpenSSL and the authority's certificates from its own pages:

    python3 verify.py PACK.zip --authority CERTIFICATES.pem
"""
Named = Callable[[Kind, str, str], str]
"""Kind, value and local day -> what is shown of it."""
Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class PackContent:
    """Material of a pack; names as the edition shows them.

    Attributes:
        case: Fields of the case.
        findings: Each stored finding, with names as they are to be shown.
        lines: Copied lines, in order of finding and position, with `line` as text
            if the edition shows it; otherwise None.
        chain: Account and device of each cited line, and how they are known.
        history: Changes of each finding.
        verdicts: Reviewers' decisions.
        queries: Current SQL by file.
        versions: Versions of Schoolbell, its parts, the registry and the settings.
        has_names: It contains names and lines.
        statements: The concerned person's statements; in full if names are included.
        letter: The page for the receiving office; empty without a referral.
        seal: Record and answer of the newest time stamp of the audit chain, by file name.
    """

    case: Mapping[str, object]
    findings: Sequence[Mapping[str, object]]
    lines: Sequence[Mapping[str, object]]
    chain: Sequence[Mapping[str, object]]
    history: Sequence[Mapping[str, object]]
    verdicts: Sequence[Mapping[str, object]]
    queries: Mapping[str, str]
    versions: Mapping[str, object]
    has_names: bool
    statements: Sequence[Mapping[str, object]] = ()
    letter: str = ""
    seal: Mapping[str, bytes] = field(default_factory=dict)


def pack(material: PackContent) -> bytes:
    """Build the zip, sealed by its manifest."""
    return sealed_zip(dict(_members(material)))


def sealed_zip(members: dict[str, bytes]) -> bytes:
    """Zip members with a manifest of their hashes; the same members give the same bytes."""
    manifest = "".join(
        f"{hashlib.sha256(members[name]).hexdigest()}  {name}\n" for name in sorted(members)
    )
    members[verify_pack.MANIFEST] = manifest.encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = READABLE
            archive.writestr(entry, members[name])
    return out.getvalue()


def _members(material: PackContent) -> Iterator[tuple[str, bytes]]:
    yield "README.txt", _readme(material).encode()
    yield "verify.py", Path(verify_pack.__file__).read_bytes()
    yield "case.json", json_bytes({**material.case, "has_names": material.has_names})
    yield "versions.json", json_bytes(material.versions)
    rows, texts = _evidence_lines(material.lines)
    yield verify_pack.LINES, csv_bytes(LINE_COLUMNS, rows)
    yield from texts.items()
    yield "attribution.csv", csv_bytes(CHAIN_COLUMNS, material.chain)
    for finding in material.findings:
        yield f"findings/{finding['finding_id']}.json", json_bytes(finding)
    tested, excluded = _alternatives(material.findings)
    yield "alternatives.csv", csv_bytes((*EXPLAINED, "result"), tested)
    yield "by_design.csv", csv_bytes(EXPLAINED, excluded)
    yield "limits.txt", _limits(material.findings).encode()
    yield (
        "parameters.json",
        json_bytes({one["rule"]: one["parameters"] for one in material.findings}),
    )
    yield "history.csv", csv_bytes(_columns(material.history), material.history)
    yield "verdicts.csv", csv_bytes(_columns(material.verdicts), material.verdicts)
    for name, text in material.queries.items():
        yield f"sql/{name}", text.encode()
    yield from _statements(material)
    yield from material.seal.items()
    if material.letter:
        yield "letter.html", material.letter.encode()


def _statements(material: PackContent) -> Iterator[tuple[str, bytes]]:
    """Yield the concerned person's statements; in full if names are allowed."""
    if not material.statements:
        return
    columns = ("statement_id", "received_time", "summary", "tests", "sha256")
    yield "statements.csv", csv_bytes(columns, material.statements)
    for one in material.statements if material.has_names else ():
        yield f"statements/{one['statement_id']}.txt", str(one["text"]).encode()


def _evidence_lines(
    lines: Iterable[Mapping[str, Any]],
) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """Return rows of the table of lines, and the lines themselves; the same text once."""
    rows: list[dict[str, object]] = []
    texts: dict[str, bytes] = {}
    known: dict[str, str] = {}
    for line in lines:
        member = ""
        if line["line"] is not None:
            digest = line["line_sha256"]
            member = known.setdefault(digest, f"lines/{len(known) + 1:04}.txt")
            texts[member] = line["line"].encode()
        rows.append({**line, "member": member})
    return rows, texts


def _alternatives(
    findings: Iterable[Mapping[str, Any]],
) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Return other explanations with their tests, and those that the rules exclude."""
    rows = [
        {"finding_id": finding["finding_id"], **explanation}
        for finding in findings
        for explanation in finding["alternatives"]
    ]
    excluded = [row for row in rows if row["result"] == BY_DESIGN]
    return [row for row in rows if row["result"] != BY_DESIGN], excluded


def _limits(findings: Sequence[Mapping[str, Any]]) -> str:
    """Return what these logs cannot show, each sentence once."""
    limits = dict.fromkeys(text for finding in findings for text in finding["limits"])
    return "These logs cannot show:\n\n" + "".join(f"- {text}\n" for text in limits)


def _columns(rows: Sequence[Mapping[str, object]]) -> Sequence[str]:
    return tuple(rows[0]) if rows else ("finding_id",)


def csv_bytes(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> bytes:
    """Return a table as CSV; a cell that a spreadsheet would read as a formula is quoted."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([[_cell(row.get(name)) for name in columns] for row in rows])
    return out.getvalue().encode()


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if is_formula(text) else text


def json_bytes(value: object) -> bytes:
    """Return a member of a pack; equal values give the same bytes."""
    text = json.dumps(value, indent=2, sort_keys=True, default=str, ensure_ascii=False)
    return text.encode("utf-8", "replace") + b"\n"


def _readme(material: PackContent) -> str:
    case = material.case
    is_student = case.get("is_student", False)
    record = "student's record" if is_student else "personnel record"
    edition = (
        f"It holds names and log lines: keep it as the {record} it belongs to."
        if material.has_names
        else "Names are pseudonyms. Of log lines, it contains only place and hash."
    )
    about = f"week {case['week']}, clause {case['clause']}"
    if is_student:
        about += ", about a student's account: a confidential record"
    more = stamp = ""
    if material.statements:
        more += "statements.csv    what the person concerned says of the case\n"
    if material.letter:
        more += "letter.html       the case in plain words; open it first\n"
    if material.seal:
        more += "seal/             a time stamp of the audit record; see below\n"
        stamp = TIME_STAMP
    return f"""Evidence pack of case {case["case_id"]}

{len(material.findings)} findings, {about}.
{edition}

A finding states what logs show about an account. It does not show who sat at the
keyboard or why. People decide what it means.

To check that nothing was changed since the pack was made, with Python 3.9 or newer
and without a network:

    python3 verify.py PACK.zip

Take verify.py from a pack that you trust, or read it: it is short. The district's
audit record contains the hash of the whole file; ask for it, and pass it with
--sha256. An original log is compared with --log FILE --as SOURCE/PATH.

The district can judge the findings again from a backup, with the release that
versions.json names: schoolbell rerun PACK.zip --backup FOLDER --keys FOLDER

case.json         the case, its findings, who decided what
findings/         each finding: claim, measures, thresholds, alternatives, limits
lines.csv         the cited lines: file, its hash, line number, byte, the line's hash
lines/            the lines themselves, as they were copied when the finding was made
attribution.csv   account and device of each line, and the lease and logon behind them
alternatives.csv  each other explanation, how it was tested, and the result
by_design.csv     each explanation that the rule's way of counting excludes
limits.txt        what these logs cannot show
history.csv       changes of each finding: when, by whom and why
verdicts.csv      reviewers' decisions, with their reasons
parameters.json   the thresholds in force
sql/              the queries of the rules and of their inputs
versions.json     versions of the software, the registry and the settings
{more}MANIFEST.sha256   the hash of each of these files
{stamp}"""


def gathered(district: District, case: Case, named: Named | None) -> PackContent:
    """Collect everything about a case.

    Args:
        named: Returns the pseudonyms; None for names and the original lines.
    """
    wanted = {str(finding["finding_id"]) for finding in case.findings}
    copies = stored_evidence(district.store, wanted)
    rules = sorted({str(finding["rule"]) for finding in case.findings})
    events = _events(district.store, case, named)
    return PackContent(
        case=_case(case, named)
        | {
            "is_student": all(
                map(about_students(district.store, district.home, district.reading), case.findings)
            )
        },
        findings=[shown_finding(finding, named) for finding in case.findings],
        lines=_lines(district.store, copies, named),
        chain=_chain(district.home, district.store, case, copies, named),
        history=events,
        verdicts=[
            {name: row[name] for name in ("finding_id", "time", "actor", "reason")}
            for row in events
            if row["change"] == "verdict"
        ],
        queries=_queries(district, rules),
        versions=_versions(district, rules),
        has_names=named is None,
        statements=statements(district.store, case.case_id),
        seal=_seal(district.home),
    )


def _seal(home: DistrictHome) -> dict[str, bytes]:
    """Return record and answer of the newest seal; a home may have none."""
    newest = newest_seal(home)
    if newest is None or not (answer := newest.with_suffix(ANSWER)).is_file():
        return {}
    return {verify_pack.RECORD: newest.read_bytes(), verify_pack.ANSWER: answer.read_bytes()}


def _events(store: Store, case: Case, named: Named | None) -> list[Row]:
    """Return changes of the findings; a reason may name a site that the edition hides."""
    found = [finding["finding_id"] for finding in case.findings]
    events: list[Row] = [row for finding_id in found for row in history(store, finding_id)]
    events.sort(key=lambda row: row["entry_id"])
    if named is None:
        return events
    day = str(case.findings[0]["event_date"])
    return [dict(redact(row, _hidden(case), lambda one: named("site", one, day))) for row in events]


def _hidden(case: Case) -> set[str]:
    return {site for row in case.findings for site in hidden_sites(row["record"])}


def _case(case: Case, named: Named | None) -> dict[str, object]:
    day = str(case.findings[0]["event_date"])
    person, is_owned = case.person, not case.person.startswith("nobody:")
    if named is not None:
        person = named("person", person, day) if is_owned else "nobody"
    return {
        "case_id": case.case_id,
        "person": person,
        "clause": case.clause,
        "week": case.week,
        "status": case.status,
        "severity": case.severity,
        "confidence": case.confidence,
        "findings": [finding["finding_id"] for finding in case.findings],
    }


def shown_finding(row: FindingRow, named: Named | None) -> dict[str, object]:
    """Return a stored finding as the edition of a pack shows it."""
    record, day, kind = row["record"], str(row["event_date"]), subject_kind(row["rule"])
    subject, reason = str(row["subject"]), row["status_reason"]
    if named is not None:

        def site(one: str) -> str:
            return named("site", one, day)

        reason = redact(reason, hidden_sites(record), site)
        record = redacted(record, site)
        record["devices"] = [named("device", device, day) for device in record["devices"]]
        record["details"] = nameless(record["details"])
        subject = named(kind, subject, day)
    made: dict[str, object] = {
        **record,
        **{name: value for name, value in row.items() if name in REVIEWED},
        "status_reason": reason,
        "evidence_lines": len(record["evidence"]),
        "subject": subject,
        "claim": told(record["claim"], subject, kind),
    }
    del made["evidence"]
    return made


def _lines(store: Store, copies: Iterable[Row], named: Named | None) -> list[dict[str, object]]:
    framings = {
        (file.source, file.path): known.framing
        for file in ledger.source_files(store)
        for known in [formats().get(file.format or "")]
        if known is not None
    }
    return [
        {
            **row,
            "line": row["line"] if named is None else None,
            "framing": framings.get((row["source"], row["path"]), "lines"),
        }
        for row in copies
    ]


def _chain(
    home: DistrictHome, store: Store, case: Case, copies: Sequence[Row], named: Named | None
) -> list[dict[str, object]]:
    """Return each cited line with its account; with grade and reasons if still known."""
    places = {file.file_id: f"{file.source}/{file.path}" for file in ledger.source_files(store)}
    ids = {place: file_id for file_id, place in places.items()}
    known = _known(home, case)

    def line_place(event_id: int | None) -> str:
        if event_id is None:
            return ""
        file_id, line = place_of(event_id)
        return f"{places.get(file_id, file_id)}:{line}"

    hidden = _hidden(case)
    rows = []
    for row in copies:
        place = f"{row['source']}/{row['path']}"
        event_id = event_id_of(ids.get(place, 0), row["line_no"])
        grade, lease, logon = known.get(event_id, (None, None, None))
        rows.append(
            {
                **_shown(row, named, hidden),
                "grade": grade,
                "lease_line": line_place(lease),
                "logon_line": line_place(logon),
            }
        )
    return rows


def _shown(row: Row, named: Named | None, hidden: Container[str]) -> dict[str, object]:
    event = row["event"]
    kept = ("finding_id", "position", "role")
    fields = ("time", "account", "device", "building", "site", "activity")
    found = {name: row[name] for name in kept}
    found |= {name: event.get(name) for name in fields}
    if named is not None:
        day = str(event.get("event_date") or str(event.get("time"))[:10])
        kinds: tuple[Kind, Kind] = ("account", "device")
        for kind in kinds:
            if found[kind]:
                found[kind] = named(kind, str(found[kind]), day)
        if found["site"] in hidden:
            found["site"] = named("site", str(found["site"]), day)
    return found


def _known(home: DistrictHome, case: Case) -> dict[int, tuple[str | None, int | None, int | None]]:
    """Grade, lease and logon of cited requests that the warehouse still holds."""
    ids = sorted({one for row in case.findings for one in row["record"]["evidence"]})
    try:
        with attach_warehouse(home.warehouse) as database:
            rows = database.rows(attached_query("lookups/attribution_of_lines"), {"ids": ids})
    except SchoolbellError:
        return {}  # nothing is built, or a run is in progress: only the copies are available
    return {event_id: (grade, lease, seat) for event_id, grade, lease, seat in rows}


def _queries(district: District, rules: Sequence[str]) -> dict[str, str]:
    """Return the SQL files of some rules, and of everything that they read."""
    own = home_rules(district.settings).models
    every = {**models(), **own}
    wanted = set(
        upstream(every, (name for name, model in every.items() if model.header.code in rules))
    )
    wanted |= {part.name for name in wanted for part in every[name].parts}
    folder = sql_folder()
    paths = {name: name.replace(".", "/") + ".sql" for name in sorted(wanted)}
    texts = dict(district.settings.own_rules)
    files = {
        path: texts[Path(path).name] or "" if name in own else (folder / path).read_text("utf-8")
        for name, path in paths.items()
    }
    used = {
        macro: text
        for name in wanted & set(every)
        for macro, text in macros_used(every[name].query, macros()).items()
    }
    shared = folder / DETECTIONS / SHARED
    return {
        **files,
        **{f"{MACROS}/{name}.sql": used[name] for name in sorted(used)},
        f"{DETECTIONS}/{SHARED}": shared.read_text("utf-8"),
    }


def _versions(district: District, rules: Sequence[str]) -> dict[str, object]:
    head = open_chain(district.store, district.home).head()
    return {
        **{name: installed(name) for name in RELEASE},
        "python": sys.version.split()[0],
        "rules": {code: district.versions.get(code) for code in rules},
        "registry": dict(district.registry.versions),
        "settings": district.settings_hash,
        "audit_head": str(head) if head else None,
        "note": (
            "A finding says under `inputs` what it was judged with; where its rule"
            " differs from the one here, sql/ is newer than the finding."
        ),
    }
