r"""Cisco Secure Web Appliance (WSA): Squid's line followed by the verdict.

    1793628900.123 97 192.0.2.17 TCP_MISS/200 8187 GET http://www.example.org/
    "EXAMPLE\ada@ad1" DIRECT/www.example.org text/html DEFAULT_CASE_12-staff-lan-NONE-
    NONE-NONE-DefaultGroup-NONE <"IW_edu",6.8,1,"-",...> - -

(one line); `Info: ` or a syslog header may come first, and the administrator's own fields before
and after the angle brackets. As with Squid the stamp is the end of a request, which began
`elapsed` milliseconds before, 407 requests a login, and a tunnel is a CONNECT, here to
`tunnel://host:port/`. The first word of the verdict is the action: `BLOCK_...` and `DROP_...`
refuse. The category is Cisco's short code.
"""

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import account, to_int, word_of
from pipelines.formats.reading.syslog import HEADER_END
from pipelines.formats.reading.table import by_name, value, with_groups
from pipelines.formats.reading.web import (
    PORT_OF_URL,
    SCHEME_OF_URL,
    VERDICT_OF_CISCO,
    unless_challenged,
)

HEAD = (
    HEADER_END + r"(?:[A-Za-z]+: )?(?<time>[0-9]{9,10}\.[0-9]{3}) +(?<elapsed>[0-9]+) "
    r"(?<client>[^ ]+) (?<result>[A-Z_]+)/(?<status>[0-9]{3}) "
)
LINE = (
    HEAD + r"(?<size>[0-9]+) (?<method>[A-Z_-]+) (?<url>[^ ]+) (?<user>\"[^\"]*\"|[^ ]+) [A-Z_]+/"
    r"(?<server>[^ ]+) (?<mime>[^ ]+)(?: [^<]*)?? (?<decision>[A-Z][A-Z0-9_]*)-(?<policies>[^ <]*) "
    r"<\"?(?<category>[^\",>]*)\"?,[^>]*>"
)
USER = account(value("user").str.strip_chars('"'))
SCHEME = value("url").str.extract(SCHEME_OF_URL, 1)
ELAPSED = pl.duration(milliseconds=to_int(value("elapsed"), 9), time_unit="us")
IS_REFUSED = value("decision").str.contains("^(?:BLOCK|DROP)_") | value("result").str.starts_with(
    "TCP_DENIED"
)


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match Squid's first fields, and a verdict before angle brackets."""
    return line.str.contains(HEAD) & line.str.contains(VERDICT_OF_CISCO)


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the columns of the access log."""
    del context, names
    return with_groups(batch, pl.col("line").str.strip_chars_end("\r\n\x00 "), LINE)


FORMAT = Format(
    name="cisco_wsa",
    product="Cisco Secure Web Appliance",
    event_classes=("http_requests",),
    looks_like=looks_like,
    split=split,
    stamp=lambda _: clock.epoch_milliseconds(value("time")),
    fields={
        "src_ip": "client",
        # the realm behind an account with a domain is the appliance's own name
        "user_name": USER.str.replace(r"^([^\\]*\\.*)@[^@]*$", "$1"),
        "dst_ip": "server",
        "dst_port": value("url").str.extract(PORT_OF_URL, 1),
        "method": "method",
        "url": "url",
        "url_scheme": SCHEME.replace("tunnel", None),
        "status_code": "status",
        "bytes_in": "size",
        "content_type": "mime",
        "category": value("category").replace("nc", None),
    },
    more={
        "start_time": pl.col("time") - ELAPSED,
        "disposition": unless_challenged(
            value("status"), word_of(("blocked", IS_REFUSED), otherwise="allowed")
        ),
    },
    extras=by_name("decision", "policies"),
    must={"not the columns of this log": value("time").is_not_null()},
    required={"http_requests": ("start_time", "bytes_in")},
)
