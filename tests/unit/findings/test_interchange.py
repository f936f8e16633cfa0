"""Findings in the formats of other systems, against the schemas that those publish."""

import json
import re
from datetime import UTC, datetime

import jsonschema
import pytest
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from pipelines.alerts.channels.ocsf import event
from pipelines.alerts.message import Message
from pipelines.findings.finding_frames import COLUMNS
from pipelines.findings.interchange import (
    ECS_VERSION,
    OCSF_VERSION,
    cef,
    ecs,
    ocsf,
)

ROW = dict.fromkeys(COLUMNS, "") | {
    "finding_id": "f-1a2b",
    "kind": "shared_account",
    "rule": "SA-1",
    "account": "falcon-27",
    "devices": "heron-1|heron-2",
    "start_utc": "2026-11-09T14:02:00Z",
    "end_utc": "2026-11-09T14:19:00Z",
    "created_utc": "2026-11-10T03:00:00Z",
    "severity": "high",
    "confidence": "C3",
    "status": "open",
    "evidence_lines": 41,
    "case_id": "c-9",
    "case_number": "46-03",
    "clause": "cl.2",
    "stage": "live",
}
TITLE = "Account in use in two buildings"
KINDS = ("shared_account", "non_approved_site", "off_hours_external", "anomaly")
SEVERITIES = ("informational", "low", "medium", "high", "critical")
SCHEMA = OcsfJsonSchemaEmbedded(get_ocsf_schema(OCSF_VERSION)).get_class_schema("detection_finding")
CHECKER = jsonschema.Draft202012Validator(SCHEMA)


def variations():
    for kind in KINDS:
        for severity in SEVERITIES:
            for status in ("open", "explained", "confirmed"):
                for devices in ("", "heron-1|heron-2"):
                    yield ROW | {
                        "kind": kind, "severity": severity, "status": status,
                        "devices": devices, "confidence": "C2",
                    }  # fmt: skip


def test_a_finding_is_a_valid_detection_finding():
    for row in variations():
        errors = [error.message for error in CHECKER.iter_errors(ocsf(row, TITLE))]
        assert not errors, row


def test_the_schema_refuses_what_is_no_detection_finding():
    broken = ocsf(ROW, TITLE)
    assert CHECKER.is_valid(broken)
    assert not CHECKER.is_valid(broken | {"severity_id": "high"})
    assert not CHECKER.is_valid({key: one for key, one in broken.items() if key != "finding_info"})


def test_an_alert_is_a_valid_detection_finding():
    message = Message("a-1", "1 notice", "One.\n", "notice", severity="high")
    errors = [one.message for one in CHECKER.iter_errors(event(message, datetime.now(UTC)))]
    assert not errors


ECS_FIELDS = {
    "@timestamp": str, "ecs.version": str, "message": str, "event.id": str, "event.kind": str,
    "event.category": list, "event.type": list, "event.module": str, "event.dataset": str,
    "event.severity": int, "event.start": str, "event.end": str, "event.created": str,
    "rule.id": str, "rule.name": str, "rule.category": str, "rule.ruleset": str,
    "user.name": str, "related.user": list, "related.hosts": list, "observer.vendor": str,
    "observer.product": str, "observer.version": str, "labels": dict,
}  # fmt: skip
"""Fields of ECS 9.4 that a finding fills, each with the JSON type of its ECS type."""
ECS_WORDS = {
    "event.kind": {"alert"},
    "event.category": {"iam", "web", "intrusion_detection"},
    "event.type": {"info"},
}
"""Values that ECS allows in these fields, and `info` with each of these categories."""


def flattened(document, path=""):
    for name, value in document.items():
        key = f"{path}{name}"
        if isinstance(value, dict) and key != "labels":
            yield from flattened(value, f"{key}.")
        else:
            yield key, value


def test_a_finding_has_only_fields_and_words_of_ecs():
    assert ECS_VERSION.startswith("9.4.")
    for row in variations():
        fields = dict(flattened(ecs(row, TITLE)))
        assert fields.keys() == ECS_FIELDS.keys()
        for name, value in fields.items():
            assert isinstance(value, ECS_FIELDS[name]), name
        for name, words in ECS_WORDS.items():
            assert {*([fields[name]] if isinstance(fields[name], str) else fields[name])} <= words
        # a label is a keyword without dots in its name
        assert all(
            "." not in name and isinstance(one, str) for name, one in fields["labels"].items()
        )


def parsed(line):
    """Read a line as ArcSight specifies: seven bars, then keys and values."""
    head, rest = re.fullmatch(r"((?:[^|\\]|\\.)*(?:\|(?:[^|\\]|\\.)*){6})\|(.*)", line).groups()
    parts = [re.sub(r"\\(.)", r"\1", one) for one in re.split(r"(?<!\\)\|", head)]
    pairs = re.findall(r"(\w+)=((?:[^=\\]|\\.)*?)(?= \w+=|$)", rest)
    return parts, {key: re.sub(r"\\([\\=])", r"\1", value) for key, value in pairs}


@pytest.mark.parametrize("title", [TITLE, "a|b", "back\\slash", "two\nlines", "a=b"])
def test_a_line_of_cef_reads_back(title):
    line = cef(ROW | {"clause": "cl=2"}, title)
    assert "\n" not in line
    parts, fields = parsed(line)
    assert parts[:3] == ["CEF:0", "Schoolbell", "Schoolbell"]
    assert parts[4:] == ["SA-1", title.replace("\n", "n"), "8"]
    assert fields["externalId"] == "f-1a2b"
    assert fields["suser"] == "falcon-27"
    assert fields["rt"] == "1794279600000"
    assert {fields[f"cs{n}Label"]: fields[f"cs{n}"] for n in range(1, 7)}["clause"] == "cl=2"
    # cs1 to cs6 are all the custom texts that CEF has
    assert "cs7" not in fields


@pytest.mark.parametrize("devices", ["", "heron-1", "heron-1|heron-2"])
def test_a_device_is_no_user(devices):
    row = ROW | {"account": "heron-1", "devices": devices, "subject_kind": "device"}
    detection, document = ocsf(row, TITLE), ecs(row, TITLE)
    assert CHECKER.is_valid(detection)
    assert not any("user" in one for one in detection["evidences"])
    assert detection["evidences"][0]["device"]["hostname"] == "heron-1"
    assert "user" not in document
    assert document["related"]["user"] == []
    assert document["related"]["hosts"] == (devices or "heron-1").split("|")
    _, fields = parsed(cef(row, TITLE))
    assert "suser" not in fields
    assert fields["shost"] == "heron-1"


def test_no_line_is_cut_by_a_value():
    line = cef(ROW | {"account": "a\r\nCEF:0|x"}, TITLE)
    assert len(line.splitlines()) == 1
    assert json.dumps(line)
