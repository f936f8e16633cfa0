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
from pipelines.formats import Format
from pipelines.formats.reading import json
from pipelines.formats.reading.fields import null_if_dash, word_of
from pipelines.formats.reading.table import value

RCODES = {
    "0": "NOERROR", "1": "FORMERR", "2": "SERVFAIL", "3": "NXDOMAIN", "5": "REFUSED",
}  # fmt: skip
ACTION = value("Action", "ResolverDecision")
ALLOWED = "allow|isolate|safesearch|bypass|noscan|do_not"


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match Cloudflare's name of the time, and the main field of one of its logs."""
    return json.has_keys(line, "Datetime", "(?:HTTPHost|ResolverDecision|OverrideIP)")


FORMAT = Format(
    name="cloudflare_gateway",
    product="Cloudflare Gateway",
    event_classes=("http_requests", "dns_queries", "connections"),
    looks_like=looks_like,
    split=json.split,
    stamp=lambda context: clock.iso(value("Datetime"), context.reading),
    fields={
        "user_name": "Email",
        "src_hostname": "DeviceName",
        "src_ip": ("SourceInternalIP", "SourceIP", "SrcIP"),
        "src_port": value("SourcePort", "SrcPort").replace("0", None),
        "dst_ip": "DestinationIP",
        "dst_port": "DestinationPort",
        "dst_hostname": "SNI",
        "protocol": "Transport",
        "connection_uid": "SessionID",
        "event_uid": "RequestID",
        "method": "HTTPMethod",
        "status_code": "HTTPStatusCode",
        "url": "URL",
        "url_hostname": ("HTTPHost", "URL"),
        "referrer_hostname": "Referer",
        "user_agent": "UserAgent",
        "query_name": "QueryName",
        "query_type": "QueryTypeName",
        "response_code": value("RCode").replace(RCODES),
        "answers": value("ResolvedIPs").str.replace_all(r'[\[\]" ]', ""),
        "category": value("QueryCategoryNames").str.replace_all(r'[\[\]"]', ""),
    },
    classes={
        "http_requests": value("HTTPHost").is_not_null(),
        "dns_queries": value("QueryName").is_not_null(),
        "connections": value("Transport").is_not_null(),
    },
    more={
        "disposition": word_of(
            ("blocked", ACTION.str.to_lowercase().str.contains("block")),
            ("allowed", ACTION.str.to_lowercase().str.contains(ALLOWED)),
        )
    },
    extras={"action": ACTION, "policy": null_if_dash(value("PolicyName", "Policy"))},
    must=json.RULE,
)
