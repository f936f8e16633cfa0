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

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import (
    MAX_URL,
    account,
    address,
    hostname,
    media_type,
    null_if_dash,
    port,
    to_int,
)
from pipelines.formats.reading.keyvalue import json_of
from pipelines.formats.reading.syslog import HEADER_END
from pipelines.formats.reading.web import VERDICT_OF_CISCO, unless_challenged

HEAD = (
    HEADER_END + r"(?:[A-Za-z]+: )?([0-9]{9,10}\.[0-9]{3}) +([0-9]+) ([^ ]+) ([A-Z_]+)/([0-9]{3}) "
)
LINE = (
    HEAD + r"([0-9]+) ([A-Z_-]+) ([^ ]+) (\"[^\"]*\"|[^ ]+) ([A-Z_]+)/([^ ]+) "
    r"([^ ]+)(?: [^<]*)?? ([A-Z][A-Z0-9_]*)-([^ <]*) <\"?([^\",>]*)\"?,[^>]*>"
)
NAMES = [
    "ended", "elapsed", "client", "result", "code", "size", "verb", "asked", "who",
    "way", "server", "mime", "decision", "policies", "short",
]  # fmt: skip
PORT = r"^(?:[a-z]+://)?[^/?#]*:([0-9]{1,5})(?:[/?#]|$)"
REFUSES = r"^(?:BLOCK|DROP)_"

REJECT_RULES = {
    "not the columns of the access log": pl.col("ended").is_not_null(),
    "time is not epoch seconds with milliseconds": pl.col("time").is_not_null(),
    "elapsed is not milliseconds": pl.col("start_time").is_not_null(),
    "client is not an address": pl.col("src_ip").is_not_null(),
    "size is not a count of bytes": pl.col("bytes_in").is_not_null(),
    "no host in the URL": pl.col("url_hostname").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match Squid's first fields, and a verdict before angle brackets."""
    return line.str.contains(HEAD) & line.str.contains(VERDICT_OF_CISCO)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `http_requests`."""
    del context  # a line is complete
    line = pl.col("line").str.strip_chars_end("\r\n\x00 ")
    said = pl.col("groups").struct
    ended = clock.epoch_milliseconds(pl.col("ended"))
    lasted = pl.duration(milliseconds=to_int(pl.col("elapsed"), 9), time_unit="us")
    return (
        batch.with_columns(groups=line.str.extract_groups(LINE))
        .with_columns(**{key: said.field(str(at)) for at, key in enumerate(NAMES, 1)})
        .with_columns(
            time=ended.time,
            time_quality=ended.quality,
            start_time=ended.time - lasted,
            src_ip=address(pl.col("client")),
            user_name=_user(),
            dst_ip=address(pl.col("server")),
            status_code=_status(),
            bytes_in=to_int(pl.col("size")),
            content_type=media_type(pl.col("mime")),
            category=null_if_dash(pl.when(pl.col("short") != "nc").then("short")),
            disposition=_disposition(),
            **_asked(),
        )
        .with_columns(extras=json_of([pl.col("decision"), pl.col("policies")]))
        .drop("groups")
    )


def _user() -> pl.Expr:
    r"""`EXAMPLE\ada` of `"EXAMPLE\ada@ad1"`: the realm is the appliance's own name."""
    user = account(pl.col("who").str.strip_chars('"'))
    has_domain = user.str.contains("\\", literal=True)
    bare = user.str.replace(r"@[^@]*$", "")
    return pl.when(has_domain).then(bare).otherwise(user)


def _status() -> pl.Expr:
    """000 means that no status was sent."""
    code = to_int(pl.col("code"), 3).cast(pl.Int16)
    return pl.when(code > 0).then(code)


def _asked() -> dict[str, pl.Expr]:
    asked = pl.col("asked")
    scheme = asked.str.extract("^([a-z][a-z0-9+.-]*)://", 1)
    return {
        "method": pl.col("verb"),
        "url": asked.str.slice(0, MAX_URL),
        "url_scheme": pl.when(scheme != "tunnel").then(scheme),
        "url_hostname": hostname(asked),
        "dst_port": port(asked.str.extract(PORT, 1)),
    }


def _disposition() -> pl.Expr:
    refused = pl.col("decision").str.contains(REFUSES) | pl.col("result").str.starts_with(
        "TCP_DENIED"
    )
    outcome = pl.when(refused).then(pl.lit("blocked")).otherwise(pl.lit("allowed"))
    return unless_challenged(pl.col("code"), outcome)


FORMAT = Format(
    name="cisco_wsa",
    product="Cisco Secure Web Appliance",
    event_classes=("http_requests",),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
