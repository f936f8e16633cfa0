"""Rules, clauses, permissions and the audit record, as a report tells of them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import polars as pl

from pipelines.district import District
from pipelines.events import EVENT_CLASSES
from pipelines.settings.model import Detection as DetectionSettings
from pipelines.state import ledger
from pipelines.state.audit import open_chain
from pipelines.warehouse.models import Model


def rules(district: District) -> Sequence[Mapping[str, Any]]:
    """Every rule in words, with the thresholds in force."""
    held = arrived(district)
    found: list[Mapping[str, Any]] = []
    for code, detection in sorted(district.detections.items()):
        header = detection.model.header
        said = district.said_of_rules.get(code)
        given = district.parameters.get(code, {})
        found.append(
            {
                "code": code,
                "name": detection.model.table_name,
                "kind": detection.kind,
                "title": header.title,
                "summary": " ".join(header.summary.split()),
                "severity": header.severity,
                "params": [
                    {
                        "name": name,
                        "value": given.get(name, param.default),
                        "why": param.why,
                        "regulation": _regulation(said) if said else None,
                    }
                    for name, param in header.params.items()
                    if name not in ("event_date", "zone")
                ],
                "false_positives": list(header.false_positives),
                "response": " ".join(header.response.split()),
                "stage": district.stages[code],
                "is_fed": is_fed(detection.model, district.models, held),
                "clauses": [clause.clause_id for clause in detection.clauses],
            }
        )
    return found


def _regulation(said: DetectionSettings) -> str | None:
    """The regulation behind a rule's numbers, with who approved it and when."""
    if said.regulation is None:
        return None
    day = said.approved_on.isoformat() if said.approved_on else None
    approved = ", ".join(one for one in (said.approver, day) if one)
    return f"{said.regulation} ({approved})" if approved else said.regulation


def clauses(district: District) -> Sequence[Mapping[str, Any]]:
    """The clauses of the district's policy, each with the rules that serve it."""
    serving: dict[str, list[str]] = {}
    for code, detection in district.detections.items():
        for clause in detection.clauses:
            serving.setdefault(clause.clause_id, []).append(code)
    frame = district.registry.frames["clauses"]
    return [
        {**row, "detections": sorted(serving.get(row["clause_id"], []))}
        for row in frame.iter_rows(named=True)
    ]


def permits(district: District) -> pl.DataFrame:
    """Consents and exceptions with their days; nobody's name is among them."""
    frames = district.registry.frames
    given = frames["consents"].select(
        permit_id="consent_id",
        kind=pl.lit("consent"),
        about="clause",
        valid_to="valid_to",
        review_by="review_by",
    )
    excepted = frames["exceptions"].select(
        permit_id="exception_id",
        kind=pl.lit("exception"),
        about=pl.when(pl.col("rule") == "*")
        .then(pl.lit("all rules"))
        .otherwise("rule"),
        valid_to="valid_to",
        review_by=pl.lit(None, pl.Date),
    )
    return pl.concat([given, excepted])


def audit_head(district: District) -> str:
    """Number and hash of the newest entry of the audit chain; empty if none."""
    return str(open_chain(district.store, district.home).head() or "")


def arrived(district: District) -> frozenset[str]:
    """The classes of events of which the lake holds any."""
    return frozenset(
        name for name in EVENT_CLASSES if ledger.lake_files(district.store, name)
    )


def is_fed(model: Model, models: Mapping[str, Model], held: Collection[str]) -> bool:
    """Whether a log of a kind that the model reads has arrived.

    Who held an address is known from other logs; a rule about requests is not fed
    by these. Their events count only for a rule that reads nothing else.
    """
    own = _reads(model, models, through=("core", "raw"))
    wanted = own or _reads(model, models, through=("core", "raw", "identity"))
    return not wanted or bool(wanted & set(held))


def _reads(
    model: Model, models: Mapping[str, Model], through: Sequence[str]
) -> frozenset[str]:
    """The classes of events that a model reads, by way of models of some schemas."""
    found: set[str] = set()
    waiting, seen = [model], {model.name}
    while waiting:
        for name in waiting.pop().inputs - seen:
            seen.add(name)
            schema, table = name.split(".")
            if schema not in through:
                continue
            if schema == "raw":
                found.add(table)
            elif name in models:
                waiting.append(models[name])
    return frozenset(found)
