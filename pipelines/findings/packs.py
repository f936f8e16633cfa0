"""Gathers what an evidence pack holds, with names or under pseudonyms."""

import sys
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from importlib.metadata import version as installed
from typing import Any

from pipelines.district import District
from pipelines.errors import SchoolbellError
from pipelines.events import event_id_of, place_of
from pipelines.findings.cases import Case
from pipelines.findings.history import history
from pipelines.findings.keeping import stored_evidence
from pipelines.findings.packing import Material
from pipelines.findings.withholding import hidden_sites, unspelt, withheld
from pipelines.findings.wording import told
from pipelines.formats import formats
from pipelines.privacy.editions import about_pupils
from pipelines.privacy.pseudonyms import NAME_NOBODY, Kind
from pipelines.state import ledger
from pipelines.state.audit import open_chain
from pipelines.warehouse.library import models, sql_folder
from pipelines.warehouse.snapshots import looking

Named = Callable[[Kind, str, str], str]
"""Kind, value and local day -> what is shown of it."""
Row = Mapping[str, Any]

_KNOWN = """
select
    requests.event_id,
    requests.attribution_grade,
    requests.binding_event_id,
    engaged.seat_event_id
from built.core.http_requests as requests
left join built.core.engaged_requests as engaged
    on requests.event_id = engaged.event_id
where requests.event_id in (select unnest($ids))
"""


def gathered(district: District, case: Case, named: Named | None) -> Material:
    """Everything about a case.

    Args:
        named: Gives the pseudonyms; None: names, and the lines as they are.
    """
    wanted = {str(one["finding_id"]) for one in case.findings}
    copies = [
        row for row in stored_evidence(district.store) if row["finding_id"] in wanted
    ]
    rules = sorted({str(one["rule"]) for one in case.findings})
    events = _events(district, case, named)
    return Material(
        case=_case(case, named)
        | {"is_pupil": all(map(about_pupils(district), case.findings))},
        findings=[_finding(district, one, named) for one in case.findings],
        lines=_lines(district, copies, named),
        chain=_chain(district, case, copies, named),
        history=events,
        verdicts=_verdicts(events),
        queries=_queries(rules),
        versions=_versions(district, rules),
        has_names=named is None,
    )


def _events(district: District, case: Case, named: Named | None) -> list[Row]:
    """What became of the findings; reasons may spell a site that the edition hides."""
    found = [one["finding_id"] for one in case.findings]
    events: list[Row] = [row for one in found for row in history(district.store, one)]
    events.sort(key=lambda row: row["entry_id"])
    if named is None:
        return events
    day = str(case.findings[0]["event_date"])
    return [
        dict(unspelt(row, _hidden(case), lambda one: named("site", one, day)))
        for row in events
    ]


def _hidden(case: Case) -> set[str]:
    return {one for row in case.findings for one in hidden_sites(row["record"])}


def _case(case: Case, named: Named | None) -> dict[str, Any]:
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
        "findings": [one["finding_id"] for one in case.findings],
    }


def _finding(district: District, row: Row, named: Named | None) -> dict[str, Any]:
    record, day = dict(row["record"]), str(row["event_date"])
    kept = ("status", "status_reason", "revision", "created_time", "updated_time")
    record |= {name: row[name] for name in kept}
    record["evidence_lines"] = len(record.pop("evidence"))
    subject = str(row["subject"])
    if named is not None:
        record = withheld(record, lambda one: named("site", one, day))
        subject = named(district.subject_kind(row["rule"]), subject, day)
        record["devices"] = [named("device", one, day) for one in record["devices"]]
        record["details"] = {
            name: value
            for name, value in record["details"].items()
            if isinstance(value, bool | int | float) or name in NAME_NOBODY
        }
    record["subject"] = subject
    record["claim"] = told(record["claim"], subject, district.subject_kind(row["rule"]))
    return record


def _lines(
    district: District, copies: Iterable[Row], named: Named | None
) -> list[dict[str, Any]]:
    framings = {
        (one.source, one.path): known.framing
        for one in ledger.source_files(district.store)
        for known in [formats().get(one.format or "")]
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
    district: District, case: Case, copies: Sequence[Row], named: Named | None
) -> list[dict[str, Any]]:
    """Each cited line with whose it is; the grade and its reasons where still known."""
    places = {
        one.file_id: f"{one.source}/{one.path}"
        for one in ledger.source_files(district.store)
    }
    ids = {place: file_id for file_id, place in places.items()}
    known = _known(district, case)

    def told(event_id: int | None) -> str:
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
                "lease_line": told(lease),
                "logon_line": told(logon),
            }
        )
    return rows


def _shown(row: Row, named: Named | None, hidden: Container[str]) -> dict[str, Any]:
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


def _known(
    district: District, case: Case
) -> dict[int, tuple[str | None, int | None, int | None]]:
    """Grade, lease and logon of cited requests that the warehouse still holds."""
    ids = sorted({one for row in case.findings for one in row["record"]["evidence"]})
    try:
        with looking(district.home.warehouse) as database:
            rows = database.rows(_KNOWN, {"ids": ids})
    except SchoolbellError:
        return {}  # nothing is built, or a run is at work: the copies stand alone
    return {event_id: (grade, lease, seat) for event_id, grade, lease, seat in rows}


def _verdicts(events: Iterable[Row]) -> list[dict[str, Any]]:
    return [
        {name: row[name] for name in ("finding_id", "time", "actor", "reason")}
        for row in events
        if row["change"] == "verdict"
    ]


def _queries(rules: Sequence[str]) -> dict[str, str]:
    """The SQL files of some rules, and of all that they read."""
    every = models()
    wanted = {name for name, model in every.items() if model.header.code in rules}
    for name in reversed(list(every)):
        if name in wanted:
            wanted |= every[name].inputs & set(every)
    folder = sql_folder()
    paths = {name: name.replace(".", "/") + ".sql" for name in sorted(wanted)}
    return {path: (folder / path).read_text("utf-8") for path in paths.values()}


def _versions(district: District, rules: Sequence[str]) -> dict[str, Any]:
    head = open_chain(district.store, district.home).head()
    return {
        "schoolbell": installed("schoolbell"),
        "python": sys.version.split()[0],
        **{name: installed(name) for name in ("duckdb", "polars", "pyarrow")},
        "rules": {code: district.versions.get(code) for code in rules},
        "registry": dict(district.registry.versions),
        "settings": district.settings_hash,
        "audit_head": str(head) if head else None,
        "note": (
            "A finding says under `inputs` what it was judged with; where its rule"
            " differs from the one here, sql/ is newer than the finding."
        ),
    }
