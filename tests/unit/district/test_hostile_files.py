"""No file of the registry ends a run by an exception that no one names."""

import contextlib
import csv
import io
import time
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.registry.csv_files import read_file
from pipelines.registry.frames import FILES
from pipelines.registry.ical import read_calendar
from pipelines.registry.policy import read_policy
from pipelines.registry.registry import load_registry
from pipelines.settings.home import DistrictHome
from pipelines.settings.problems import InvalidSettingsError
from pipelines.settings.toml_reader import parse_rules, parse_settings
from tests.unit.district.conftest import SETTINGS
from tests.unit.district.test_kept import NOW, Nightly, refused

NO_SCHOOL = "\nSUMMARY:No school, early out"
GOOD = "DTSTART;VALUE=DATE:20261126" + NO_SCHOOL
ODD_EVENTS = {
    "no end of the world":
        "DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:99991231",
    "the last day":
        "DTSTART;VALUE=DATE:99991231",
    "the first day":
        "DTSTART;VALUE=DATE:00010101",
    "2099":
        "DTSTART;VALUE=DATE:20990101",
    "a duration without end":
        "DTSTART;VALUE=DATE:20261225\nDURATION:P9999999999D",
    "a negative one":
        "DTSTART;VALUE=DATE:20261225\nDURATION:-P3D",
    "each second":
        "DTSTART:20261225T080000\nRRULE:FREQ=SECONDLY",
    "a day and a time":
        "DTSTART;VALUE=DATE:20261225\nDTEND:20261226T080000",
    "two starts":
        "DTSTART;VALUE=DATE:20261225\nDTSTART;VALUE=DATE:20261226",
    "before its start":
        "DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20251225",
    "until the end":
        "DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=DAILY;UNTIL=99991231;X=1",
    "count":
        "DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=DAILY;COUNT=999999999",
}  # fmt: skip


def ics(*events):
    body = "".join(f"BEGIN:VEVENT\n{event}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{body}END:VCALENDAR\n".encode()


@pytest.mark.parametrize("name", ODD_EVENTS)
def test_an_odd_event_is_set_aside_with_a_hint_and_costs_no_other(name):
    began = time.monotonic()
    rows = read_calendar(ics(ODD_EVENTS[name] + NO_SCHOOL, GOOD), "x.ics", {}, "America/Chicago")
    assert time.monotonic() - began < 10
    assert date(2026, 11, 26) in rows.frame["date"].to_list()
    is_endless = name == "count"
    assert bool(rows.problems) != is_endless, rows.problems
    assert rows.frame.height < 2_000
    assert all("Traceback" not in str(one) for one in rows.problems)


def test_a_calendar_of_the_year_9999_stops_no_run(tmp_path):
    nightly = Nightly(tmp_path)
    registry = nightly.run(h_ics=ics(ODD_EVENTS["no end of the world"] + NO_SCHOOL, GOOD))
    assert registry.frames["calendar_days"].height
    assert any("h.ics" in str(one) and "set aside" in str(one) for one in registry.problems)


def test_a_feed_of_many_years_keeps_its_newest():
    events = [f"DTSTART;VALUE=DATE:{year}1126\nSUMMARY:No school" for year in range(2010, 2027)]
    rows = read_calendar(ics(*events), "x.ics", {}, "America/Chicago")
    assert date(2026, 11, 26) in rows.frame["date"].to_list()


FIRST = "DTSTART;VALUE=DATE:20260907\n"
MANY_DAYS = ",".join(["20260907"] * 300_000)
UNBOUNDED = {
    "INTERVAL=0": [f"{FIRST}RRULE:FREQ=DAILY;INTERVAL=0"],
    "INTERVAL of a thousand years": [f"{FIRST}RRULE:FREQ=YEARLY;INTERVAL=1000"],
    "3,000 endless daily events": [f"{FIRST}RRULE:FREQ=DAILY"] * 3_000,
    "1,900 endless daily events": [f"{FIRST}RRULE:FREQ=DAILY"] * 1_900,
    "a day that no month has": [f"{FIRST}RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"],
    "RDATE of 300,000 days": [f"{FIRST}RDATE;VALUE=DATE:{MANY_DAYS}"],
    "300,000 lines of RDATE": [FIRST + "RDATE;VALUE=DATE:20260907\n" * 300_000],
    "a rule of a page": [f"{FIRST}RRULE:FREQ=DAILY;BYMONTHDAY={','.join(['1'] * 2_000)}"],
}


@pytest.mark.parametrize("shape", UNBOUNDED)
def test_a_calendar_without_bounds_is_set_aside_by_name_within_seconds(shape):
    data = ics(*(f"UID:{at}\n{event}{NO_SCHOOL}" for at, event in enumerate(UNBOUNDED[shape])))
    began = time.thread_time()
    rows = read_calendar(data, "h.ics", {}, "America/Chicago")
    assert time.thread_time() - began < 10
    assert rows.frame.is_empty()
    assert all(one.file == "h.ics" and "set aside" in one.what for one in rows.problems)
    assert rows.problems
    assert rows.problems[0].allowed


def test_a_calendar_that_takes_too_long_is_set_aside(monkeypatch):
    monkeypatch.setattr("pipelines.registry.ical.MAX_SECONDS", -1)
    rows = read_calendar(ics(GOOD), "slow.ics", {}, "America/Chicago")
    assert rows.frame.is_empty()
    assert "seconds" in rows.problems[0].what


def test_a_run_goes_on_without_the_calendar_that_has_no_bounds(tmp_path):
    nightly = Nightly(tmp_path)
    endless = [f"UID:{at}\n{FIRST}RRULE:FREQ=DAILY{NO_SCHOOL}" for at in range(3_000)]
    registry = nightly.run(h_ics=ics(*endless), good_ics=ics(GOOD))
    assert registry.frames["calendar_days"].height
    assert [one.what for one in registry.problems if one.file == "h.ics"] == [
        "is set aside: it has 3,000 events"
    ]


WORDS = st.one_of(
    st.sampled_from(
        [
            "",
            " ",
            "\x00",
            "9999-12-31",
            "0000-00-00",
            "2026-02-30",
            "-1",
            "1e309",
            "NaN",
            "99999999999999999999",
            "24:00",
            "99:99",
            "10.0.0.0/33",
            "::/0",
            "::ffff:1.2.3.4",
            "fe80::1%eth0",
            "02:00:00:00:00:17",
            "=cmd|x",
            "\u202e",
            "\ufeff",
            "a|b||",
            "true",
            "2026-11-12 05:40",
            "person",
            "HS",
            "*",
            "p-1",
            "//",
            "http://[",
            "xn--",
            ".",
            "a" * 70_000,
            "\U0001f600",
        ]
    ),
    st.text(max_size=12),
)


@st.composite
def sheets(draw):
    name = draw(st.sampled_from(sorted(FILES)))
    known = list(FILES[name].columns)
    header = draw(st.permutations(known)) if draw(st.booleans()) else known
    if draw(st.booleans()):
        header = [*header[: draw(st.integers(0, len(header)))], draw(WORDS)]
    rows = draw(st.lists(st.lists(WORDS, max_size=len(header) + 2), max_size=8))
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    data = out.getvalue().encode("utf-8", "surrogatepass")
    cut = draw(st.integers(0, len(data)))
    return name, data[:cut] if draw(st.booleans()) else data


PARSED = parse_settings(SETTINGS.encode())


@given(st.lists(sheets(), max_size=4))
def test_any_csv_is_read_or_told(tmp_path_factory, sheets):
    home = DistrictHome(tmp_path_factory.mktemp("csv"))
    home.registry.mkdir()
    for name, data in sheets:
        (home.registry / name).write_bytes(data)
    registry = load_registry(home, PARSED)
    assert all(str(one) for one in registry.problems)


LINES = st.one_of(
    st.sampled_from(
        [
            "BEGIN:VEVENT",
            "END:VEVENT",
            "BEGIN:VTIMEZONE",
            "END:VTIMEZONE",
            "BEGIN:DAYLIGHT",
            "END:DAYLIGHT",
            "TZID:X",
            "TZOFFSETFROM:-0600",
            "TZOFFSETTO:+9999",
            "DTSTART;TZID=X:20261126T080000",
            "DTSTART;VALUE=DATE:20261126",
            "DTSTART:00010101T000000Z",
            "DTEND;VALUE=DATE:99991231",
            "DTEND:20261126T080000Z",
            "DURATION:P1D",
            "DURATION:P99999999D",
            "RRULE:FREQ=YEARLY",
            "RRULE:FREQ=DAILY;INTERVAL=0",
            "RRULE:FREQ=WEEKLY;BYDAY=9XX",
            "RRULE:",
            "RDATE:20261127T080000Z",
            "EXDATE:x",
            "RDATE;VALUE=PERIOD:20261127T080000Z/P999999D",
            "RECURRENCE-ID:20261126T080000",
            "UID:1",
            "SEQUENCE:x",
            "SEQUENCE:1",
            "STATUS:CANCELLED",
            "SUMMARY:No school",
            "SUMMARY:early out",
            " folded",
            "X",
            ":",
            ";=:",
        ]
    ),
    st.text(max_size=20),
)


@given(st.lists(LINES, max_size=40))
@example(["BEGIN:VEVENT", "DTSTART:00010101T000000Z", "SUMMARY:early out", "END:VEVENT"])
def test_any_calendar_is_read_or_told(lines):
    text = "\r\n".join(["BEGIN:VCALENDAR", *lines, "END:VCALENDAR"])
    data = text.encode("utf-8", "surrogatepass")
    rows = read_calendar(data, "x.ics", {}, "America/Chicago")
    assert rows.frame["date"].null_count() == 0
    assert all(str(one) for one in rows.problems)


VALUES = st.recursive(
    st.one_of(st.text(max_size=8), st.integers(), st.booleans(), st.floats()),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)


def toml(value):
    import json

    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(value).replace("e+", "e")
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "[[clauses]]",
                    "[detections]",
                    "[clauses]",
                    "[[detections]]",
                    "[x]",
                    "",
                    "[detections.SA-1]",
                ]
            ),
            st.dictionaries(
                st.sampled_from(
                    [
                        "clause_id",
                        "title",
                        "binds",
                        "strength",
                        "paraphrase",
                        "SA-1",
                        "clauses",
                        "detections",
                        "stage",
                        "enabled",
                    ]
                ),
                VALUES,
                max_size=6,
            ),
        ),
        max_size=4,
    )
)
def test_any_toml_is_read_or_told(tables):
    text = "\n".join(
        "\n".join([head, *(f"{key} = {toml(value)}" for key, value in values.items())])
        for head, values in tables
    )
    data = text.encode("utf-8", "surrogatepass")
    assert all(str(one) for one in read_policy(data).problems)
    for read in (parse_settings, lambda one: parse_rules(one, "rules.toml")):
        with contextlib.suppress(InvalidSettingsError):
            read(data)


def test_a_deep_nest_in_a_policy_is_told():
    assert read_policy(b"x = " + b"[" * 20_000 + b"]" * 20_000).problems


def test_an_unknown_section_of_the_policy_is_told():
    (one,) = read_policy(b"[[clause]]\nclause_id = 'x'\n").problems
    assert "unknown section" in str(one)


DEVICES = "asset_tag,mac,device_class,assigned_to\n"


def devices(header, count, macs=True):
    rows = (
        f"A-{n},{f'02:00:00:00:00:{n:02x}' if macs else ''},laptop,p-{n}\n" for n in range(count)
    )
    return header + "".join(rows)


@pytest.mark.parametrize(
    ("text", "column"),
    [
        (devices('asset_tag,"mac,device_class",assigned_to\n', 40), "mac"),
        (devices("asset_tag,hardware,device_class,assigned_to\n", 40), "mac"),
        (devices(DEVICES, 40, macs=False), "mac"),
        (devices("asset_tag,mac,device_class,owner\n", 40), "assigned_to"),
    ],
)
def test_a_file_whose_column_shrank_is_held(tmp_path, text, column):
    nightly = Nightly(tmp_path)
    before = nightly.run(devices_csv=devices(DEVICES, 40))
    after = nightly.run(devices_csv=text)
    assert "devices.csv" in refused(after)
    (one,) = after.refused
    assert one.column in ("mac", column, "device_class")
    assert "it had 40 on 2026-11-02" in one.what
    assert after.frames["devices"].equals(before.frames["devices"])


def test_a_column_that_lost_a_few_values_is_taken(tmp_path):
    nightly = Nightly(tmp_path)
    nightly.run(devices_csv=devices(DEVICES, 40))
    cleared = devices(DEVICES, 40).replace("02:00:00:00:00:03", "")
    assert refused(nightly.run(devices_csv=cleared)) == {}


def test_a_column_emptied_on_purpose_is_accepted(tmp_path):
    from pipelines.registry.kept_copies import accept

    nightly = Nightly(tmp_path)
    nightly.run(devices_csv=devices(DEVICES, 40))
    text = devices(DEVICES, 40, macs=False)
    registry = nightly.run(devices_csv=text)
    assert refused(registry) == {"devices.csv": 40}
    accept(nightly.home, "devices.csv", registry.fresh["devices.csv"], NOW)
    assert refused(nightly.run(devices_csv=text)) == {}


def test_what_no_table_foresees_names_its_file(tmp_path, monkeypatch):
    from pipelines.errors import SettingsError
    from pipelines.registry import registry as loaded

    nightly = Nightly(tmp_path)

    def broken(_self, name):
        raise OverflowError("date value out of range")

    monkeypatch.setattr(loaded.Inputs, "made", broken)
    with pytest.raises(SettingsError, match=r"registry/.*OverflowError"):
        nightly.read()


def test_a_file_is_read_whatever_it_holds():
    for data in (b"\x00" * 5_000, b"\xff\xfe", b"\xff" * 100, b'"' * 1_001, b"\r" * 99):
        for file in FILES.values():
            read_file(data, file, {})
