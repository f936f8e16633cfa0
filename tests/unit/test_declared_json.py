"""The settings of a declared JSON export, for other classes than logons."""

import json

import pytest

from pipelines.errors import SettingsError
from pipelines.formats import Context, formats
from pipelines.ingest.record_cuts import records

FORMAT = formats()["declared_json"]


def parse(record: dict, **options: str):
    data = json.dumps(record).encode()
    return FORMAT.parse(records(data, "json_array"), Context(options=options))


def test_a_web_request_takes_its_host_from_the_url():
    record = {
        "time": 1772460005,
        "src": "10.20.4.17",
        "u": "http://a.example/?x=@b.example",
    }
    record |= {"did": "Denied", "n": "12", "verb": "get"}
    parsed = parse(
        record,
        event_class="http_requests",
        src_ip="src",
        url="u",
        disposition="did",
        bytes_in="n",
        method="verb",
    )
    (row,) = parsed.events["http_requests"].rows(named=True)
    assert row["url_hostname"] == "a.example"
    assert (row["disposition"], row["bytes_in"], row["method"]) == (
        "blocked",
        12,
        "GET",
    )
    assert row["start_time"] == row["time"]


def test_a_lease_needs_an_action_that_is_known():
    record = {
        "time": "2026-03-02T14:00:05Z",
        "ip": "10.20.4.17",
        "mac": "02-00-5E-00-53-01",
    }
    record |= {"lease_end_time": "2026-03-02T15:00:05Z", "kind": "ACK"}
    assert parse(record, event_class="leases", action="kind").rejects.height == 1
    (row,) = parse(record, event_class="leases", action="=assign").events["leases"].rows(named=True)
    assert row["mac"] == "02:00:5e:00:53:01"


@pytest.mark.parametrize("cls", ["connections", "dns_queries"])
def test_own_names_need_no_options(cls):
    record = {
        "time": "2026-03-02T14:00:05Z",
        "query_name": "WWW.Example.org.",
        "src_port": 53,
    }
    (row,) = parse(record, event_class=cls).events[cls].rows(named=True)
    assert row["src_port"] == 53


@pytest.mark.parametrize(
    "options", [{"event_class": "visits"}, {"user": "who"}, {"time_quality": "x"}]
)
def test_a_wrong_option_says_what_is_allowed(options):
    with pytest.raises(SettingsError, match=r"(Say|Name) "):
        parse({}, **options)
