"""A Squid layout that the district pastes is read as it states."""

from shutil import which
from subprocess import run

import pytest

from pipelines.clock import Reading
from pipelines.errors import SettingsError
from pipelines.formats import Context, Parsed
from pipelines.formats.squid_logformat import FORMAT, NAMED, OTHERS, SHAPES, layout
from pipelines.ingest.record_cuts import records


def parsed(line: str, **options: str) -> Parsed:
    batch = records(line.encode() + b"\n", "lines")
    return FORMAT.parse(batch, Context(Reading("America/Chicago"), options))


def request(line: str, **options: str) -> dict:
    read = parsed(line, **options)
    assert not read.rejects.height, read.rejects["reason"].to_list()
    return read.events["http_requests"].row(0, named=True)


NATIVE = (
    "1793628900.123 900045 192.0.2.17 TCP_TUNNEL/200 5120 CONNECT www.example.org:443 "
    "ada HIER_DIRECT/203.0.113.9 -"
)


def test_native_layout_begins_before_its_stamp():
    row = request(NATIVE, logformat="squid")
    assert row["time"].isoformat() == "2026-11-02T14:15:00.123000+00:00"
    assert row["start_time"].isoformat() == "2026-11-02T14:00:00.078000+00:00"
    assert (row["dst_ip"], row["dst_port"]) == ("203.0.113.9", 443)
    assert row["user_name"] == "ada"


def test_pasted_line_with_quoted_headers_and_sizes_of_both_ways():
    said = (
        "logformat ours %ts.%03tu %6tr %>a:%>p %Ss/%03>Hs %<st %>st %rm %ru %[un "
        '%Sh/%<a %mt "%{Referer}>h" "%{User-Agent}>h" %{X-Room}>h %ssl::>sni'
    )
    row = request(
        "1793628900.123     45 192.0.2.17:50112 TCP_MISS/200 5120 640 GET "
        "http://www.example.org/a ada HIER_DIRECT/203.0.113.9 text/html; charset=utf-8 "
        '"http://start.example.net/" "Agent (a b)" lab%204 www.example.org',
        logformat=said,
    )
    assert (row["src_port"], row["bytes_in"], row["bytes_out"]) == (50112, 5120, 640)
    assert row["content_type"] == "text/html"
    assert row["referrer_hostname"] == "start.example.net"
    assert row["user_agent"] == "Agent (a b)"
    assert '"{X-Room}>h":"lab%204"' in row["extras"]
    assert '"ssl::>sni":"www.example.org"' in row["extras"]


@pytest.mark.parametrize(
    ("order", "day"), [("day_first", "2026-02-05"), ("month_first", "2026-05-02")]
)
def test_date_of_two_readings_is_read_as_set(order, day):
    line = '192.0.2.17 - ada [05/02/2026 08:15:00] "GET http://example.org/ HTTP/1.1" 200 9'
    said = '%>a %ui %un [%tl] "%rm %ru HTTP/%rv" %>Hs %<st'
    refused = parsed(line, logformat=said).rejects["reason"].to_list()
    assert refused == ["the order of day and month is not set (date_order)"]
    row = request(line, logformat=said, date_order=order)
    assert row["time"].date().isoformat() == day
    assert row["disposition"] == "allowed"


def test_argument_of_the_stamp_decides_by_itself():
    said = "%{%d/%m/%Y %H:%M:%S}tl %>a %rm %ru %>Hs"
    row = request("05/02/2026 08:15:00 192.0.2.17 GET http://example.org/ 403", logformat=said)
    assert row["time"].isoformat() == "2026-02-05T14:15:00+00:00"
    assert row["disposition"] is None


@pytest.mark.parametrize("name", NAMED)
def test_named_layout_holds_client_and_stamp(name):
    codes = {code.name for code in layout(name).codes}
    assert ">a" in codes
    assert codes & {"ts", "tl"}


@pytest.mark.parametrize(
    "options", [{"logformat": "nothing"}, {"date_order": "year", "logformat": "common"}]
)
def test_option_without_a_meaning_is_an_error(options):
    with pytest.raises(SettingsError):
        parsed(NATIVE, **options)


def test_a_code_of_the_family_http_is_the_code():
    row = request("1793628900 192.0.2.17", logformat="%ts %http::>a")
    assert row["src_ip"] == "192.0.2.17"


@pytest.mark.skipif(not which("squid"), reason="squid is not installed")
def test_squid_itself_knows_each_code_that_a_check_lets_pass(tmp_path):
    """Those of other versions are not requested of the one that is here."""
    codes = sorted({*SHAPES, *OTHERS} - {"us", "rd"})
    lines = (f"logformat n{at} %{{User-Agent}}{code}" for at, code in enumerate(codes))
    settings = tmp_path / "squid.conf"
    settings.write_text("http_port 127.0.0.1:3128\n" + "\n".join(lines) + "\n")
    command = ["squid", "-k", "parse", "-f", settings]
    done = run(command, check=False, capture_output=True, text=True)
    assert "Unsupported" not in done.stderr, done.stderr
    assert done.returncode == 0, done.stderr
