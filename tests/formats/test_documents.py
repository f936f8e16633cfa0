"""The pages on formats name every format, and show lines that are read."""

import re
import tomllib
from datetime import UTC, datetime

import pytest

from docs.reference_pages import PAGES
from pipelines.clock import Reading
from pipelines.formats import Context, formats
from pipelines.ingest.identification import best
from pipelines.ingest.record_cuts import records
from tests.conftest import LONG, REPO_ROOT
from tests.docs.documents import FENCE
from tests.formats.table import confusion
from tests.lab.guide import GUIDE

FORMATS = formats()
DOCS = REPO_ROOT / "docs"
REFERENCE = (DOCS / "reference" / "formats.md").read_text(encoding="utf-8")
MIN_PERCENT = 95
ANCHOR = datetime(2026, 11, 25, tzinfo=UTC)
BEGUN = {f"2026-11-02T14:{minute:02}+00:00" for minute in range(16)}
"""When what the lines tell began: around a quarter past eight in Chicago."""

MAIN_FIELDS = [
    ("squid_access", {"user_name": "ada", "url_hostname": "example.org"}),
    ("e2guardian", {"user_name": "ada", "url_hostname": "example.org", "bytes_in": 5_120}),
    ("barracuda_wsg", {"user_name": "ada", "url_hostname": "example.org", "bytes_in": 5_120}),
    ("w3c_elff", {"user_name": r"EXAMPLE\ada", "url_hostname": "example.org"}),
    ("pfsense_filterlog", {"src_ip": "192.0.2.17", "dst_port": 443, "protocol": "tcp"}),
    ("unbound", {"src_ip": "192.0.2.17", "query_name": "www.example.org"}),
    ("bind_queries", {"src_ip": "192.0.2.17", "query_name": "www.example.org"}),
    ("squidguard", {"user_name": "ada", "disposition": "blocked", "category": "games"}),
    ("suricata_eve", {"src_ip": "192.0.2.17", "bytes_out": 2_100, "bytes_in": 98_000}),
    ("iptables", {"src_ip": "192.0.2.17", "dst_port": 443, "disposition": "blocked"}),
    ("fortigate", {"user_name": "ada", "bytes_out": 923, "bytes_in": 77_654}),
    ("paloalto", {"user_name": r"district\ada", "bytes_out": 1_758, "bytes_in": 5_976}),
    ("cisco_asa", {"src_ip": "192.0.2.17", "dst_port": 443, "nat_ip": "203.0.113.1"}),
    ("cisco_asa", {"user_name": r"EXAMPLE\ada", "url_hostname": "video.example.net"}),
    ("watchguard", {"user_name": "ada", "url_hostname": "video.example.net"}),
    ("windows_security_json", {"user_name": "ada", "logon_kind": "interactive"}),
    ("windows_security_csv", {"user_name": "ada", "activity": "lock"}),
    ("windows_security_snare", {"user_name": "ada", "activity": "lock", "host": "lab-07"}),
    (
        "isc_dhcpd",
        {"ip": "192.0.2.17", "mac": "00:00:5e:00:53:01", "hostname": "lab-7"},
    ),
    ("isc_dhcpd_leases", {"ip": "192.0.2.17", "mac": "00:00:5e:00:53:01"}),
    ("kea_leases", {"ip": "192.0.2.17", "mac": "00:00:5e:00:53:01"}),
    ("kea_log", {"ip": "192.0.2.17", "mac": "00:00:5e:00:53:01"}),
    ("windows_dhcp", {"ip": "192.0.2.17", "mac": "00:00:5e:00:53:01"}),
    ("samba_audit", {"user_name": "ada", "src_ip": "192.0.2.17", "activity": "ticket"}),
    ("console_csv", {"user_name": "ada@example.org", "is_success": True}),
    ("google_workspace", {"user_name": "ada@example.org", "is_success": True}),
    ("google_workspace", {"host": "ex5c0017", "logon_kind": "interactive"}),
    ("entra_signin", {"user_name": "ada@example.org", "src_ip": "203.0.113.7"}),
    ("entra_signin", {"user_name": "ada@example.org", "src_ip": "203.0.113.7"}),
    ("meraki_events", {"user_name": "ada", "src_mac": "02:00:5e:00:53:0a", "is_success": True}),
    ("sshd_pam", {"user_name": "ada", "src_ip": "192.0.2.17", "is_success": True}),
    ("freeradius", {"user_name": "ada", "src_mac": "00:00:5e:00:53:01"}),
    ("openvpn", {"user_name": "ada", "assigned_ip": "10.8.0.6"}),
    ("windows_nps", {"user_name": r"EXAMPLE\ada", "src_mac": "00:00:5e:00:53:01"}),
    ("declared_csv", {"user_name": "ada@example.org", "disposition": "blocked"}),
]
"""What each line of the guide must come out as, in its order."""

OPTIONS = {
    source["format"]: source.get("options", {})
    for found in FENCE.finditer(GUIDE)
    if found[1] == "toml"
    for source in tomllib.loads(found[2])["sources"].values()
}
"""What the guide's settings say of a format."""

SHOWN = [(found[1], found[2]) for found in FENCE.finditer(GUIDE) if found[1] in FORMATS]


@pytest.mark.parametrize("name", FORMATS)
def test_reference_lists_the_format_and_says_what_its_module_says(name):
    assert f"| `{name}` |" in REFERENCE
    assert f"## {name}\n" in PAGES["log-formats.md"]()


def test_nearly_all_sample_files_need_no_hint():
    found = re.search(r"\*\*([0-9]+) of ([0-9]+) files \(([0-9.]+)%\)", REFERENCE)
    assert found
    own, total, share = float(found[1]), float(found[2]), float(found[3])
    assert round(own / total * 100, 1) == share
    assert share >= MIN_PERCENT


@pytest.mark.skipif(not LONG, reason="identifies five hundred files")
def test_share_of_files_without_a_hint_is_as_the_page_says():
    taken = confusion()
    if taken.total:
        assert f"**{taken.own} of {taken.total} files" in REFERENCE


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [(*shown, said) for shown, (_, said) in zip(SHOWN, MAIN_FIELDS, strict=True)],
    ids=[name for name, _ in SHOWN],
)
def test_line_of_the_guide_is_read_as_its_format(name, text, said):
    batch = records(text.encode(), FORMATS[name].framing)
    reading = Reading("America/Chicago", ANCHOR)
    parsed = FORMATS[name].parse(batch, Context(reading, OPTIONS.get(name, {})))
    assert not parsed.rejects.height, parsed.rejects["reason"].to_list()
    (frame,) = (frame for cls, frame in parsed.events.items() if cls != "system_events")
    row = frame.row(0, named=True)
    assert {key: row[key] for key in said} == said
    begun = row.get("start_time") or row["time"]
    assert begun.isoformat(timespec="minutes") in BEGUN
    if name not in OPTIONS:  # else nothing but the settings can show
        assert best(text.encode()) == name


def test_every_shown_line_has_its_main_fields():
    assert [name for name, _ in SHOWN] == [name for name, _ in MAIN_FIELDS]


def test_the_guide_shows_some():
    assert len(SHOWN) >= 12
