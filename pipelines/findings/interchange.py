"""Findings for other systems: OCSF Detection Findings, Elastic's schema (ECS), and CEF."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib.metadata import version

from pipelines.state.rows import ExportedFinding

OCSF_VERSION = "1.8.0"
ECS_VERSION = "9.4.0"
SEVERITY_IDS = {"informational": 1, "low": 2, "medium": 3, "high": 4, "critical": 5}
CONFIDENCE_IDS = {"C1": 1, "C2": 2, "C3": 3}
STATUSES = {"open": (1, "New"), "confirmed": (2, "In Progress"), "explained": (3, "Suppressed")}
RISK = {"informational": 0, "low": 21, "medium": 47, "high": 73, "critical": 99}
"""Risk scores that Elastic gives to its severities."""
CATEGORIES = {"shared_account": "iam", "anomaly": "intrusion_detection"}
"""ECS categories; other findings are about sites."""
CEF_SEVERITIES = {"informational": 1, "low": 3, "medium": 5, "high": 8, "critical": 10}


def ocsf(row: ExportedFinding, title: str) -> dict[str, object]:
    """Return a finding as an OCSF Detection Finding (class 2004)."""
    status = STATUSES.get(row["status"], (0, "Unknown"))
    first, last, created = _times(row)
    user = _user(row)
    evidences = [user | {"device": {"hostname": name, "type_id": 0}} for name in _devices(row)]
    return {
        "activity_id": 1,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2004,
        "class_name": "Detection Finding",
        "type_uid": 200401,
        "type_name": "Detection Finding: Create",
        "time": created,
        "start_time": first,
        "end_time": last,
        "severity_id": SEVERITY_IDS[row["severity"]],
        "severity": row["severity"].capitalize(),
        "confidence_id": CONFIDENCE_IDS[row["confidence"]],
        "status_id": status[0],
        "status": status[1],
        "message": title,
        "metadata": {"version": OCSF_VERSION, "uid": row["finding_id"], "product": _product()},
        "finding_info": {
            "uid": row["finding_id"],
            "title": title,
            "types": [row["kind"]],
            "created_time": created,
            "first_seen_time": first,
            "last_seen_time": last,
            "analytic": {"uid": row["rule"], "name": title, "type_id": 1, "type": "Rule"},
        },
        "evidences": evidences or [user],
        "unmapped": _labels(row),
    }


def ecs(row: ExportedFinding, title: str) -> dict[str, object]:
    """Return a finding as a document of the Elastic Common Schema."""
    return {
        "@timestamp": row["end_utc"],
        "ecs": {"version": ECS_VERSION},
        "message": title,
        "event": {
            "id": row["finding_id"],
            "kind": "alert",
            "category": [CATEGORIES.get(row["kind"], "web")],
            "type": ["info"],
            "module": "schoolbell",
            "dataset": "schoolbell.finding",
            "severity": RISK[row["severity"]],
            "start": row["start_utc"],
            "end": row["end_utc"],
            "created": row["created_utc"],
        },
        "rule": {
            "id": row["rule"],
            "name": title,
            "category": row["kind"],
            "ruleset": "schoolbell",
        },
        **_user(row),
        "related": {"user": [one["name"] for one in _user(row).values()], "hosts": _devices(row)},
        "observer": {
            "vendor": "Schoolbell",
            "product": "Schoolbell",
            "version": version("schoolbell"),
        },
        "labels": _labels(row),
    }


def cef(row: ExportedFinding, title: str) -> str:
    """Return a finding as one line of ArcSight's Common Event Format."""
    first, last, created = _times(row)
    head = ("CEF:0", "Schoolbell", "Schoolbell", version("schoolbell"), row["rule"], title)
    custom = [*_labels(row).items()]
    fields: dict[str, object] = {
        "externalId": row["finding_id"],
        "cat": row["kind"],
        "suser": "" if _is_about_device(row) else row["account"],
        "shost": next(iter(_devices(row)), ""),
        "start": first,
        "end": last,
        "rt": created,
        "cnt": row["evidence_lines"],
    }
    for number, (name, value) in enumerate(custom, start=1):
        fields |= {f"cs{number}Label": name, f"cs{number}": value}
    extension = " ".join(
        f"{name}={_escaped(value, '=')}" for name, value in fields.items() if value != ""
    )
    severity = str(CEF_SEVERITIES[row["severity"]])
    return "|".join((*(_escaped(part, "|") for part in head), severity, extension))


_LABELS = ("confidence", "status", "case_id", "case_number", "clause", "stage")


def _labels(row: Mapping[str, object]) -> dict[str, str]:
    """Return what no field of the schemas is for."""
    return {name: str(row[name]) for name in _LABELS if row[name]}


def _product() -> dict[str, str]:
    return {
        "name": "Schoolbell",
        "vendor_name": "Schoolbell",
        "version": version("schoolbell"),
    }


def _user(row: ExportedFinding) -> dict[str, dict[str, str]]:
    """Return the account; none for a finding about a device, whose name is in that column."""
    return {} if _is_about_device(row) else {"user": {"name": row["account"]}}


def _devices(row: ExportedFinding) -> list[str]:
    own = [row["account"]] if _is_about_device(row) else []
    return [*dict.fromkeys(name for name in (*own, *row["devices"].split("|")) if name)]


def _is_about_device(row: ExportedFinding) -> bool:
    return row.get("subject_kind") == "device"


def _times(row: ExportedFinding) -> list[int]:
    """Return its start, its end and its creation, in milliseconds."""
    texts = (row["start_utc"], row["end_utc"], row["created_utc"])
    return [int(datetime.fromisoformat(text).timestamp() * 1_000) for text in texts]


def _escaped(value: object, mark: str) -> str:
    """Escape a value of CEF: the mark that separates, backslashes, and line ends."""
    text = str(value).replace("\\", "\\\\").replace(mark, f"\\{mark}")
    return text.replace("\r", "\\r").replace("\n", "\\n")


def _line(document: Mapping[str, object]) -> str:
    return json.dumps(document, ensure_ascii=True)


WRITERS: Mapping[str, Callable[[ExportedFinding, str], str]] = {
    "ocsf": lambda row, title: _line(ocsf(row, title)),
    "ecs": lambda row, title: _line(ecs(row, title)),
    "cef": cef,
}
"""Name of a format -> the line of a finding, by its row and the title of its rule."""
