"""A CSV export without a header line is read by the header in the settings."""

from pipelines.clock import Reading
from pipelines.formats import Context
from pipelines.formats.declared_csv import FORMAT
from pipelines.ingest.record_cuts import records

FEED = (
    b'"2026-11-02 14:15:00","ada@example.org","192.0.2.17","games.example.net/play"\n'
    b'"2026-11-02 14:15:01","grace@example.org","192.0.2.18"\n'
)
OPTIONS = {
    "event_class": "http_requests",
    "header": "Stamp,Login,Client,Address",
    "time": "Stamp",
    "user_name": "Login",
    "src_ip": "Client",
    "url": "Address",
}


def test_header_of_the_settings_names_the_columns():
    parsed = FORMAT.parse(records(FEED, "lines"), Context(Reading("UTC"), OPTIONS))
    (row,) = parsed.events["http_requests"].iter_rows(named=True)
    assert row["user_name"] == "ada@example.org"
    assert row["src_ip"] == "192.0.2.17"
    assert row["url_hostname"] == "games.example.net"
    assert row["time"].isoformat() == "2026-11-02T14:15:00+00:00"
    assert parsed.rejects["reason"].to_list() == ["3 columns, not as many as the header line"]
