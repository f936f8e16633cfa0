"""An evidence pack: one zip for one case, which a stranger can verify off-line.

Everything is a text that people and programs can read. A manifest names the hash
of each member; a small verifier in plain Python lies beside it. Two packs of the
same material are the same bytes.
"""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.findings import verify_pack
from pipelines.findings.record import BY_DESIGN

EPOCH = (1980, 1, 1, 0, 0, 0)
"""Zip files know no earlier time; a real one would make each pack another."""
READABLE = 0o640 << 16
FORMULA = ("=", "+", "-", "@", "\t", "\r")

LINE_COLUMNS = (
    "finding_id", "position", "role", "source", "path", "framing", "line_no",
    "byte_offset", "file_sha256", "line_sha256", "member",
)  # fmt: skip
CHAIN_COLUMNS = (
    "finding_id", "position", "role", "time", "account", "device", "building", "site",
    "activity", "grade", "lease_line", "logon_line",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Material:
    """What a pack is made of; names are what the edition shows.

    Attributes:
        case: Fields of the case.
        findings: Each finding as it is kept, its names as they are to be shown.
        lines: Copied lines, in order of finding and position, with `line` as text
            where the edition shows it, else None.
        chain: Whose each cited line is, and how that is known.
        history: What became of each finding.
        verdicts: What reviewers decided.
        queries: SQL by file, as it stands now.
        versions: Of Schoolbell, its parts, the registry and the settings.
        has_names: Names and lines stand in it.
    """

    case: Mapping[str, Any]
    findings: Sequence[Mapping[str, Any]]
    lines: Sequence[Mapping[str, Any]]
    chain: Sequence[Mapping[str, Any]]
    history: Sequence[Mapping[str, Any]]
    verdicts: Sequence[Mapping[str, Any]]
    queries: Mapping[str, str]
    versions: Mapping[str, Any]
    has_names: bool


def pack(material: Material) -> bytes:
    """The zip, sealed by its manifest."""
    members = dict(_members(material))
    manifest = "".join(
        f"{hashlib.sha256(members[name]).hexdigest()}  {name}\n"
        for name in sorted(members)
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


def _members(material: Material) -> Iterator[tuple[str, bytes]]:
    yield "README.txt", _readme(material).encode()
    yield "verify.py", Path(verify_pack.__file__).read_bytes()
    yield "case.json", _json(material.case)
    yield "versions.json", _json(material.versions)
    rows, texts = _lines(material.lines)
    yield verify_pack.LINES, _csv(LINE_COLUMNS, rows)
    yield from texts.items()
    yield "attribution.csv", _csv(CHAIN_COLUMNS, material.chain)
    for finding in material.findings:
        yield f"findings/{finding['finding_id']}.json", _json(finding)
    tested, excluded = _alternatives(material.findings)
    yield "alternatives.csv", _csv((*EXPLAINED, "result"), tested)
    yield "by_design.csv", _csv(EXPLAINED, excluded)
    yield "limits.txt", _limits(material.findings).encode()
    yield (
        "parameters.json",
        _json({one["rule"]: one["parameters"] for one in material.findings}),
    )
    yield "history.csv", _csv(_columns(material.history), material.history)
    yield "verdicts.csv", _csv(_columns(material.verdicts), material.verdicts)
    for name, text in material.queries.items():
        yield f"sql/{name}", text.encode()


def _lines(
    lines: Iterable[Mapping[str, Any]],
) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """Rows of the table of lines, and the lines themselves; the same text once."""
    rows: list[dict[str, Any]] = []
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


EXPLAINED = ("finding_id", "name", "test")


def _alternatives(
    findings: Iterable[Mapping[str, Any]],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Other explanations with their tests, and those that the rules exclude."""
    rows = [
        {"finding_id": finding["finding_id"], **explanation}
        for finding in findings
        for explanation in finding["alternatives"]
    ]
    excluded = [row for row in rows if row["result"] == BY_DESIGN]
    return [row for row in rows if row["result"] != BY_DESIGN], excluded


def _limits(findings: Sequence[Mapping[str, Any]]) -> str:
    """What these logs can not show, each sentence once."""
    said = dict.fromkeys(text for one in findings for text in one["limits"])
    return "These logs can not show:\n\n" + "".join(f"- {text}\n" for text in said)


def _columns(rows: Sequence[Mapping[str, Any]]) -> Sequence[str]:
    return tuple(rows[0]) if rows else ("finding_id",)


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """A table; a cell that a spreadsheet would take for a formula is quoted."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([[_cell(row.get(name)) for name in columns] for row in rows])
    return out.getvalue().encode()


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _json(value: Any) -> bytes:
    text = json.dumps(value, indent=2, sort_keys=True, default=str, ensure_ascii=False)
    return text.encode("utf-8", "replace") + b"\n"


def _readme(material: Material) -> str:
    case = material.case
    is_pupil = case.get("is_pupil", False)
    record = "pupil's record" if is_pupil else "personnel record"
    edition = (
        f"It holds names and log lines: keep it as the {record} it belongs to."
        if material.has_names
        else "Names are pseudonyms. Of log lines only place and hash stand in it."
    )
    about = f"week {case['week']}, clause {case['clause']}"
    if is_pupil:
        about += ", about a pupil's account: a confidential record"
    return f"""Evidence pack of case {case["case_id"]}

{len(material.findings)} findings, {about}.
{edition}

A finding says what logs show about an account. It says nothing about who sat at
the keyboard or why. What it means is decided by people.

To check that nothing was changed since the pack was made, with Python 3.9 or newer
and without a network:

    python3 verify.py PACK.zip

Take verify.py from a pack that you trust, or read it: it is short. The district's
audit record holds the hash of the whole file; ask for it, and give it with
--sha256. An original log is compared with --log FILE --as SOURCE/PATH.

case.json         the case, its findings, who decided what
findings/         each finding: claim, measures, thresholds, alternatives, limits
lines.csv         the cited lines: file, its hash, line number, byte, the line's hash
lines/            the lines themselves, as they were copied when the finding was made
attribution.csv   whose each line is, and by which lease and logon that is known
alternatives.csv  each other explanation, how it was tested, and the result
by_design.csv     each other explanation that the rule's way of counting excludes
limits.txt        what these logs can not show
history.csv       what became of each finding, when, by whom and why
verdicts.csv      what reviewers decided, with their reasons
parameters.json   the thresholds in force
sql/              the queries of the rules, and of all that they read
versions.json     versions of the software, the registry and the settings
MANIFEST.sha256   the hash of each of these files
"""
