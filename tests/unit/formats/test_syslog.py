"""What a syslog header states, in the shapes that devices and relays write."""

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.clock import Reading
from pipelines.formats.reading.syslog import (
    PLAIN,
    _any_header,
    with_header,
    written_by,
)

READING = Reading("America/Chicago", datetime(2026, 11, 25, tzinfo=UTC))


def header_of(line: str) -> dict[str, object]:
    batch = pl.LazyFrame({"line": [line]})
    row = with_header(batch, READING).select("^syslog_.*$").collect().to_dicts()[0]
    return {key.removeprefix("syslog_"): value for key, value in row.items()}


@pytest.mark.parametrize(
    ("line", "stamp", "quality", "host", "program", "body"),
    [
        (
            "<86>Nov  2 08:15:00 Gate sshd[812]: it: works",
            "2026-11-02 14:15", "year_inferred", "gate", "sshd", "it: works",
        ),
        (
            "Dec 31 23:59:00 filterlog: 5,,",
            "2027-01-01 05:59", "year_inferred", None, "filterlog", "5,,",
        ),
        (
            '69 <134>1 2026-11-02T08:15:00-06:00 gate app 8 - [m a="]\\""][n] 1,2',
            "2026-11-02 14:15", "exact", "gate", "app", "1,2",
        ),
        (
            "<14>1 2026-11-02T14:15:00Z PA-1 - - - - 1,2026/11/02 08:15:00",
            "2026-11-02 14:15", "exact", "pa-1", None, "1,2026/11/02 08:15:00",
        ),
        (
            "2026-11-02T08:15:00.000-06:00 gate dhcpd[8]: m",
            "2026-11-02 14:15", "exact", "gate", "dhcpd", "m",
        ),
        (
            "<166>Nov 02 2026 08:15:00 asa : %ASA-6-302013: Built",
            "2026-11-02 14:15", "zoned", "asa", "%ASA-6-302013", "Built",
        ),
        (
            "Nov 02 2026 14:15:00 UTC: %ASA-6-302013: Built",
            "2026-11-02 14:15", "exact", None, "%ASA-6-302013", "Built",
        ),
        (
            "Nov  2 09:00:00 relay <86>Nov  2 08:15:00 gate su[1]: m",
            "2026-11-02 14:15", "year_inferred", "gate", "su", "m",
        ),
        (
            "Nov  2 09:00:00 relay 1 2026-11-02T14:15:00Z gate su 1 - - m",
            "2026-11-02 14:15", "exact", "gate", "su", "m",
        ),
        (
            "Nov  2 08:15:00 2001:db8::1 su: m",
            "2026-11-02 14:15", "year_inferred", "2001:db8::1", "su", "m",
        ),
        (
            "Nov  2 08:15:00 gate CEF: 0|a|b",
            "2026-11-02 14:15", "year_inferred", "gate", None, "CEF: 0|a|b",
        ),
    ],
)  # fmt: skip
def test_header_parts(line, stamp, quality, host, program, body):
    said = header_of(line)
    assert said["time"] == datetime.fromisoformat(stamp).replace(tzinfo=UTC)
    assert said["time_quality"] == quality
    assert (said["host"], said["program"], said["body"]) == (host, program, body)


@pytest.mark.parametrize("line", ["", "{}", "CEF:0|a", "1522663657.294 4 192.0.2.1"])
def test_without_a_header_the_line_is_the_body(line):
    said = header_of(line)
    assert said.pop("body") == line
    assert set(said.values()) == {None}


def test_an_impossible_stamp_is_unknown():
    assert header_of("Nov 31 08:15:00 gate su: m")["time"] is None


def test_written_by_finds_the_program_in_both_headers():
    lines = [
        "Nov  2 08:15:00 gate dhcpd[8]: m",
        "<30>dhcpd: m",
        "<30>1 2026-11-02T14:15:00Z gate dhcpd 8 - - m",
        "Nov  2 08:15:00 gate isc-dhcpd-relay[8]: m",
        "Nov  2 08:15:00 gate su: dhcpd said",
    ]
    found = pl.DataFrame({"line": lines}).select(written_by(pl.col("line"), "dhcpd"))
    assert found.to_series().to_list() == [True, True, True, False, False]


PLAIN_LINES = [
    "<13>Nov  2 08:15:00 gate sshd[812]: message",
    "Nov  2 08:15:00 gate CRON[1]: (root) CMD",
    "2026-11-02T08:15:00.123456-06:00 gate dhcpd: message",
    "<134>1 2026-11-02T08:15:00-06:00 gate filterlog 812 - - 53,,,em0,match",
]

HEADERS = st.tuples(
    st.sampled_from(["", "<13>", "<134>", "<13> ", "5 <13>", "<>"]),
    st.sampled_from(
        [
            "Nov  2 08:15:00",
            "Nov 02 08:15:00",
            "Nov 2 08:15:00",
            "Feb 31 08:15:00",
            "Nov  2 2026 08:15:00",
            "Nov  2 08:15:00 2026",
            "*Nov  2 08:15:00",
            "1 2026-11-02T08:15:00-06:00",
            "1 2026-11-02T08:15:00.123456Z",
            "1 -",
            "2026-11-02T08:15:00.123-06:00",
            "2026-11-02 08:15:00",
            "",
        ]
    ),
    st.sampled_from(["gate", "GATE.example.org.", "192.0.2.1", "none", "-", ""]),
    st.sampled_from(
        [
            "sshd[812]:",
            "sshd:",
            "CRON[1]:",
            "CEF:",
            "CEF[1]:",
            "LEEF:",
            "none:",
            "filterlog 812 - -",
            "unknown - - -",
            "CEF - - -",
            'kernel 1 ID7 [a b="c"]',
            "su[x]:",
            "-",
            "",
        ]
    ),
    st.sampled_from(
        [
            "message",
            "53,,,em0,match",
            "53,,,2001:db8::1,9",
            "<9>Nov 2 08:15:00 a: c",
            "Nov  2 08:15:00 a b: c",
            "b[1]: c",
            "x,b[1]: c",
            " two  spaces",
            "",
            "\ufeffmarked",
            "[1] c",
            "CEF:0|a|b",
            "a: b",
            "\u00e9t\u00e9 here",
            "a\r",
        ]
    ),
).map(" ".join)


@given(st.lists(HEADERS, min_size=1, max_size=50), st.booleans())
def test_what_is_plain_says_what_the_slow_way_says(texts, glued):
    lines = [text.replace("> ", ">", 1) if glued else text for text in texts]
    batch = pl.DataFrame({"line": lines})
    quick = with_header(batch.lazy(), READING).drop("line").collect()
    stripped = batch.with_columns(pl.col("line").str.strip_chars_end("\r\n\x00"))
    slow = _any_header(stripped.with_row_index("row").lazy(), READING).drop("row")
    assert quick.equals(slow.collect()), lines


def test_most_lines_of_the_samples_are_plain():
    lines = pl.Series("line", PLAIN_LINES)
    is_plain = pl.any_horizontal(pl.col("line").str.contains(shape) for shape in PLAIN)
    assert lines.to_frame().select(is_plain.all()).item()
