"""What `identify` says of a file that no format knows, and of talk."""

import re
import tomllib

import polars as pl
import pytest

from pipelines.clock import Reading
from pipelines.formats import Context, formats
from pipelines.ingest.format_proposals import proposed
from pipelines.ingest.line_account import CARD, NOBODY, PERSON, unused
from pipelines.ingest.record_cuts import records
from tests.conftest import REPO_ROOT
from tests.journey.commands import schoolbell

FORMATS = formats()
EXPORTS = {
    "filter": (
        (
            "Date,Time,User Email,IP Address,URL,Action,Category,Policy\n"
            "11/02/2026,08:15:00 AM,ada@example.org,192.0.2.17,https://games.example/,"
            "Blocked,Games,Students\n"
        ),
        "http_requests",
        {"user_name": "ada@example.org", "disposition": "blocked"},
    ),
    "codes": (
        (
            "Time,Username,Source IP,Group,Code,URL,Category\n"
            "2026-11-02 08:15:00,ada,192.0.2.17,Staff,403,https://games.example/,Games\n"
        ),
        "http_requests",
        {"status_code": 403, "disposition": None},
    ),
    "semicolons": (
        (
            "Student;Website;Device Name;Timestamp\n"
            "ada@example.org;games.example/play;EX5C0017;2026-11-02 08:15:00\n"
        ),
        "http_requests",
        {"user_name": "ada@example.org", "url_hostname": "games.example"},
    ),
    "sign-ins": (
        (
            "Report of last week\n\n"
            "Event time,Actor,IP address,Status\n"
            '"Nov 2, 2026 08:15:00 AM",ada@example.org,203.0.113.7,Success\n'
        ),
        "logons",
        {"user_name": "ada@example.org", "src_ip": "203.0.113.7", "is_success": True},
    ),
    "queries": (
        (
            "timestamp,query,clientIp,action\n"
            "2026-11-02T14:15:00Z,games.example,192.0.2.17,blocked\n"
        ),
        "dns_queries",
        {"query_name": "games.example", "src_ip": "192.0.2.17"},
    ),
    "json": (
        (
            '{"when":"2026-11-02T14:15:00Z","user":{"email":"ada@example.org"},'
            '"device":{"serialNumber":"EX5C0017"},"ip":"192.0.2.7"}\n'
        ),
        "logons",
        {"user_name": "ada@example.org", "host": "ex5c0017"},
    ),
    "full names and an action of the policy": (
        (
            "Date,Time,User,User Email,Device Name,URL,Policy Action,Download Bytes\n"
            "11/02/2026,08:15:00 AM,Ada Park,ada@example.org,EX5C0017,https://games.example/,"
            "Blocked,5120\n"
        ),
        "http_requests",
        {
            "user_name": "ada@example.org",
            "src_hostname": "ex5c0017",
            "disposition": "blocked",
            "bytes_in": 5120,
        },
    ),
    "objects behind a header": (
        (
            '<134>Nov  2 08:15:00 gate agent: {"ts":"2026-11-02T14:15:00Z","username":"ada",'
            '"sourceIp":"192.0.2.17","domain":"games.example","categories":["Games"],'
            '"action":"Blocked"}\n'
        ),
        "http_requests",
        {"user_name": "ada", "category": "Games", "disposition": "blocked"},
    ),
    "pairs behind a header": (
        (
            "<134>1 2026-11-02T08:15:00-06:00 gate agent - - - user=ada src=192.0.2.17 "
            'url="https://games.example/a b" act=pass rcvdbyte=5120\n'
        ),
        "http_requests",
        {"user_name": "ada", "url_hostname": "games.example", "bytes_in": 5120},
    ),
    "json array": (
        (
            '{"items":[{"createdAt":"2026-11-02T14:15:00Z","upn":"ada","url":'
            '"https://games.example/a"}]}'
        ),
        "http_requests",
        {"user_name": "ada", "url_hostname": "games.example"},
    ),
}


@pytest.mark.parametrize("export", EXPORTS)
def test_what_is_proposed_reads_the_export(export):
    text, event_class, said = EXPORTS[export]
    source = tomllib.loads("\n".join(proposed(text.encode(), "x")))["sources"]["x"]
    fmt = FORMATS[source["format"]]
    context = Context(Reading("America/Chicago"), source["options"])
    parsed = fmt.parse(records(text.encode(), fmt.framing), context)
    (event,) = parsed.events[event_class].to_dicts()
    assert {key: event[key] for key in said} == said
    assert event["time"].isoformat() == "2026-11-02T14:15:00+00:00"


def test_a_code_is_proposed_as_the_action_in_a_comment_alone():
    lines = proposed(EXPORTS["codes"][0].encode(), "x")
    (note,) = (line for line in lines if "403" in line)
    assert note == '# disposition = "Code"  if the filter denies with 403'
    text = "\n".join(lines).replace(note, note.removeprefix("# ").partition("  if")[0])
    options = tomllib.loads(text)["sources"]["x"]["options"]
    fmt = FORMATS["declared_csv"]
    data = EXPORTS["codes"][0].encode()
    parsed = fmt.parse(records(data, fmt.framing), Context(Reading("America/Chicago"), options))
    assert parsed.events["http_requests"]["disposition"].to_list() == ["blocked"]


@pytest.mark.parametrize(
    "text", ["", "words that no product writes\n", "a,b\n1,2\n", "{", "[1, 2]", "{}"]
)
def test_nothing_is_proposed_for_what_is_no_export(text):
    assert proposed(text.encode(), "x") == []


def test_talk_that_names_an_account_or_a_card_is_counted_by_its_kind():
    talk = pl.DataFrame(
        {
            "kind": ["new", "new", "new", "old", "old"],
            "message": [
                '{"DEVICE_USER":"ada@example.org"}',
                "user=N/A from 00:00:5e:00:53:01",
                "nothing here",
                "user 'bo' came",
                "a fingerprint 00:00:5e:00:53:01:22:33",
            ],
        }
    )
    found = [(one.kind, one.lines, one.accounts, one.cards) for one in unused(talk)]
    assert found == [("new", 3, 1, 1), ("old", 2, 1, 0)]


def test_identify_says_what_to_paste_and_what_is_empty(tmp_path):
    export = tmp_path / "export.csv"
    export.write_text(EXPORTS["filter"][0], encoding="utf-8")
    (tmp_path / "empty.log").write_bytes(b"")
    told = schoolbell("identify", export, tmp_path / "empty.log")
    assert told.code == 1
    assert 'time = "Date + Time"' in told.out
    assert "empty.log: it is empty" in told.out


@pytest.mark.parametrize("shape", [PERSON, NOBODY, CARD])
def test_the_report_counts_by_the_shapes_that_identify_counts_by(shape):
    model = (REPO_ROOT / "sql" / "marts" / "unused_lines.sql").read_text("utf-8")
    told = re.sub(r"'\s*\|\| '", "", model).replace("''", "'")
    assert f"'{shape}'".replace(r"\"", '"').replace(r"\'", "'") in told


OWN_SERVERS = {
    "apache": '192.0.2.17 - ada [02/Nov/2026:08:15:00 -0600] "GET /a HTTP/1.1" 200 5',
    "haproxy": (
        "Nov  2 08:15:00 lb1 haproxy[81]: 192.0.2.17:5011 [02/Nov/2026:08:15:00.1] w "
        'app/1 0/0/1/2/3 200 512 - - ---- 1/1/0/0/0 0/0 "GET /grades HTTP/1.1"'
    ),
}


@pytest.mark.parametrize("name", OWN_SERVERS)
def test_a_log_that_is_on_purpose_not_read_is_named(tmp_path, name):
    log = tmp_path / "access.log"
    log.write_text(f"{OWN_SERVERS[name]}\n" * 3)
    told = schoolbell("identify", log)
    assert told.code == 1
    assert "no rule reads it" in told.out
