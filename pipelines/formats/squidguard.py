"""squidGuard, a filter for Squid: requests that its lists matched.

    2026-11-02 08:15:00 [812] Request(staff/games/-) http://games.example.org/ 192.0.2.17/lab-7.example.org ada GET REDIRECT

(one line). The parentheses contain the group of the client, the list that matched, and a
rule that rewrote the address. Only matched requests are logged: Squid's own log contains
all. `REDIRECT` sent the client to the block page, `PASS` allowed the request; older
releases write neither, and the result of the request is unknown. The timestamp is local
time. Lines about the filter itself are system events.
"""  # noqa: E501

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import address
from pipelines.formats.reading.table import by_name, is_of, value, with_groups
from pipelines.formats.reading.web import PORT_OF_URL, is_tunnel

STAMP = r"^(?<time>[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}) \[[0-9]+\] "
REQUEST = (
    r" Request\((?<group>[^/()]*)/(?<list>[^()]*)/(?<rewrite>[^/()]*)\) (?<url>[^ ]+) "
    r"(?<client>[^ /]+)/(?<machine>[^ ]+) (?<user>[^ ]+) (?<method>[A-Z]+)"
    r"(?: (?<action>REDIRECT|PASS))? *$"
)
DISPOSITIONS = {"REDIRECT": "blocked", "PASS": "allowed"}
METHOD, MACHINE, LINE = (
    value("method"),
    value("machine"),
    pl.col("line").str.strip_chars_end("\r\n\x00 "),
)


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a date, the number of a process, and the filter's words."""
    return line.str.contains(STAMP + r"(?:Request\(|squidGuard |loading dbfile)")


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the time, the first word, and the words of a request."""
    del context, names
    lines = with_groups(batch, LINE, STAMP + r"(?<kind>[A-Za-z]+)?")
    return with_groups(lines, LINE, REQUEST)


FORMAT = Format(
    name="squidguard",
    product="squidGuard",
    event_classes=("http_requests", "system_events"),
    looks_like=looks_like,
    split=split,
    stamp=lambda context: clock.iso(value("time"), context.reading),
    fields={
        "src_ip": "client",
        "src_hostname": pl.when(address(MACHINE).is_null()).then(MACHINE),
        "user_name": "user",
        "method": "method",
        "url": "url",
        "url_scheme": pl.when(~is_tunnel(METHOD)).then(value("url").str.extract("^([a-z]+)://", 1)),
        "dst_port": value("url").str.extract(PORT_OF_URL, 1),
        "category": value("list").replace("none", None),
        "kind": "kind",
    },
    classes={"http_requests": LINE.str.contains(STAMP + r"Request\(")},
    more={
        "disposition": value("action").replace_strict(
            DISPOSITIONS, default=None, return_dtype=pl.String
        )
    },
    extras=by_name("group", "rewrite"),
    must={
        "a request whose words are not squidGuard's": value("url").is_not_null()
        | is_of("system_events"),
        "a word is missing in front of what was done": ~METHOD.is_in(list(DISPOSITIONS))
        | is_of("system_events"),
    },
)
