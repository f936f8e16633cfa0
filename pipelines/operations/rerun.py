"""Rerun of the findings of an evidence pack, from a backup in a scratch folder.

A stored record proves nothing: a day that is not judged keeps the record that it had. So the
warehouse is rebuilt from the logs in the backup, and the rules judge the days of the findings.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from hashlib import sha256
from importlib.metadata import version as installed
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import BaseModel

from pipelines.district import District, open_district
from pipelines.errors import SettingsError
from pipelines.events import place_of
from pipelines.findings.judgment import CLOCK_DAYS, CLOCKS, judged_findings
from pipelines.findings.lifecycle import record_text
from pipelines.findings.packs import (
    LINE_COLUMNS,
    RELEASE,
    REVIEWED,
    Named,
    json_bytes,
    shown_finding,
)
from pipelines.findings.record import Finding
from pipelines.findings.verify_pack import cited, differences
from pipelines.gaps.days import UnjudgedDay, unjudged
from pipelines.operations.backup import STATE, BackupError, Manifest
from pipelines.operations.restore import is_current, restore
from pipelines.privacy.redaction import KINDS
from pipelines.refresh.steps import Progress, build, no_progress
from pipelines.state import ledger
from pipelines.state.audit import open_chain
from pipelines.state.findings import stored_evidence, stored_findings
from pipelines.state.retention import kept_from, purged_events
from pipelines.state.rows import EvidenceRow, FindingRecord, FindingRow
from pipelines.state.seals import check_seals

Result = Literal["equal", "differs", "not reported", "not possible"]
Pair = tuple[object, object]
"""A value in the pack, and in the rerun."""

MAX_SHOWN = 5
NOT_COMPARED = {*REVIEWED, "inputs"}
"""Fields of review, and versions, which are compared separately: a later version of a list may
lead to the same finding.
"""
INPUTS = {
    "rule": "the rule (query or thresholds)",
    "rules": "another rule, or a table that rules read",
    "registry": "the registry",
    "settings": "the settings",
}
"""Inputs of a finding, in words."""


class _PackedFinding(BaseModel):
    """Fields of a finding in a pack that decide what is rerun."""

    finding_id: str
    rule: str
    event_date: date
    sites: Sequence[str]
    inputs: Mapping[str, str]


@dataclass(frozen=True)
class EvidencePack:
    """An unchanged evidence pack.

    Attributes:
        findings: Each finding as the pack shows it.
        lines: Its rows of the table of cited lines.
        versions: Versions of the software that made it.
    """

    sha256: str
    findings: Sequence[Mapping[str, Any]]
    lines: Sequence[Mapping[str, str]]
    versions: Mapping[str, str]
    has_names: bool


@dataclass(frozen=True, kw_only=True)
class FindingResult:
    """Result of the rerun of one finding.

    Attributes:
        reason: Why it could not be rerun.
        fields: Fields that differ, with both values.
        inputs: Inputs in `INPUTS` that differ, with both versions.
        record: Whether the record in the backup equals the rerun; None without a record.
    """

    finding_id: str
    rule: str
    day: date
    result: Result
    reason: str = ""
    fields: Mapping[str, Pair] = field(default_factory=dict)
    inputs: Mapping[str, Pair] = field(default_factory=dict)
    record: bool | None = None


@dataclass(frozen=True, kw_only=True)
class RerunResult:
    """Result of a rerun.

    Attributes:
        audit_entry: Entry of the audit chain in the backup with the hash of the pack.
        versions: Packages of another version than the pack's, with both versions.
        sealed: The first time stamp of a chain with that entry, in one sentence; empty if none.
    """

    sha256: str
    manifest: Manifest
    audit_entry: int | None
    versions: Mapping[str, Pair]
    findings: Sequence[FindingResult]
    sealed: str = ""

    @property
    def equal(self) -> int:
        """Number of findings that are equal to the byte."""
        return sum(one.result == "equal" for one in self.findings)


def read_pack(data: bytes, where: str) -> EvidencePack:
    """Read an evidence pack after verifying it.

    Raises:
        SettingsError: It was changed, or is another file.
    """
    if faults := list(differences(data)):
        raise SettingsError(
            f"was changed, or is not an evidence pack: {'; '.join(faults[:MAX_SHOWN])}",
            where=where,
            remedy="Nothing was rerun. Use the file as `schoolbell findings pack` wrote it.",
        )
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    try:
        findings = [
            json.loads(members[name]) for name in sorted(members) if name.startswith("findings/")
        ]
        for finding in findings:
            _PackedFinding.model_validate(finding)
        lines = cited(members)
        for row in lines:
            itemgetter(*LINE_COLUMNS)(row)
        versions = json.loads(members["versions.json"])
        pack = EvidencePack(
            sha256(data).hexdigest(),
            findings,
            lines,
            {name: str(versions[name]) for name in RELEASE},
            bool(json.loads(members["case.json"])["has_names"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise SettingsError(
            "is not an evidence pack of this version of Schoolbell",
            where=where,
            remedy="Use a file that `schoolbell findings pack` wrote.",
        ) from error
    if not findings:
        raise SettingsError("contains no findings", where=where, remedy="Pack a case again.")
    return pack


def rerun(
    pack: EvidencePack,
    backup: Path,
    keys: Path,
    scratch: Path,
    naming: Callable[[District], Named],
    progress: Progress = no_progress,
) -> RerunResult:
    """Restore a backup into a scratch folder, and judge the findings of a pack again.

    Args:
        scratch: A private folder, which the caller deletes.
        naming: Returns the code names of a district.

    Raises:
        BackupError: The backup was changed, is incomplete, or is of another version.
    """
    restored = restore(backup, scratch / "home", keys)
    if not is_current(restored.home.path / STATE):
        version = restored.manifest.version
        raise BackupError(
            f"was made by Schoolbell {version}, whose state has another layout",
            where=str(backup),
            remedy=f"Install Schoolbell {version} in a separate folder, and repeat the command.",
        )
    if restored.wrong:
        raise BackupError(
            f"is incomplete: {'; '.join(restored.wrong[:MAX_SHOWN])}",
            where=str(backup),
            remedy="Use another backup. See: schoolbell drill --help",
        )
    with open_district(restored.home.path) as district:
        audit = open_chain(district.store, district.home).entries()
        entry = next((one.number for one in audit if pack.sha256 in one.reason), None)
        seals = check_seals(district.home, district.settings)
        first = None if entry is None else seals.first_after(entry)
        return RerunResult(
            sha256=pack.sha256,
            manifest=restored.manifest,
            audit_entry=entry,
            sealed=first.line if first is not None else "",
            versions={
                name: (was, installed(name))
                for name, was in pack.versions.items()
                if was != installed(name)
            },
            findings=list(
                _judged(district, pack, None if pack.has_names else naming(district), progress)
            ),
        )


def _judged(
    district: District, pack: EvidencePack, named: Named | None, progress: Progress
) -> Iterator[FindingResult]:
    """Yield the result of each finding of a pack."""
    store = district.store
    with district.open_warehouse() as database:
        build(database, district, progress, wanted=_models_read(district, pack))
        skipped = unjudged(store, district.settings, district.outline)
        obstacles = [_obstacle(district, skipped, packed) for packed in pack.findings]
        days: dict[str, list[date]] = {}
        for packed, obstacle in zip(pack.findings, obstacles, strict=True):
            if not obstacle:
                day = date.fromisoformat(packed["event_date"])
                days[packed["rule"]] = sorted({*days.get(packed["rule"], ()), day})
        made = {one.finding_id: one for one in judged_findings(database, district, days)}
    stored = {row["finding_id"]: row for row in stored_findings(store)}
    files = {file.file_id: f"{file.source}/{file.path}" for file in ledger.source_files(store)}
    inputs = {**district.judged_with, "settings": district.settings_hash}
    for packed, obstacle in zip(pack.findings, obstacles, strict=True):
        ident, rule = packed["finding_id"], packed["rule"]
        finding, row = made.get(ident), stored.get(ident)
        now = inputs | {"rule": district.versions.get(rule, "")}
        result = FindingResult(
            finding_id=ident,
            rule=rule,
            day=date.fromisoformat(packed["event_date"]),
            result="not possible" if obstacle else "not reported",
            reason=obstacle,
            inputs={
                name: (packed["inputs"].get(name), now[name])
                for name in INPUTS
                if packed["inputs"].get(name) != now[name]
            },
            record=None if obstacle or row is None else False,
        )
        if finding is None:
            yield result
            continue
        record: FindingRecord = json.loads(record_text(finding))
        copies = stored_evidence(store, {ident})
        fields = {
            **differing(packed, _shown(record, packed, named)),
            **_lines(pack, finding, files, copies),
        }
        yield replace(
            result,
            result="differs" if fields else "equal",
            fields=fields,
            record=None if row is None else _judgment(row["record"]) == _judgment(record),
        )


def _models_read(district: District, pack: EvidencePack) -> dict[str, set[date]]:
    """Return the days of the models that judging the findings of a pack reads."""
    # the sites that no default surface spells are those of all days
    read = {CLOCKS: set[date](), KINDS: set(ledger.event_days(district.store))}
    for packed in pack.findings:
        day = date.fromisoformat(packed["event_date"])
        if packed["rule"] in district.detections:
            read.setdefault(district.detections[packed["rule"]].model.name, set()).add(day)
        near = range(-CLOCK_DAYS.days, CLOCK_DAYS.days + 1)
        read[CLOCKS] |= {day + timedelta(days=n) for n in near}
    return read


def _obstacle(district: District, skipped: Sequence[UnjudgedDay], packed: Mapping[str, Any]) -> str:
    """Return why a finding cannot be rerun; empty if it can."""
    store, rule, day = district.store, packed["rule"], date.fromisoformat(packed["event_date"])
    first = kept_from(store)
    if first is not None and day < first:
        removed = [
            f"{count:,} log rows of this day on {time[:10]} ({_certificate(name)})"
            for count, time, name in purged_events(store, day)
        ]
        what = " and ".join(removed) or f"log rows or findings of days before {first}"
        return f"retention removed {what}; days before {first} are not judged any more"
    if day not in ledger.event_days(store):
        return "the backup contains no log rows of this day"
    if rule not in district.detections:
        return f"the settings in the backup do not include the rule {rule}, or turn it off"
    for one in skipped:
        if (one.rule, one.event_date) == (rule, day):
            lacks = f"the logs of {one.source} lack the field {one.field}"
            return lacks if one.field else f"the table {one.cause} could not be built"
    return ""


def _certificate(name: str) -> str:
    return f"certificate {name}" if name else "its certificate is not written yet"


def _shown(
    record: FindingRecord, packed: Mapping[str, Any], named: Named | None
) -> Mapping[str, object]:
    """Return a finding as the edition of the pack shows it, with no name that the pack hides."""
    if named is not None:
        listed = {*packed.get("sites", ())} - {*record.get("withheld", ())}
        hidden = [site for site in record["sites"] if site not in listed]
        record = {**record, "withheld": hidden}
    row = {**record, "record": record, **dict.fromkeys(REVIEWED)}
    return shown_finding(cast("FindingRow", row), named)


def differing(packed: Mapping[str, Any], shown: Mapping[str, object]) -> dict[str, Pair]:
    """Return the fields of a finding that differ, down to the single value."""
    was, now = (
        {name: value for name, value in one.items() if name not in NOT_COMPARED}
        for one in (packed, shown)
    )
    if json_bytes(was) == json_bytes(now):
        return {}
    old, new = (dict(_leaves(json.loads(json_bytes(one)))) for one in (was, now))
    names = [name for name in {**old, **new} if _text(old, name) != _text(new, name)]
    return {name: (old.get(name), new.get(name)) for name in names} or {"record": (was, now)}


def _text(leaves: Mapping[str, object], name: str) -> str | None:
    """Return a value as JSON, where 1 and 1.0 differ; None without one."""
    return _value(leaves[name]) if name in leaves else None


def _leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield each single value of nested data under its path, such as `alternatives.2.result`."""
    if isinstance(value, Mapping | list) and value:
        parts = value.items() if isinstance(value, Mapping) else enumerate(value, start=1)
        for name, part in parts:
            yield from _leaves(part, f"{path}.{name}" if path else str(name))
    else:
        yield path, value


def _lines(
    pack: EvidencePack, finding: Finding, files: Mapping[int, str], copies: Sequence[EvidenceRow]
) -> dict[str, Pair]:
    """Return differences of the cited lines: their places, and the hashes of their copies."""
    rows = [row for row in pack.lines if row["finding_id"] == finding.finding_id]
    was = {_place(row): row["line_sha256"] for row in rows}
    hashes = {_place(row): row["line_sha256"] for row in copies}
    # a file that was renamed since keeps its name in the copies
    copied_places = {row["event"].get("event_id"): _place(row) for row in copies}
    places = []
    for event_id in finding.evidence:
        file_id, line_no = place_of(event_id)
        places.append(copied_places.get(event_id) or f"{files.get(file_id, file_id)}:{line_no}")
    changes: dict[str, Pair] = {}
    # a line that could not be copied is cited, and not in the pack
    if [place for place in places if place in was] != list(was):
        changes["cited lines"] = (list(was), places)
    for place in was.keys() & hashes.keys():
        if was[place] != hashes[place]:
            changes[f"hash of line {place}"] = (was[place], hashes[place])
    return changes


def _place(row: Mapping[str, Any]) -> str:
    return f"{row['source']}/{row['path']}:{row['line_no']}"


def _judgment(record: FindingRecord) -> bytes:
    """Return the content of a record that a judgment makes, without versions."""
    return json_bytes({name: value for name, value in record.items() if name != "inputs"})


def lines_of(done: RerunResult) -> Iterator[str]:
    """Yield the result of a rerun in words."""
    yield f"The pack matches its manifest. Its sha256 is {done.sha256}"
    if done.audit_entry is None:
        yield (
            "No entry of the audit chain in the backup contains this hash: the pack is newer than "
            "the backup, was made elsewhere, or was changed and sealed again."
        )
    else:
        yield (
            f"Entry {done.audit_entry} of the audit chain in the backup contains this hash: the "
            "pack is unchanged since that entry."
        )
    if done.sealed:
        yield done.sealed
    yield (
        f"The backup of {done.manifest.made_time[:19].replace('T', ' ')} UTC has the signature of "
        f"its home, and each of its {len(done.manifest.files):,} files has the recorded hash."
    )
    yield from _release(done.versions)
    yield from chain.from_iterable(map(_sentences, done.findings))
    yield f"{done.equal} of {len(done.findings)} findings are equal to the byte."


def _release(versions: Mapping[str, Pair]) -> Iterator[str]:
    if not versions:
        yield "The rerun used the release that made the pack."
        return
    pairs = ", ".join(f"{name} {was} (here {now})" for name, (was, now) in versions.items())
    yield f"The release that made the pack is another one: {pairs}."
    which = versions.get("schoolbell", (installed("schoolbell"), ""))[0]
    yield (
        f"For the rerun by that release, install Schoolbell {which} with the versions of its lock "
        "file in a separate folder, and repeat this command there."
    )


def _sentences(one: FindingResult) -> Iterator[str]:
    head = f"{one.finding_id}, {one.rule}, {one.day}:"
    if one.result == "not possible":
        yield f"{head} a rerun is not possible: {one.reason}."
        return
    if one.result == "equal":
        yield f"{head} equal to the byte."
    elif one.result == "not reported":
        yield f"{head} the rule does not report it on the lines in the backup."
    else:
        yield f"{head} differs from the pack:"
    for name, (was, now) in one.fields.items():
        yield f"  {name}: {_value(was)} in the pack, {_value(now)} in the rerun"
    # the version of all rules changes with the rule's
    hidden = "rules" if "rule" in one.inputs else ""
    if other := [INPUTS[name] for name in one.inputs if name != hidden]:
        same = " The result is the same." if one.result == "equal" else ""
        yield f"  The finding was judged with another version of: {'; '.join(other)}.{same}"
    else:
        yield "  Rule, registry and settings are those that the finding was judged with."
        if one.result != "equal":
            yield "  Log lines that arrived later, earlier findings or decisions can be the reason."
    if one.record is not True:
        yield (
            "  The backup contains no record of it."
            if one.record is None
            else "  The record in the backup differs from the rerun."
        )


def _value(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
