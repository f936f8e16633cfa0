"""What the relations of a snapshot mean, column by column.

A model says it in its own header. Some relations are no model: they come from
what `state.db` keeps, and are described here; a test compares both with what a
snapshot really holds.
"""

from collections.abc import Mapping

from pipelines.warehouse.headers import ColumnNote, Header
from pipelines.warehouse.library import models


def notes_of(relation: str) -> Mapping[str, ColumnNote]:
    """The columns that a relation may have, by name."""
    return header_of(relation).columns


def meaning_of(relation: str) -> str:
    """What one row of a relation is, in one line."""
    return " ".join(header_of(relation).summary.split())


def header_of(relation: str) -> Header:
    """A model's header, or the like of it for what is no model."""
    return KEPT[relation] if relation in KEPT else models()[relation].header


def _note(kind: str, meaning: str, pii: str = "none") -> ColumnNote:
    return ColumnNote.model_validate({"type": kind, "is": meaning, "pii": pii})


_PLACE = {
    "source": _note("varchar", "source of the line"),
    "path": _note("varchar", "file below the source's landing folder"),
}

KEPT: Mapping[str, Header] = {
    "findings.findings": Header(
        summary="What the detections found, one row a finding, as it stands now.",
        grain=("finding_id",),
        columns={
            "finding_id": _note("varchar", "the same whenever the same is found"),
            "rule": _note("varchar", "code of the detection"),
            "kind": _note(
                "varchar",
                "shared_account, non_approved_site, off_hours_external or anomaly",
            ),
            "subject": _note("varchar", "the account it is about", "direct"),
            "is_pupil": _note("boolean", "the account is a pupil's"),
            "devices": _note("varchar[]", "devices in it", "indirect"),
            "sites": _note("varchar[]", "sites in it"),
            "event_date": _note("date", "local day"),
            "start_time": _note("timestamptz", "first cited line"),
            "end_time": _note("timestamptz", "last cited line"),
            "severity": _note(
                "varchar", "how bad if true: informational, low, medium or high"
            ),
            "confidence": _note(
                "varchar", "how well shown: C3 corroborated, C2 likely, C1 a lead"
            ),
            "status": _note("varchar", "open, explained, confirmed or withdrawn"),
            "status_reason": _note("varchar", "why it is no longer open"),
            "created_time": _note("timestamptz", "when it was first found"),
            "revision": _note("bigint", "1, and one more with each change"),
            "claim": _note("varchar", "the sentence of the report", "direct"),
            "record": _note(
                "varchar",
                "clauses, measures, alternatives, limits and parameters as JSON",
            ),
            "decided_time": _note("timestamptz", "when its status last changed"),
        },
    ),
    "findings.evidence": Header(
        summary="The log lines that a finding cites, in the order it cites them.",
        grain=("finding_id", "position"),
        columns={
            "finding_id": _note("varchar", "the finding"),
            "position": _note("bigint", "from 1"),
            "role": _note("varchar", "what the line shows: request, logon or lease"),
            **_PLACE,
            "line_no": _note("bigint", "line of the file, from 1"),
            "byte_offset": _note("bigint", "first byte of the line, from 0"),
            "time": _note("timestamptz", "when it happened"),
            "account": _note("varchar", "account", "direct"),
            "device": _note("varchar", "device", "indirect"),
            "building": _note("varchar", "building of the network"),
            "site": _note("varchar", "registrable domain"),
            "activity": _note("varchar", "HTTP method, logon activity or lease action"),
            "bytes_in": _note("bigint", "bytes to the client"),
            "line_sha256": _note("varchar", "hash of the line; proves the copy"),
        },
    ),
    "findings.rule_standing": Header(
        summary="""How each rule stands after what reviewers decided: findings by their
        last verdict, and the share of decisions that confirmed a violation.""",
        grain=("code",),
        columns={
            "code": _note("varchar", "code of the rule"),
            "stage": _note("varchar", "trial or live"),
            "state": _note(
                "varchar",
                "too few, holds, leads (its undecided findings are leads), may go live"
                " or stays on trial",
            ),
            **{
                name: _note("bigint", f"findings whose verdict is {name}")
                for name in (
                    "violation",
                    "authorised",
                    "benign",
                    "misattributed",
                    "data_fault",
                    "undetermined",
                )
            },
            "decisions": _note("bigint", "of these, one a case and verdict"),
            "confirmed": _note("bigint", "of the decisions: violation"),
            "facts_hold": _note(
                "bigint", "of the decisions: violation, authorised or benign"
            ),
            "precision": _note("double", "confirmed of decisions; null without any"),
            "precision_low": _note("double", "its exact lower bound, 95 %, two-sided"),
            "precision_high": _note("double", "its exact upper bound, 95 %, two-sided"),
            "at_least": _note("double", "its exact lower bound, 95 %, one-sided"),
        },
    ),
    "identity.attribution_changes": Header(
        summary="""What was believed of a day's requests before the day was built
        again, and what since: a lease came late, or the registry says otherwise.""",
        grain=("change_id",),
        columns={
            "change_id": _note("bigint", "counts the changes"),
            "changed_time": _note("timestamptz", "when it was noticed"),
            "event_date": _note("date", "local day of the requests"),
            "source": _note("varchar", "source of their lines"),
            "device_before": _note("varchar", "device before", "indirect"),
            "device_now": _note("varchar", "device since", "indirect"),
            "account_before": _note("varchar", "account before", "direct"),
            "account_now": _note("varchar", "account since", "direct"),
            "grade_before": _note("varchar", "attribution grade before"),
            "grade_now": _note("varchar", "attribution grade since"),
            "request_count": _note("bigint", "requests"),
        },
    ),
    "marts.unjudged_days": Header(
        summary=(
            "Days that a rule says nothing of, since a field that it stands on went "
            "missing from a source, or since a model could not be built."
        ),
        grain=("rule", "event_date", "source", "event_class", "field", "model"),
        columns={
            "rule": _note("varchar", "the rule's code; empty: a table of the report"),
            "event_date": _note("date", "local day"),
            "source": _note("varchar", "the source that no longer fills the field"),
            "event_class": _note("varchar", "the kind of event it brings"),
            "field": _note("varchar", "the column that is empty"),
            "share_before": _note("double", "share of events that had it before"),
            "model": _note("varchar", "the model that is held back"),
            "cause": _note("varchar", "the model that failed: this, or one it reads"),
        },
    ),
    "marts.about": Header(
        summary="Whose snapshot this is, and when it was published; one row.",
        grain=("published_time",),
        columns={
            "district": _note("varchar", "the district's name, as reports print it"),
            "zone": _note("varchar", "its time zone; every local day is one of it"),
            "published_time": _note("timestamptz", "when the snapshot was published"),
            "version": _note("varchar", "the Schoolbell that published it"),
        },
    ),
    "marts.arrival_lags": Header(
        summary=(
            "How long events took from their time to their arrival, counted in "
            "classes: late lines re-open their days."
        ),
        grain=("source", "event_class", "event_date", "lag"),
        columns={
            "source": _note("varchar", "source"),
            "event_class": _note("varchar", "the kind of event"),
            "event_date": _note("date", "local day of the events"),
            "lag": _note(
                "varchar",
                "within so long, and longer than the class before; ahead: "
                "before their own time",
            ),
            "events": _note("bigint", "events that took so long"),
        },
    ),
    "marts.source_files": Header(
        summary="The account of lines, one row a delivered file.",
        grain=("file_id",),
        columns={
            "file_id": _note("bigint", "the ledger's id of the file"),
            **_PLACE,
            "format": _note("varchar", "the format that read it"),
            "state": _note("varchar", "where the ledger stands with it"),
            "lines": _note("bigint", "lines read; the sum of what follows"),
            "events": _note("bigint", "lines that became events"),
            "rejects": _note("bigint", "lines set aside with a reason"),
            "blanks": _note("bigint", "empty lines and headers"),
            "duplicates": _note("bigint", "lines that had come before"),
            "pending": _note("bigint", "lines that wait for their end"),
            "has_checksum": _note(
                "boolean", "false: damage on the way could not be noticed in it"
            ),
            "first_seen_time": _note("timestamptz", "when the file was first seen"),
        },
    ),
}
"""What a snapshot holds beside the models."""
