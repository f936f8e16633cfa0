"""Lines in envelopes, and of many products, become the events that they are bare."""

import csv
import io
import json
from datetime import UTC, datetime

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.clock import Reading
from pipelines.formats import PLACE, Context, formats
from pipelines.ingest.blocks import batch
from pipelines.ingest.identification import best, examine
from pipelines.ingest.mixed_lines import UNCLAIMED
from pipelines.ingest.parser import ANY, parse
from tests.conftest import LONG
from tests.faults.home import Home
from tests.formats.test_formats import LOGS, context_of

FORMATS = formats()
STAMP = "2026-11-02T14:15:00.123456Z"
EPOCH = 1_793_628_900


def row(*cells):
    """Return a row of CSV, every cell in quotes."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="").writerow(cells)
    return text.getvalue()


def in_json(**fields):
    return lambda line: json.dumps(fields | {key: line for key in fields if not fields[key]})


ENVELOPES = {
    "syslog": lambda line: f"<134>Nov  2 08:15:00 proxy1 relay[812]: {line}",
    "rfc5424": lambda line: f"<134>1 {STAMP} proxy1 relay 812 - - {line}",
    "docker": in_json(log="", stream="stdout", time=STAMP),
    "container": lambda line: f"{STAMP} stdout F {line}",
    "journald": in_json(__REALTIME_TIMESTAMP=f"{EPOCH}123456", _HOSTNAME="proxy1", MESSAGE=""),
    "gelf": in_json(version="1.1", host="proxy1", short_message="", timestamp=EPOCH + 0.123),
    "filebeat": lambda line: json.dumps(
        {"@timestamp": STAMP, "message": line, "host": {"name": "proxy1"}}
    ),
    "splunk_json": lambda line: json.dumps({"preview": False, "result": {"_raw": line}}),
    "splunk": lambda line: row("2026-11-02T08:15:00.000-0600", line, "proxy1", "x"),
    "loki": lambda line: f'{STAMP} {{app="proxy"}} {line}',
    "tabs": lambda line: f"{EPOCH}123456789\tproxy1\t{line}",
    "docker_of_syslog": lambda line: ENVELOPES["docker"](ENVELOPES["syslog"](line)),
}
BARE = ["squid_access", "fortigate", "suricata_eve", "google_workspace", "sshd_pam"]


def lines_of(name):
    """Return the lines of a golden log that are read, and what they become."""
    logs = [log.read_bytes() for log in LOGS if log.parent.name == name]
    lines = batch(b"\n".join(logs)).filter(FORMATS[name].looks_like(pl.col("line")))
    parsed = FORMATS[name].parse(lines, context_of(name))
    refused = parsed.rejects["line_no"].implode()
    return lines.filter(~pl.col("line_no").is_in(refused)), parsed.events


@pytest.mark.parametrize("envelope", ENVELOPES)
def test_an_envelope_changes_nothing(envelope):
    # a line with a separate header behind another header is a relayed one
    for name in BARE[: 4 if "syslog" in envelope or "rfc" in envelope else 5]:
        lines, events = lines_of(name)
        if "tab" in envelope:
            lines = lines.filter(~pl.col("line").str.contains("\t"))
        wrapped = [ENVELOPES[envelope](line) for line in lines["line"]]
        parsed = parse(
            ANY,
            lines.with_columns(line=pl.Series(wrapped, dtype=pl.String)),
            context_of(name),
        )
        assert not parsed.rejects.height, (name, parsed.rejects.rows()[:2])
        for cls, frame in events.items():
            kept = frame.filter(pl.col("line_no").is_in(lines["line_no"].implode()))
            found = parsed.events[cls]
            assert set(found["format"]) == {name}
            drop = ["message"] if cls == "system_events" else []
            assert_frame_equal(found.drop("format", *drop), kept.drop(drop))


def test_the_envelope_says_what_the_line_inside_does_not():
    said = "Accepted password for ada from 192.0.2.17 port 50123 ssh2"
    lines = [
        json.dumps(
            {
                "__REALTIME_TIMESTAMP": f"{EPOCH}123456",
                "_HOSTNAME": "gate",
                "SYSLOG_IDENTIFIER": "sshd",
                "_PID": "812",
                "MESSAGE": said,
            }
        ),
        json.dumps({"host": "gate", "short_message": said, "timestamp": EPOCH}),
    ]
    parsed = parse(ANY, batch("\n".join(lines).encode()), Context())
    (event,) = parsed.events["logons"].to_dicts()
    assert (event["user_name"], event["reported_by"], event["format"]) == (
        "ada",
        "gate",
        "sshd_pam",
    )
    assert event["time"] == datetime(2026, 11, 2, 14, 15, 0, 123456, UTC)
    assert (event["line_no"], event["byte_offset"]) == (1, 0)
    # nothing shows which program spoke, so nothing shows what the words mean
    assert parsed.rejects["reason"].to_list() == [UNCLAIMED]
    assert parsed.rejects["line"].to_list() == lines[1:]


MANY = {
    "squid_access": "1793628900.123     45 192.0.2.17 TCP_MISS/200 5120 GET "
    "http://example.org/ ada HIER_DIRECT/198.51.100.9 text/html",
    "sshd_pam": "Nov  2 08:15:00 gate sshd[812]: Accepted password for ada from "
    "192.0.2.17 port 50123 ssh2",
    "isc_dhcpd": "2026-11-02T08:15:00-06:00 dhcp1 dhcpd[812]: DHCPACK on 192.0.2.17 to "
    "00:00:5e:00:53:01 (lab-7) via eth0",
    "cisco_ise": "<181>Nov  2 08:15:00 ise1 CISE_Passed_Authentications 0000453439 1 0 "
    "2026-11-02 08:15:00.365 -06:00 0007121364 5200 NOTICE Passed-Authentication: "
    "Authentication succeeded, UserName=ada, Calling-Station-ID=00-00-5E-00-53-01,",
}


def test_each_line_of_a_central_file_goes_to_its_format():
    many = [*MANY.values()] * 30
    damaged = MANY["squid_access"].replace("/200 5120", "/200 much")
    text = "\n".join([*many, "", damaged, "words that no product writes"]).encode()
    assert best(text) == "mixed"
    parsed = parse(ANY, batch(text), Context(Reading("America/Chicago")))
    found = pl.concat(frame.select("format", *PLACE) for frame in parsed.events.values())
    assert sorted(found["format"].unique()) == sorted(MANY)
    assert found["line_no"].sort().to_list() == list(range(1, len(many) + 1))
    assert parsed.blanks == 1
    assert parsed.rejects["reason"].to_list() == [
        "bytes are not a count",
        UNCLAIMED,
    ]
    assert parsed.rejects["line"].to_list()[0] == damaged


def test_what_is_ingested_of_a_central_file_says_what_read_it(tmp_path):
    home = Home(tmp_path, fmt=None)
    text = "\n".join([*[*MANY.values()] * 10, "words that no product writes", ""])
    home.put("central.log", text.encode())
    (told,) = home.run().values()
    assert (told.record.format, told.record.events, told.record.rejects) == (
        "mixed",
        40,
        1,
    )
    formats_of = {
        name: set(home.frame(name)["format"]) for name in ("http_requests", "logons", "leases")
    }
    assert formats_of == {
        "http_requests": {"squid_access"},
        "logons": {"sshd_pam", "cisco_ise"},
        "leases": {"isc_dhcpd"},
    }
    (central,) = home.source.listing().deliveries
    found = examine(central)
    assert found.format == "mixed"
    assert {claim.format for claim in found.claims} == set(MANY)


def test_a_stray_line_among_those_of_one_product_is_read_too():
    lines = [*[MANY["squid_access"]] * 60, MANY["sshd_pam"]]
    text = "\n".join(lines).encode()
    assert best(text) == "squid_access"
    parsed = parse(FORMATS["squid_access"], batch(text), Context())
    assert parsed.events["http_requests"].height == 60
    assert parsed.events["logons"]["format"].to_list() == ["sshd_pam"]
    assert not parsed.rejects.height


@pytest.mark.parametrize("envelope", ENVELOPES)
def test_a_file_in_envelopes_is_known_by_what_is_inside(envelope):
    lines = [ENVELOPES[envelope](MANY["squid_access"])] * 40
    assert best("\n".join(lines).encode()) == "mixed"


def test_a_log_is_no_mixture_of_itself():
    for log in LOGS if LONG else LOGS[::3]:
        name = log.parent.name
        if FORMATS[name].header is None:
            assert best(log.read_bytes(), context=context_of(name)) in {name, None}, log


def test_the_row_of_names_above_an_export_is_no_line():
    export = "\n".join(['"_time","_raw",host', ENVELOPES["splunk"](MANY["squid_access"])])
    parsed = parse(ANY, batch(export.encode()), Context())
    assert (parsed.blanks, parsed.rejects.height) == (1, 0)


def exported(line, number):
    """Return an entry of the journal's export format; every second message is binary."""
    message = (
        b"MESSAGE\n" + len(line).to_bytes(8, "little") + line if number % 2 else b"MESSAGE=" + line
    )
    head = (
        f"__CURSOR=s={number}\n__REALTIME_TIMESTAMP={EPOCH + number}000000\n"
        f"_HOSTNAME=gate\nSYSLOG_IDENTIFIER=sshd\n_PID=81\n"
    )
    return head.encode() + message + b"\n_UID=0\nMESSAGE=a second one\n\n"


def test_the_journals_export_format_is_read_entry_by_entry(tmp_path):
    home = Home(tmp_path, fmt=None)
    lines = [
        f"Accepted password for ada from 192.0.2.{number} port 50112 ssh2".encode()
        for number in range(1, 7)
    ]
    entries = [exported(line, number) for number, line in enumerate(lines, 1)]
    home.put("journal.export", b"".join(entries[:4]))
    (told,) = home.run().values()
    assert told.record.format == "mixed"
    home.put("journal.export", b"".join(entries))
    home.run()
    found = home.frame("logons").sort("line_no")
    assert found["src_ip"].to_list() == [f"192.0.2.{number}" for number in range(1, 7)]
    assert found["reported_by"].unique().to_list() == ["gate"]
    assert found["line_no"].to_list() == [*range(1, 7)]
    assert [stamp.timestamp() for stamp in found["time"]] == [
        EPOCH + number for number in range(1, 7)
    ]


@pytest.mark.parametrize("size", [5 << 20, 1 << 60])
def test_a_field_of_the_journal_that_is_too_long_is_named(tmp_path, size):
    home = Home(tmp_path, fmt=None)
    head = exported(b"Accepted password for ada from 192.0.2.1 port 1 ssh2", 2)
    long = b"__CURSOR=s=2\nMESSAGE\n" + size.to_bytes(8, "little") + b"x\n\n"
    home.put("journal.export", head + long)
    (told,) = home.run().values()
    assert "a field of the journal has" in told.record.message
    assert home.frame("logons").height == 1
