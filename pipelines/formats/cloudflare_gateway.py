"""Cloudflare Gateway (Zero Trust), Logpush as JSON: requests, look-ups, sessions.

    {"Datetime":"2026-11-02T14:15:00Z","Email":"ada@example.org","DeviceName":"NB-ADA",
     "SourceIP":"203.0.113.7","SourceInternalIP":"","HTTPHost":"games.example",
     "HTTPMethod":"GET","URL":"https://games.example/a","Action":"block",...}

(one line). A line with `HTTPHost` is a request, with `QueryName` a look-up, with `Transport` a
session of the network layer. The inside address is the source if the client sends it. `Email` is
the user who is logged in to the client, so it is not a guess. None of them contains bytes.
"""

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading.fields import (
    MAX_URL,
    account,
    address,
    hostname,
    name,
    null_if_dash,
    port,
    to_int,
)
from pipelines.formats.reading.flows import is_machine, protocol
from pipelines.formats.reading.json import json_text, with_fields

FIELDS = {
    "stamp": "Datetime",
    "email": "Email",
    "device": "DeviceName",
    "far": "SourceIP",
    "inside": "SourceInternalIP",
    "dns_source": "SrcIP",
    "from_port": "SourcePort",
    "dns_port": "SrcPort",
    "target": "DestinationIP",
    "to_port": "DestinationPort",
    "host": "HTTPHost",
    "verb": "HTTPMethod",
    "status": "HTTPStatusCode",
    "url_text": "URL",
    "referrer": "Referer",
    "agent": "UserAgent",
    "asked": "QueryName",
    "asked_type": "QueryTypeName",
    "rcode": "RCode",
    "answers_text": "ResolvedIPs",
    "decision": "ResolverDecision",
    "transport": "Transport",
    "sni": "SNI",
    "session": "SessionID",
    "request": "RequestID",
    "did": "Action",
    "policy": "PolicyName",
    "dns_policy": "Policy",
    "categories": "QueryCategoryNames",
}
RCODES = {
    "0": "NOERROR", "1": "FORMERR", "2": "SERVFAIL", "3": "NXDOMAIN", "5": "REFUSED",
}  # fmt: skip
cls = pl.col("event_class")

REJECT_RULES = {
    "not a JSON object": pl.col("is_object"),
    "none of the three logs of Gateway": cls.is_not_null(),
    "Datetime cannot be read": pl.col("time").is_not_null(),
    "source is not an address": pl.col("src_ip").is_not_null(),
    "no host in the URL": (cls != "http_requests") | pl.col("url_hostname").is_not_null(),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match Cloudflare's name of the time, and the main field of one of its logs."""
    return (
        line.str.contains(r"^[ \t]*\{")
        & line.str.contains(r'"Datetime"\s*:')
        & line.str.contains(r'"(?:HTTPHost|ResolverDecision|OverrideIP)"\s*:')
    )


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of the event class that the log belongs to."""
    stamp = clock.iso(pl.col("stamp"), context.reading)
    did = pl.coalesce("did", "decision").str.to_lowercase()
    url = null_if_dash(pl.col("url_text"))
    answers = pl.col("answers_text").str.replace_all(r'[\[\]" ]', "")
    return (
        with_fields(batch, FIELDS)
        .with_columns(
            event_class=pl.when(pl.col("host").is_not_null())
            .then(pl.lit("http_requests"))
            .when(pl.col("asked").is_not_null())
            .then(pl.lit("dns_queries"))
            .when(pl.col("transport").is_not_null())
            .then(pl.lit("connections"))
        )
        .with_columns(
            time=stamp.time,
            time_quality=stamp.quality,
            start_time=stamp.time,
            user_name=account(pl.col("email")),
            src_hostname=name(pl.col("device")),
            src_ip=pl.coalesce(
                address(pl.col("inside")), address(pl.col("far")), address(pl.col("dns_source"))
            ),
            src_port=port(pl.coalesce("from_port", "dns_port").replace("0", None)),
            dst_ip=address(pl.col("target")),
            dst_port=port(pl.col("to_port")),
            dst_hostname=name(pl.col("sni")),
            protocol=protocol(pl.col("transport")),
            connection_uid=null_if_dash(pl.col("session")),
            event_uid=null_if_dash(pl.col("request")),
            method=null_if_dash(pl.col("verb")).str.to_uppercase(),
            status_code=to_int(pl.col("status"), 3).replace(0, None).cast(pl.Int16),
            url_scheme=url.str.extract("^([a-z]+)://"),
            url_hostname=pl.coalesce(hostname(null_if_dash(pl.col("host"))), hostname(url)),
            url=url.str.slice(0, MAX_URL),
            referrer_hostname=hostname(null_if_dash(pl.col("referrer"))),
            user_agent=null_if_dash(pl.col("agent")),
            query_name=name(pl.col("asked")),
            query_type=null_if_dash(pl.col("asked_type")),
            response_code=pl.col("rcode").replace(RCODES),
            answers=null_if_dash(answers),
            category=null_if_dash(pl.col("categories").str.replace_all(r'[\[\]"]', "")),
            disposition=pl.when(did.str.contains("block"))
            .then(pl.lit("blocked"))
            .when(did.str.contains("allow|isolate|safesearch|bypass|noscan|do_not"))
            .then(pl.lit("allowed")),
        )
        .with_columns(
            is_machine=is_machine(pl.col("user_name")),
            extras=json_text(
                action=pl.coalesce("did", "decision"),
                policy=null_if_dash(pl.coalesce("policy", "dns_policy")),
            ),
        )
    )


FORMAT = Format(
    name="cloudflare_gateway",
    product="Cloudflare Gateway",
    event_classes=("http_requests", "dns_queries", "connections"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
)
