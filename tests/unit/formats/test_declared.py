"""Settings of declared exports: what they give, and what they refuse."""

import polars as pl
import pytest

from pipelines.clock import Reading
from pipelines.errors import SettingsError
from pipelines.formats import Context
from pipelines.formats.declared_csv import FORMAT
from pipelines.ingest.blocks import batch


def parse(text: str, **options: str):
    context = Context(reading=Reading("America/Chicago"), options=options)
    return FORMAT.parse(batch(text.encode()), context)


def test_a_logon_with_other_separators_and_fixed_values():
    parsed = parse(
        "Zeit;Konto;Gerät\n2026-11-02T08:15:00;ada;LAB-7\n",
        time="Zeit",
        user_name="Konto",
        host="Gerät",
        separator=";",
        activity="=logon",
        logon_kind="=interactive",
    )
    row = parsed.events["logons"].to_dicts()[0]
    assert (row["user_name"], row["host"], row["activity"]) == ("ada", "lab-7", "logon")
    assert row["time"].isoformat() == "2026-11-02T14:15:00+00:00"


@pytest.mark.parametrize(
    ("code", "disposition"),
    [
        ("200", "allowed"),
        ("403", "blocked"),
        ("407", "challenged"),
        ("Denied", "blocked"),
        ("-", None),
        ("0", None),
    ],
)
def test_a_code_shows_if_a_request_was_denied(code, disposition):
    parsed = parse(
        f"Time,URL,Code\n2026-11-02 08:15:00,https://www.example.org/,{code}\n",
        event_class="http_requests",
        disposition="Code",
    )
    assert parsed.events["http_requests"]["disposition"].to_list() == [disposition]


def test_the_header_reaches_the_next_batch():
    first = parse("time,user_name,activity\n")
    assert first.header == "time,user_name,activity"
    context = Context(header=first.header)
    lines = batch(b"2026-11-02T08:15:00Z,ada,logon\n")
    assert FORMAT.parse(lines, context).events["logons"].height == 1


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"event_class": "visits"}, "options.event_class"),
        ({"colour": "Red"}, "options.colour"),
        ({"separator": "::"}, "options.separator"),
        ({"time_shape": "%H:%M"}, "options.time_shape"),
        ({"time_shape": "%Y-%m-%dT%H:%M:%S%z"}, "options.time_shape"),
    ],
)
def test_settings_that_can_not_be_used_are_refused(options, where):
    with pytest.raises(SettingsError) as caught:
        parse("time,user_name\n", **options)
    assert caught.value.where == where


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Date,Time,User (UPN),Source IP", True),
        ('"Date","IPv4 Address","Bytes In"', True),
        ("11/02/2026,8:15:00 AM,ada", False),
        ("ada,2026-11-02T08:15:00Z", False),
        ("Date,,User", False),
        ("Report of the web filter", False),
        ("ada,https://www.example.org/", False),
    ],
)
def test_a_header_is_words(line, expected):
    is_header = FORMAT.header
    assert is_header is not None
    found = pl.DataFrame({"line": [line]}).select(is_header(pl.col("line"))).item()
    assert found is expected
