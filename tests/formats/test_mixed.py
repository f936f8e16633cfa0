"""A file that changes its format in the middle is read on, and back again.

Between two copies of a golden log stand lines of other products. What the log reported
before them it shows after them: nothing is lost, and nothing of theirs is mistaken for
its own.
"""

from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.formats import PLACE
from pipelines.ingest import mixed_lines
from pipelines.ingest.parser import ANY, parse
from tests.formats.test_formats import FORMATS, LOGS, batch_of, context_of

FOREIGN = (
    b"1793628900.123     45 192.0.2.99 TCP_MISS/200 5120 GET http://example.net/ "
    b"mallory HIER_DIRECT/198.51.100.99 text/html\n"
    b"<166>Nov 02 2026 08:15:00 asa9 : %ASA-6-302013: Built outbound TCP connection 7 "
    b"for outside:198.51.100.99/443 (198.51.100.99/443) to inside:192.0.2.99/50123 "
    b"(203.0.113.99/50123)\n"
    b'{"user":"mallory","src":"192.0.2.99"}\n'
    b"10,11/02/26,08:15:00,Assign,192.0.2.99,lab-99.example.net,00005E005399,,17739,0,,,\n"
    b"words that no product writes\n"
)
OF_LINES = [
    next(log for log in LOGS if log.parent.name == name)
    for name, fmt in FORMATS.items()
    if fmt.framing == "lines"
]


@pytest.mark.parametrize("escape", [b"#015", b"#000"])
@pytest.mark.parametrize("name", ["cisco_asa", "fortigate", "cisco_umbrella"])
def test_what_rsyslog_makes_of_an_ending_is_no_part_of_the_line(name, escape):
    log = next(log for log in OF_LINES if log.parent.name == name)
    said = log.read_bytes().rstrip(b"\n")
    ended = said.replace(b"\n", escape + b"\n") + escape
    plain, read = (
        FORMATS[name].parse(batch_of(name, data), context_of(name)) for data in (said, ended)
    )
    for cls, frame in plain.events.items():
        assert_frame_equal(read.events[cls].drop(PLACE), frame.drop(PLACE))


PAM_LINES = [
    f"Nov  2 08:{minute:02d}:00 lab-7 gdm-password]: pam_unix(gdm-password:session): "
    "session opened for user ada(uid=1001) by (uid=0)"
    for minute in range(5)
]
VISIT = (
    '<30>device="SFW" date=2026-11-23 time=08:16:00 timezone="CST" log_id=050901616001 '
    'log_type="Content Filtering" log_component="HTTP" log_subtype="Allowed" user_name="ada" '
    'category="News" url="https://news.example.org/a" src_ip=10.20.1.7 dst_ip=198.51.100.8 '
    'protocol="TCP" user_agent="{agent}"'
)


def read_mixed(lines):
    batch = batch_of("squid_access", "\n".join(lines).encode())
    return parse(ANY, batch, context_of("sophos_xg"))


@pytest.mark.parametrize("agent", ["x pam_unix(a:b): y", "x sshd[1]: Accepted password for ada"])
def test_a_visitors_agent_does_not_choose_the_reader_of_its_line(agent):
    parsed = read_mixed([*PAM_LINES, VISIT.format(agent=agent)])
    assert not parsed.reject_count
    assert parsed.events["http_requests"]["format"].to_list() == ["sophos_xg"]


def test_a_line_that_one_format_claims_and_cannot_read_is_offered_to_the_next(monkeypatch):
    greedy = replace(FORMATS["sshd_pam"], looks_like=lambda line: line.is_not_null())
    monkeypatch.setattr(mixed_lines, "formats", lambda: FORMATS | {"sshd_pam": greedy})
    parsed = read_mixed([*PAM_LINES, VISIT.format(agent="x"), "words that no product writes"])
    assert parsed.events["http_requests"].height == 1
    assert parsed.rejects["line"].to_list() == ["words that no product writes"]


@pytest.mark.parametrize("log", OF_LINES, ids=lambda log: log.parent.name)
def test_lines_of_another_product_change_nothing_before_or_behind_them(log):
    name = log.parent.name
    own = log.read_bytes().rstrip(b"\n") + b"\n"
    alone = FORMATS[name].parse(batch_of(name, own), context_of(name))
    batch = batch_of(name, own + FOREIGN + own)
    parsed = FORMATS[name].parse(batch, context_of(name))
    last = own.count(b"\n")
    behind = last + FOREIGN.count(b"\n")
    for cls, frame in alone.events.items():
        found = parsed.events[cls]
        before = found.filter(pl.col("line_no") <= last)
        # a header that comes late in the first copy is above all of the second
        after = found.filter(pl.col("line_no") > behind).tail(frame.height)
        assert_frame_equal(before.drop(PLACE), frame.drop(PLACE))
        assert_frame_equal(after.drop(PLACE), frame.drop(PLACE))
    refused = parsed.rejects["line_no"].is_between(last + 1, behind).sum()
    strays = sum(
        frame["line_no"].is_between(last + 1, behind).sum()
        for cls, frame in parsed.events.items()
        if cls != "system_events"
    )
    assert refused >= 1
    assert strays <= (name in {"squid_access", "cisco_asa", "windows_dhcp"})
