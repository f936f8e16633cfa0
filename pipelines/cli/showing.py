"""Commands that show one finding, under pseudonyms: what was seen, by which rule."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipelines.cli.asking import Desk, desk
from pipelines.cli.findings import (
    PUPIL,
    FindingId,
    cell_of,
    decided_by,
    found,
    shown_row,
)
from pipelines.cli.options import AsJson, Home
from pipelines.cli.telling import tell
from pipelines.findings.cases import Case
from pipelines.privacy.redaction import nameless
from pipelines.state.findings import stored_evidence


def show(home: Home, finding_id: FindingId, as_json: AsJson = False) -> None:
    """Show one finding: what was seen, what was tested, which lines it cites."""
    with desk(home, "evidence") as one:
        case, finding = found(one, finding_id)
        record = one.shown(finding)
        facts = {
            **shown_row(one, case, finding, decided_by(one).get(finding_id)),
            "claim": record["claim"].replace("{account}", one.subject(finding)),
            "alternatives": record["alternatives"],
            "evidence": _cited(one, finding),
        }
        tell(facts, *_seen(one, case, finding), as_json=as_json)


def explain(home: Home, finding_id: FindingId, as_json: AsJson = False) -> None:
    """Explain one finding: the rule, its thresholds, what was measured, its limits."""
    with desk(home, "findings") as one:
        _, finding = found(one, finding_id)
        finding = {**finding, "record": one.shown(finding)}
        title = one.district.detections[finding["rule"]].model.header.title
    facts = {"finding_id": finding_id, "rule": finding["rule"], "title": title}
    names = ("clauses", "parameters", "inputs", "would_change", "limits", "next_step")
    facts |= {name: finding["record"][name] for name in names}
    facts["measured"] = dict(_measured(finding["record"]))
    tell(facts, *_explained(finding, title), as_json=as_json)


def _seen(one: Desk, case: Case, finding: Mapping[str, Any]) -> Iterator[str]:
    record = one.shown(finding)
    account = one.subject(finding)
    yield record["claim"].replace("{account}", account)
    if one.is_pupil(finding):
        yield PUPIL
    said = one.redact(finding, finding["status_reason"])
    reason = f" ({said})" if said else ""
    yield f"severity {finding['severity']}, confidence {finding['confidence']}"
    yield f"status {finding['status']}{reason}, case {case.case_id}"
    others = [row for row in case.findings if row is not finding]
    for row in others:
        yield f"  same case: {row['finding_id']} {row['rule']} on {row['event_date']}"
    for tested in record["alternatives"]:
        yield f"  {tested['result']}: {tested['name']} ({tested['test']})"
    for line in _cited(one, finding):
        place = f"{line['source']}/{line['path']}:{line['line_no']}"
        yield f"  {line['role']}: {place} sha256 {line['line_sha256']}"


def _cited(one: Desk, finding: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where each cited line stands, and its hash; not what is in it."""
    kept = ("role", "source", "path", "line_no", "line_sha256")
    return [
        {name: line[name] for name in kept}
        for line in stored_evidence(one.district.store)
        if line["finding_id"] == finding["finding_id"]
    ]


def _measured(record: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Numbers, and words that name nobody."""
    yield from sorted(nameless(record["details"]).items())


def _explained(finding: Mapping[str, Any], title: str) -> Iterator[str]:
    record = finding["record"]
    yield f"{finding['rule']}: {title}"
    for clause in record["clauses"]:
        yield f"  clause {clause['id']}: {clause['title']}"
    for name, value in sorted(record["parameters"].items()):
        yield f"  threshold {name} = {value}"
    for name, value in _measured(record):
        yield f"  measured {name} = {cell_of(value)}"
    for name, value in sorted(record["inputs"].items()):
        yield f"  judged with {name} {value}"
    for text in record["would_change"]:
        yield f"  would withdraw it: {text}"
    for text in record["limits"]:
        yield f"  can not show: {text}"
    yield f"  next: {record['next_step']}"
