"""A headed file is found by its header, at any length and in any piece."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.formats import Context
from pipelines.ingest.identification import SAMPLE_BYTES, best, identify
from tests.conftest import LONG
from tests.faults.home import Home, lines

LEASES = "event_time_utc,action,ip,mac,hostname,lease_end_utc"
ZEEK = "ts\tuid\tnote\tproto\tconn_state\tid.orig_h"
HEADED = {
    "lease_csv": (
        LEASES,
        "2026-11-02T14:15:{:02}Z,RENEW,192.0.2.{},00:00:5e:00:53:01,lab-7,",
    ),
    "lease_csv of few columns": (
        "ip,action,event_time_utc",
        "192.0.2.{1},RENEW,2026-11-02T14:15:{0:02}Z",
    ),
    "cisco_umbrella": (
        (
            '"Timestamp","Policy Identity","Identities","Internal IP","External IP",'
            '"Action","Query Type","Response Code","Domain","Categories"'
        ),
        (
            "2026-11-02 14:15:{:02},ada,ada,192.0.2.{},203.0.113.1,Allowed,1 (A),"
            "NOERROR,example.org.,Games"
        ),
    ),
    "declared_csv": (
        "time,user_name,src_ip,activity",
        "2026-11-02T14:15:{:02}Z,ada,192.0.2.{},logon",
    ),
    "w3c_elff": (
        "#Software: SGOS\n#Fields: x-timestamp-unix c-ip cs-host cs-username",
        "17623137{:02} 192.0.2.{} example.org ada",
    ),
    "zeek_conn": (
        f"#separator \\x09\n#path\tconn\n#fields\t{ZEEK}",
        "17623137{:02}.5\tC1\t-\ttcp\tSF\t192.0.2.{}",
    ),
    "kea_leases": (
        (
            "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,"
            "hostname,state"
        ),
        "192.0.2.{1},00:00:5e:00:53:{0:02},,3600,1762313700,1,0,0,lab-7,0",
    ),
}


def table(name, length):
    header, row = HEADED[name]
    rows = (row.format(n % 60, n % 250 + 1) for n in range(length))
    return "\n".join([header, *rows, ""]).encode()


@pytest.mark.parametrize("name", HEADED)
@settings(max_examples=100 if LONG else 8)
@given(length=st.one_of(st.integers(0, 20), st.integers(0, 20_000)))
def test_a_headed_file_of_any_length_is_known(name, length):
    claims = identify(table(name, length)[:SAMPLE_BYTES])
    assert (claims[0].format, claims[0].share) == (name.split()[0], 1.0)


def test_a_header_that_stands_alone_is_known():
    for name in HEADED:
        assert best(table(name, 0)) == name.split()[0]
    assert best(b"ID,Date,Time,Description,IP Address,Host Name\r\n") == "windows_dhcp"


def test_a_header_claims_no_lines_that_its_format_can_not_read():
    assert best(f"{LEASES}\n".encode() + lines(0, 500)) == "squid_access"
    prose = b"nobody can read this, or that\n" * 500
    assert best(f"{LEASES}\n".encode() + prose) is None
    # a declared export is read by its options, which no one gave
    assert best(b"time,src_ip,url_hostname\n" + b"1762313700,192.0.2.1,x.example\n") is None


def test_a_header_claims_what_the_options_of_its_source_read():
    export = b"time,src_ip,query_name\n" + b"1762313700,192.0.2.1,x.example\n" * 500
    options = {"event_class": "dns_queries"}
    assert best(export, context=Context(options=options)) == "declared_csv"
    assert best(export, context=Context(options={"fields": "date time c-ip"})) is None


def test_pieces_of_a_headed_file_are_read_with_its_header(tmp_path):
    home = Home(tmp_path, fmt=None)
    whole = table("lease_csv", 7_000)
    half = whole.rfind(b"\n", 0, len(whole) // 2) + 1
    home.put("leases.csv", whole[:half])
    home.run(settle=600)
    home.put("leases.csv", whole)
    home.run(settle=600)
    home.put("leases.csv", b"")
    home.gz("leases.csv.1.gz", whole)
    home.run()
    home.check_books()
    assert (home.total("events"), home.total("rejects")) == (7_000, 0)
