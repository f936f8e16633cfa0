"""Sigma rules, parsed by pySigma, against rows of real tables: which lines fit."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines.errors import SettingsError
from pipelines.events import EVENT_CLASSES, LAKE_COLUMNS, PLACE
from pipelines.findings import sigma
from pipelines.warehouse.database import writing

DAY = date(2026, 3, 2)
DAYS = (DAY, DAY)
NOON = datetime(2026, 3, 2, 18, tzinfo=UTC)
HEAD = """
title: A rule of our own
status: test
level: medium
logsource:
    category: {category}
detection:
    condition: {condition}
"""


def rule(detection, category="proxy", condition="selection"):
    indented = "\n".join(f"    {line}" for line in detection.strip("\n").split("\n"))
    return HEAD.format(category=category, condition=condition) + indented + "\n"


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "sigma"
    made.mkdir()
    return made


@pytest.fixture
def asked(folder, monkeypatch):
    def nobody(*_, **__):
        raise AssertionError("a rule asked the network")

    monkeypatch.setattr("socket.socket.connect", nobody)

    def read(*texts):
        for number, text in enumerate(texts):
            (folder / f"{number}.yml").write_text(text, encoding="utf-8")
        found, refused = sigma.read_rules(folder)
        return found, [one.reason for one in refused]

    return read


@pytest.fixture
def database():
    with writing(Path(":memory:"), threads=1) as opened:
        for name in sigma.CLASSES:
            schema = EVENT_CLASSES[name].schema
            columns = {"event_id": pl.Int64, **PLACE, **schema, **LAKE_COLUMNS}
            opened.replace(f"raw.{name}", pl.DataFrame(schema=columns))
        yield opened


def given(database, event_class, *rows):
    """Rows with an id from 1 on, a minute apart, of one day."""
    for number, row in enumerate(rows, start=1):
        whole = {
            "event_id": number,
            "source": "log",
            "format": "windows_security_json",
            "time": NOON + timedelta(minutes=number - 1),
            "event_date": DAY,
        } | row
        names = ", ".join(whole)
        places = ", ".join(f"${name}" for name in whole)
        database.rows(f"insert into raw.{event_class} ({names}) values ({places})", whole)


def fits(database, one, days=DAYS):
    bounds = {"first": days[0], "last": days[1]}
    values = {
        name: sigma._addresses(database, value, bounds)
        if isinstance(value, sigma.InNetwork)
        else value
        for name, value in one.values.items()
    }
    query = f"select event_id from ({one.query}) order by event_id"
    return [row[0] for row in database.rows(query, {**values, **bounds})]


URLS = (
    "http://a.example/setup.EXE",
    "http://a.example/Setup.exe?x=1",
    "http://a.example/50%_off",
    "http://a.example/50xxoff",
    "C:\\Temp\\x",
    None,
)


@pytest.mark.parametrize(
    ("detection", "expected"),
    [
        ("selection:\n  c-uri|endswith: .exe", [1]),
        ("selection:\n  c-uri|contains: SETUP", [1, 2]),
        ("selection:\n  c-uri|contains|cased: Setup", [2]),
        ("selection:\n  c-uri|contains: '50%_o'", [3]),
        ("selection:\n  c-uri|contains: '50??off'", [3, 4]),
        ("selection:\n  c-uri: 'C:\\Temp\\\\*'", [5]),
        ("selection:\n  c-uri: null", [6]),
        ("selection:\n  c-uri|re: 'setup\\.exe$'", []),
        ("selection:\n  c-uri|re|i: 'setup\\.exe$'", [1]),
        ("selection:\n  c-uri|re: '^http://a\\.example/50'", [3, 4]),
        ("selection:\n  c-uri|exists: false", [6]),
        ("selection:\n  c-uri|startswith:\n    - 'C:'\n    - http://a.example/s",
         [1, 2, 5]),
        ("selection:\n  c-uri|contains|all:\n    - setup\n    - x=", [2]),
    ],
)  # fmt: skip
def test_text(asked, database, detection, expected):
    given(database, "http_requests", *({"url": url} for url in URLS))
    (one,), refused = asked(rule(detection))
    assert refused == []
    assert fits(database, one) == expected


def test_what_is_not_told_is_not_what_is_asked_for(asked, database):
    """Without a value a condition is false, and its contrary true."""
    given(database, "http_requests", *({"url": url} for url in URLS))
    text = rule("selection:\n  c-uri|contains: a.example", condition="not selection")
    (one,), _ = asked(text)
    assert fits(database, one) == [5, 6]


@pytest.mark.parametrize(
    "value",
    [
        "x'; drop table raw.http_requests; --",
        "x' or '1'='1",
        'x" or 1=1 --',
        "$v0",
        "$first",
        "{query}",
        "%",
        "_",
        "a\\'b",
        "\\",
        "\u202e\u0000x"[:1] + "x",
        "Ünï",
    ],
)
def test_hostile_values_are_parameters(asked, database, value):
    given(database, "http_requests", {"url": value}, {"url": f"{value}{value}z"})
    text = rule(f"selection:\n  c-uri|contains: {quoted(value)}\n  cs-method: GET")
    plain = rule(f"selection:\n  c-uri: {quoted(value)}")
    found, refused = asked(plain, text)
    assert refused == []
    assert fits(database, found[0]) == [1]
    assert all(value not in one.query for one in found if len(value) > 6)
    assert fits(database, found[1]) == []
    assert database.rows("select count(*) from raw.http_requests") == [(2,)]


def quoted(value):
    """As YAML writes it, a backslash as Sigma writes one."""
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def test_a_network_is_compared_as_addresses(asked, database):
    found = ("10.1.2.3", "10.10.2.3", "110.1.0.1", "2001:db8::7", "2001:db9::1",
             "no address", None)  # fmt: skip
    given(database, "connections", *({"src_ip": one} for one in found))
    (one, other), refused = asked(
        rule("selection:\n  src_ip|cidr: 10.0.0.0/12", "firewall"),
        rule("selection:\n  src_ip|cidr: 2001:db8::/32", "firewall"),
    )
    assert refused == []
    assert fits(database, one) == [1, 2]
    assert fits(database, other) == [4]
    nothing = asked(rule("selection:\n  src_ip|cidr: 192.0.2.0/24", "firewall"))[0]
    assert fits(database, nothing[0]) == []


def test_numbers(asked, database):
    rows = (
        {"dst_port": port, "bytes_out": size}
        for port, size in ((22, 10), (443, 2_000_000), (None, None))
    )
    given(database, "connections", *rows)
    (port, large), _ = asked(
        rule("selection:\n  dst_port: 22", "firewall"),
        rule("selection:\n  bytes_out|gte: 2000000", "firewall"),
    )
    assert fits(database, port) == [1]
    assert fits(database, large) == [2]


REFUSED = """
title: Refused
name: refused
logsource: {product: windows, service: security}
detection:
    selection:
        EventID: 4625
    condition: selection
---
"""
LET_IN = """
title: Let in
name: let_in
logsource: {product: windows, service: security}
detection:
    selection:
        EventID: 4624
    condition: selection
---
"""
COUNTS = """
title: Many refusals
correlation:
    type: {kind}
    rules:
        - refused
        {more}
    group-by:
        - IpAddress
    timespan: 5m
    {condition}
"""


def logons(database, *rows):
    """Code, address, name and minute of each."""
    given(
        database,
        "logons",
        *(
            {
                "event_code": code,
                "src_ip": ip,
                "user_name": name,
                "time": NOON + timedelta(minutes=minute),
            }
            for code, ip, name, minute in rows
        ),
    )


OUTSIDE = """
title: Failed logon from outside
logsource: {product: windows, service: security}
detection:
    selection:
        EventID: 4625
    filter_unknown:
        IpAddress|contains: '-'
    filter_local:
        IpAddress|cidr:
            - '10.0.0.0/8'
    condition: selection and not 1 of filter_*
"""


def test_a_logon_without_an_address_is_not_from_outside(asked, database):
    (one,), refused = asked(OUTSIDE)
    assert refused == []
    logons(
        database,
        ("4625", None, "x", 0),
        ("4625", "10.1.2.3", "x", 1),
        ("4625", "203.0.113.9", "x", 2),
    )
    assert fits(database, one) == [3]


def test_so_many_within_minutes(asked, database):
    (one,), refused = asked(
        REFUSED + COUNTS.format(kind="event_count", more="", condition="condition: {gte: 3}")
    )
    assert refused == []
    assert one.title == "Many refusals"
    logons(
        database,
        ("4625", "a", "x", 0),
        ("4625", "a", "x", 2),
        ("4625", "a", "x", 5),
        ("4625", "b", "x", 0),
        ("4625", "b", "x", 2),
        ("4625", "b", "x", 5.1),
        ("4625", None, "x", 0),
        ("4625", None, "x", 1),
        ("4625", None, "x", 2),
        ("4624", "c", "x", 0),
        ("4624", "c", "x", 1),
        ("4624", "c", "x", 2),
    )
    assert fits(database, one) == [1]


def test_so_many_values_within_minutes(asked, database):
    said = "condition: {gte: 3, field: TargetUserName}"
    (one,), refused = asked(REFUSED + COUNTS.format(kind="value_count", more="", condition=said))
    assert refused == []
    logons(
        database,
        ("4625", "a", "x", 0),
        ("4625", "a", "y", 1),
        ("4625", "a", "z", 2),
        ("4625", "b", "x", 0),
        ("4625", "b", "y", 1),
        ("4625", "b", "x", 2),
    )
    assert fits(database, one) == [1]


def test_one_and_the_other_within_minutes(asked, database):
    (one,), refused = asked(
        REFUSED + LET_IN + COUNTS.format(kind="temporal", more="- let_in", condition="")
    )
    assert refused == []
    logons(
        database,
        ("4625", "a", "x", 0),
        ("4624", "a", "x", 5),
        ("4625", "b", "x", 0),
        ("4624", "b", "x", 5.1),
        ("4625", "c", "x", 0),
        ("4625", "c", "x", 1),
    )
    assert fits(database, one) == [1]


def test_only_the_days_that_are_asked_for(asked, database):
    given(
        database, "http_requests", {"url": "x"}, {"url": "x", "event_date": DAY + timedelta(days=1)}
    )
    (one,), _ = asked(rule("selection:\n  c-uri: x"))
    assert fits(database, one) == [1]
    assert fits(database, one, (DAY, DAY + timedelta(days=1))) == [1, 2]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (rule("selection:\n  Image: x"), "no column holds the field 'Image'"),
        (rule("selection:\n  c-uri: x", "process_creation"), "no log here"),
        (rule("selection:\n  - x"), "names no field"),
        (rule("selection:\n  c-uri|re: '(?=x)'"), "is invalid"),
        (rule("selection:\n  c-uri|fieldref: cs-host"), "SigmaFieldReference"),
        (rule("selection:\n  src_ip|cidr: 10.0.0.1/8", "firewall"), "CIDR"),
        (rule("selection:\n  c-uri: x").replace("test", "deprecated"), "deprecated"),
        (rule("selection:\n  c-uri: x", condition="other"), "other"),
        ("title: [", "expected"),
        ("- 1", ""),
        (REFUSED + COUNTS.format(kind="event_count", more="",
                                  condition="condition: {lt: 3}"), "never \"fewer"),
        (REFUSED + LET_IN + COUNTS.format(kind="temporal_ordered", more="- let_in",
                                  condition=""), "temporal_ordered"),
        (REFUSED + COUNTS.format(kind="event_count", more="- absent",
                                  condition="condition: {gte: 3}"), "absent"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_says_why(asked, text, part):
    found, refused = asked(text)
    assert found == []
    assert part in refused[0]


def test_clauses_are_those_of_security(asked):
    def tagged(tag):
        return rule("selection:\n  c-uri: x").replace(
            "level: medium", f"level: medium\ntags: [{tag}]"
        )

    found, _ = asked(
        tagged("attack.credential-access"),
        tagged("attack.command-and-control"),
        rule("selection:\n  c-uri: x"),
    )
    assert [one.clause for one in found] == ["cl.13a", "cl.5", "cl.5"]


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(SettingsError, match="Sigma rules does not exist"):
        sigma.read_rules(tmp_path / "nowhere")
