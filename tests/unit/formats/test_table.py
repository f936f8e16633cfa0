"""The table of a format: columns are read as what they hold, and no rule can be forgotten."""

from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest

from pipelines.clock import epoch
from pipelines.events import EVENT_CLASSES
from pipelines.formats import Context, Format, formats
from pipelines.formats.reading import table
from pipelines.formats.reading.table import PREFIX, value

TIME = "1793628900"


def read(fields: Mapping[str, table.Field], **texts: str) -> dict[str, Any]:
    """Return the columns of a table, read from fields with these texts."""
    frame = pl.DataFrame({f"{PREFIX}{name}": [text] for name, text in texts.items()})
    return frame.select(**table.columns(fields)).row(0, named=True)


@pytest.mark.parametrize(
    ("column", "text", "held"),
    [
        ("src_ip", "::FFFF:192.0.2.17", "192.0.2.17"),
        ("assigned_ip", "2001:DB8::00a", "2001:db8::a"),
        ("dst_port", "65536", None),
        ("nat_port", "443", 443),
        ("bytes_in", "-3", None),
        ("bytes_out", "5120", 5120),
        ("mac", "02-00-5E-00-53-17", "02:00:5e:00:53:17"),
        ("user_name", "EXAMPLE\\unknown", None),
        ("method", "get", "GET"),
        ("protocol", "6", "tcp"),
        ("status_code", "000", None),
        ("query_name", ".", "."),
        ("query_name", "WWW.Example.org.", "www.example.org"),
        ("content_type", "Text/HTML; charset=utf-8", "text/html"),
        ("referrer_hostname", "https://WWW.example.org/a", "www.example.org"),
        ("event_uid", "N/A", None),
        ("logon_type", "2", 2),
        ("logon_type", "70000", None),
    ],
)
def test_a_text_is_read_as_what_its_column_holds(column, text, held):
    assert read({column: "field"}, field=text) == {column: held}


def test_of_several_fields_the_first_that_can_be_read_counts():
    fields = {"src_ip": ("inside", value("outside"))}
    assert read(fields, inside="-", outside="192.0.2.17") == {"src_ip": "192.0.2.17"}
    assert read(fields, inside="192.0.2.18", outside="192.0.2.17") == {"src_ip": "192.0.2.18"}


def test_a_url_shows_scheme_and_host_unless_the_table_has_them():
    url = "https://WWW.example.org:8443/a"
    assert read({"url": "url"}, url=url) == {
        "url": url,
        "url_scheme": "https",
        "url_hostname": "www.example.org",
    }
    assert (
        read({"url": "url", "url_hostname": "host"}, url=url, host="a.example")["url_hostname"]
        == "a.example"
    )


def test_names_of_fields_are_found_in_expressions_once():
    looked_at = [value("a", "b") + value("c"), pl.col("time"), value("a").is_null()]
    assert table.names_in(looked_at) == ["a", "b", "c"]


def forgetful(*classes: str, **rules: Any) -> Format:
    """Return a format that knows nothing of rules: `time|class|COLUMN=text,...`."""
    shape = r"^(?<time>[^|]*)[|](?<class>[^|]*)[|](?<rest>.*)$"
    columns = ["src_ip", "url_hostname", "query_name", "ip", "bytes_in"]

    def split(batch: pl.LazyFrame, _context: Context, _names: object) -> pl.LazyFrame:
        cut = table.with_groups(batch, pl.col("line"), shape)
        return cut.with_columns(
            value("rest").str.extract(rf"(?:^|,){name}=([^,]*)").alias(f"{PREFIX}{name}")
            for name in columns
        )

    return Format(
        name="forgetful",
        product="none",
        event_classes=classes,
        looks_like=lambda line: line.is_not_null(),
        split=split,
        stamp=lambda _: epoch(value("time")),
        fields={name: name for name in columns},
        classes={cls: value("class") == cls for cls in classes},
        **rules,
    )


def outcome(fmt: Format, line: str) -> str:
    """Return the event class that a line becomes, or the reason of its reject."""
    batch = pl.DataFrame(
        {"file_id": [0], "line_no": [1], "byte_offset": [0], "line": [line]},
        schema_overrides=dict.fromkeys(("file_id", "line_no", "byte_offset"), pl.Int64),
    )
    parsed = fmt.parse(batch)
    return [*parsed.events, *parsed.rejects["reason"].to_list()][0]


@pytest.mark.parametrize(
    ("line", "result"),
    [
        ("|http_requests|src_ip=192.0.2.1,url_hostname=a.example", "no time that can be read"),
        (f"{TIME}|http_requests|src_ip=192.0.2.1,url_hostname=a.example", "http_requests"),
        (f"{TIME}|http_requests|src_ip=192.0.2.1", "no host in the URL"),
        (f"{TIME}|http_requests|src_ip=nowhere,url_hostname=a.b", "source is not an address"),
        (f"{TIME}|connections|src_ip=", "source is not an address"),
        (f"{TIME}|dns_queries|src_ip=192.0.2.1", "look-up without a name"),
        (f"{TIME}|leases|ip=300.0.2.1", "lease without an address"),
        (f"{TIME}|logons|", "logons"),
        (f"{TIME}|nothing|src_ip=192.0.2.1", "of no known kind"),
    ],
)
def test_no_format_can_forget_what_an_event_of_a_class_must_have(line, result):
    classes = ("http_requests", "connections", "dns_queries", "leases", "logons")
    assert outcome(forgetful(*classes), line) == result


def test_a_checked_column_may_be_missing_but_not_unreadable():
    fmt = forgetful("connections", "system_events", checked=("bytes_in",))
    flow = f"{TIME}|connections|src_ip=192.0.2.1"
    assert outcome(fmt, flow) == "connections"
    assert outcome(fmt, flow + ",bytes_in=-") == "connections"
    assert outcome(fmt, flow + ",bytes_in=many") == "bytes are not a count"
    assert outcome(fmt, f"{TIME}|system_events|bytes_in=many") == "system_events"


def test_a_format_may_say_when_an_event_lacks_a_column_rightly():
    lack = {"url_hostname": pl.col("bytes_in") == 0}
    fmt = forgetful("http_requests", may_lack=lack)
    assert outcome(fmt, f"{TIME}|http_requests|src_ip=192.0.2.1,bytes_in=0") == "http_requests"
    assert outcome(fmt, f"{TIME}|http_requests|src_ip=192.0.2.1,bytes_in=1") == "no host in the URL"


@pytest.mark.parametrize("name", sorted(formats()))
def test_tables_name_columns_of_the_event_classes_of_their_format(name):
    fmt = formats()[name]
    held = {column for cls in fmt.event_classes for column in EVENT_CLASSES[cls].columns}
    assert set(fmt.fields) <= held
    assert set(fmt.classes) <= set(fmt.event_classes)
    assert set(fmt.checked) <= set(fmt.fields)
