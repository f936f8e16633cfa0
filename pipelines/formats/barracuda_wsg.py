r"""Barracuda Web Security Gateway (Web Filter), web traffic syslog: one line per request.

    <22>Nov  2 08:15:00 wsg1 http_scan[675]: 1793628900 1 192.0.2.17 198.51.100.7 text/html
    192.0.2.17 http://www.example.org/ 5120 BYF ALLOWED CLEAN  2 0 0 0 0 (-) 0 - 0 - 0
    www.example.org education [ada]   http://search.example.org/ search.example.org search 0

(one line). The stamp after the header is in seconds since 1970. `ALLOWED CLEAN` is the result of
the virus scan alone; the fourth number after it is the policy's action: 1 denied and 2 redirected
block the request, 0 allowed it, and 5 only monitored it. `[ANON]` is a request without a login.
Method, status and duration are not logged. The user may be the one whom an agent on a domain
controller mapped to the address. Lines of other programs are system events.
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
    where_rare,
)
from pipelines.formats.reading.keyvalue import json_of
from pipelines.formats.reading.syslog import with_header, written_by

PROGRAM = "http_?scan"
REQUEST = (
    r"^([0-9]{9,10}) [0-9]+ ([^ ]+) ([^ ]+) ([^ ]+) [^ ]+ ([^ ]+) ([^ ]+) BYF "
    r"(ALLOWED|BLOCKED|DETECTED) ([A-Z]+) (.*?) ?([0-9]+) ([01]) ([01]) ([0-9]) ([0-9]+) "
    r"\(([^)]*)\) ([0-9]+) ([^ ]+) ([0-9]) ([^ ]+) ([0-9]+) ([^ ]+) ([^ ]+) \[([^\]]*)\]"
    r"(?: +([^ ]+) ([^ ]+) ([^ ]+) [0-9]+)? *$"
)
NAMES = [
    "ended", "client", "server", "mime", "asked", "size", "scan", "threat", "details",
    "", "", "", "policy", "", "", "", "rule", "", "spyware", "", "", "kinds", "who",
    "referrer",
]  # fmt: skip
STOPPED_BY_POLICY = ["1", "2"]
NO_ACCOUNT = "(?i)^(?:ANON|-)$"
IS_REQUEST = pl.col("event_class") == "http_requests"

REJECT_RULES = {
    "not the columns of a request": ~IS_REQUEST | pl.col("ended").is_not_null(),
    "no time that can be read": pl.col("time").is_not_null(),
    "the client is not an address": ~IS_REQUEST | pl.col("src_ip").is_not_null(),
    "no host in the URL": ~IS_REQUEST | pl.col("url_hostname").is_not_null(),
    "the size is not a number of bytes": ~IS_REQUEST | pl.col("bytes_in").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match the program of the scanner, and the words of its verdict."""
    return written_by(line, PROGRAM) & line.str.contains(" BYF ", literal=True)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `http_requests`, or of `system_events` for other programs."""
    groups = pl.col("groups").struct
    stamp = clock.first(
        clock.epoch(pl.col("ended")),
        clock.Stamp(pl.col("syslog_time"), pl.col("syslog_time_quality")),
    )
    asked = pl.col("asked")
    is_request = pl.col("syslog_program").str.contains(f"^{PROGRAM}$").fill_null(value=False)
    return (
        with_header(batch, context.reading)
        .with_columns(groups=pl.col("syslog_body").str.extract_groups(REQUEST))
        .with_columns(**{key: groups.field(str(at)) for at, key in enumerate(NAMES, 1) if key})
        .with_columns(
            event_class=pl.when(is_request)
            .then(pl.lit("http_requests"))
            .otherwise(pl.lit("system_events")),
            time=stamp.time,
            time_quality=stamp.quality,
            start_time=stamp.time,
            src_ip=address(pl.col("client")),
            user_name=account(
                pl.when(~pl.col("who").str.contains(NO_ACCOUNT)).then(
                    pl.col("who").str.replace(r"^(?:ldap|ntlm|krb)[0-9]*:", "")
                )
            ),
            dst_ip=address(pl.col("server")),
            dst_port=port(asked.str.extract(r"^(?:[a-z]+://)?[^/?#]*:([0-9]{1,5})(?:[/?#]|$)", 1)),
            url=asked.str.slice(0, MAX_URL),
            url_scheme=asked.str.extract("^([a-z][a-z0-9+.-]*)://", 1),
            url_hostname=hostname(asked),
            bytes_in=to_int(pl.col("size")),
            content_type=media_type(pl.col("mime")),
            category=null_if_dash(pl.col("kinds")),
            referrer_hostname=where_rare(null_if_dash(pl.col("referrer")), hostname),
            disposition=_disposition(),
            kind=pl.col("syslog_program"),
            reported_by=pl.col("syslog_host"),
            message=pl.col("line"),
        )
        .with_columns(extras=_extras())
        .drop("groups")
    )


def _disposition() -> pl.Expr:
    """Combine the scan's result with the action of the policy."""
    is_stopped = pl.col("policy").is_in(STOPPED_BY_POLICY) | (pl.col("scan") == "BLOCKED")
    return pl.when(is_stopped).then(pl.lit("blocked")).otherwise(pl.lit("allowed"))


def _extras() -> pl.Expr:
    """Return the scan's result, and the rule that matched."""
    threat = pl.when(pl.col("threat") != "CLEAN").then("threat")
    return pl.when(IS_REQUEST).then(
        json_of(
            [
                threat.alias("threat"),
                null_if_dash(pl.col("details").str.strip_chars()).alias("details"),
                pl.when(pl.col("policy") != "0").then("policy").alias("policy_action"),
                null_if_dash(pl.col("rule")).alias("rule"),
                null_if_dash(pl.col("spyware")).alias("spyware"),
            ]
        )
    )


FORMAT = Format(
    name="barracuda_wsg",
    product="Barracuda Web Security Gateway, Web Filter",
    name_proof="recorded",
    event_classes=("http_requests", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
