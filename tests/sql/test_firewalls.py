"""Which firewalls show what the rules on the network's security ask, from raw lines."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from pipelines.clock import Reading
from pipelines.formats import Context, formats
from pipelines.ingest.record_cuts import records
from pipelines.warehouse.models import arguments, models, rules
from tests.databases import empty_database
from tests.sql.tables import create

DAY = date(2026, 3, 2)
OUTSIDE, DESK, SWITCH = "203.0.113.9", "10.1.0.5", "10.2.0.1"
MODELS = (
    "core.inside_flows", "core.searches", "detections.reachable_from_outside",
    "detections.login_in_clear_text", "detections.device_that_scans",
)  # fmt: skip
REACHED, CLEAR, SCANS = "AN-18", "AN-19", "AN-20"


def fortigate(source, target, port, answered):
    role = "wan" if source == OUTSIDE else "lan"
    action, received = ("close", 900) if answered else ("deny", 0)
    return (
        'date=2026-03-02 time=09:00:00 devname="fw" logid="0000000013" type="traffic" '
        'subtype="forward" level="notice" eventtime=1772463600 tz="-0600" '
        f'srcip={source} srcport=50000 srcintfrole="{role}" dstip={target} '
        f'dstport={port} dstintfrole="lan" sessionid={port} proto=6 action="{action}" '
        f"duration=10 sentbyte={received} rcvdbyte={received}"
    )


def paloalto(source, target, port, answered):
    zone = "untrust" if source == OUTSIDE else "trust"
    action, size = ("allow", 500) if answered else ("deny", 0)
    kind, end = ("end", "tcp-fin") if answered else ("drop", "policy-deny")
    return (
        f"1,2026/03/02 09:00:00,012345678901,TRAFFIC,{kind},2561,2026/03/02 09:00:00,"
        f"{source},{target},0.0.0.0,0.0.0.0,rule,,,app,vsys1,{zone},trust,ethernet1/2,"
        f"ethernet1/1,forward,2026/03/02 09:00:00,22751,1,50000,{port},0,{port},"
        f"0x400053,tcp,{action},{2 * size},{size},{size},36,2026/03/02 09:00:00,0,any,"
        f"0,32091112,0x0,10.0.0.0-10.255.255.255,United States,0,16,20,{end},"
        "0,0,0,0,,pa1,from-policy" + "," * 21
    )


def cisco_asa(source, target, port, answered):
    zone = "outside" if source == OUTSIDE else "inside"
    if not answered:
        return (
            "Mar 02 2026 09:00:00 asa1 : %ASA-4-106023: Deny tcp src "
            f"{zone}:{source}/50000 dst inside:{target}/{port} by access-group "
            '"edge" [0x0, 0x0]'
        )
    number = f"{port}{target.replace('.', '')}"
    ends = [(f"{zone}:{source}/50000", source), (f"inside:{target}/{port}", target)]
    # of a connection outward the far end is first
    way = "inbound" if source == OUTSIDE else "outbound"
    first, second = ends if way == "inbound" else reversed(ends)
    return (
        f"Mar 02 2026 09:00:00 asa1 : %ASA-6-302013: Built {way} TCP connection "
        f"{number} for {first[0]} ({first[1]}/1) to {second[0]} ({second[1]}/1)\n"
        f"Mar 02 2026 09:00:05 asa1 : %ASA-6-302014: Teardown TCP connection "
        f"{number} for {first[0]} to {second[0]} duration 0:00:05 bytes 900 TCP FINs"
    )


def pfsense_filterlog(source, target, port, answered):
    card = "em0" if source == OUTSIDE else "em1"
    word = "pass" if answered else "block"
    return (
        f"Mar  2 09:00:00 gate filterlog[812]: 81,,,1000004411,{card},match,{word},in,"
        f"4,0x0,,64,600,0,DF,6,tcp,60,{source},{target},50000,{port},0,S,31552001,,"
        "65535,,mss"
    )


OPTIONS = {
    "cisco_asa": {"outside_interfaces": "outside"},
    "paloalto": {"outside_zones": "untrust"},
    "pfsense_filterlog": {"outside_interfaces": "em0"},
}
TOLD = {
    fortigate: {REACHED, CLEAR, SCANS},
    paloalto: {REACHED, CLEAR, SCANS},
    cisco_asa: {REACHED, CLEAR, SCANS},
    # a packet let through shows nothing of an answer: what was refused alone is reported
    pfsense_filterlog: {SCANS},
}


def found(write, acts):
    """Return the codes of the rules that find something in raw lines."""
    name = write.__name__
    data = "\n".join(write(*act) for act in acts).encode()
    reading = Reading("America/Chicago", anchor=datetime(2026, 3, 3, tzinfo=UTC))
    context = Context(reading, OPTIONS.get(name, {}))
    parsed = formats()[name].parse(records(data, formats()[name].framing), context)
    assert parsed.rejects.is_empty(), parsed.rejects["reason"].to_list()
    events = parsed.events["connections"]
    assert events.height
    fired = set()
    with empty_database() as database:
        for relation in {one for name in MODELS for one in models()[name].inputs}:
            create(database, relation)
        database.append(
            "raw.connections",
            events.with_row_index("event_id").with_columns(
                event_date=pl.lit(DAY), source=pl.lit(name)
            ),
        )
        for model in (models()[one] for one in MODELS):
            if database.build(model, arguments(model), DAY) and model.header.code:
                fired.add(model.header.code)
    return fired


@pytest.mark.parametrize("write", TOLD, ids=lambda one: one.__name__)
def test_what_a_firewall_tells(write):
    reached = [(OUTSIDE, DESK, 3389, True)]
    clear = [(DESK, f"10.2.0.{n}", 23, True) for n in range(1, 5)]
    scans = [(DESK, f"10.2.{n // 200}.{n % 200 + 1}", 445, False) for n in range(120)]
    assert found(write, [*reached, *clear, *scans]) == TOLD[write]


@pytest.mark.parametrize("write", TOLD, ids=lambda one: one.__name__)
def test_what_is_refused_or_answered_is_nothing(write):
    """Strangers who were kept out, and a desk that everybody answers."""
    refused = [(OUTSIDE, DESK, 3389, False), (DESK, SWITCH, 23, False)]
    answered = [(DESK, f"10.2.{n // 200}.{n % 200 + 1}", 445, True) for n in range(120)]
    assert found(write, [*refused, *answered]) == set()


OF_PER_LINE = Path(__file__).parents[1] / "formats"
BY_OPTIONS = {"declared_csv", "declared_json", "declared_syslog"}
"""Formats whose columns a district names; their recorded lines say little."""


def answered():
    """Return formats whose recorded lines show of an answered connection, or of both sizes."""
    found = set()
    for path in OF_PER_LINE.glob("*/*.expected.jsonl"):
        kind = ""
        for row in map(json.loads, path.read_text("utf-8").splitlines()):
            if row.keys() == {"event_class"}:
                kind = row["event_class"]
            both = row.get("bytes_in") and row.get("bytes_out")
            whole = json.loads(row.get("extras") or "{}").get("bytes")
            if kind == "connections" and row.get("dst_port") and (both or whole):
                found.add(path.parent.name)
    return found


def test_a_rule_names_the_formats_that_tell_it():
    """Each exists and gives that class; of flows all are named, and no others."""
    told = [rule.header.data_sources for rule in rules().values()]
    assert any(told)
    for by_class in told:
        for name, named in by_class.items():
            assert {name in formats()[one].event_classes for one in named} == {True}
        if "connections" in by_class:
            assert set(by_class["connections"]) - BY_OPTIONS == answered() - BY_OPTIONS
