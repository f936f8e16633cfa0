"""Suricata's `eve.json`: one JSON object per line, of many event types.

    {"timestamp":"2026-03-02T08:00:05.123456-0600","flow_id":1,"event_type":"tls",
     "src_ip":"10.20.4.17","src_port":50112,"dest_ip":"203.0.113.7","dest_port":443,
     "proto":"TCP","tls":{"sni":"www.example.org","version":"TLS 1.3"}}

The timestamp includes its offset. A flow's timestamp is the time of logging, often minutes
after its end: it began at `flow.start`. `src_ip` is the packet's sender, so in a
DNS answer it is the server and the sides are swapped. An answer is a separate event
with a response code, in addition to the query; before version 2 each record
of an answer was a line. IPv6 is written in full. A TLS line contains the host and
no URL. Suricata is a monitor: traffic with an answer was allowed; traffic that Suricata
dropped itself (`flow.action`) was blocked. A DHCP acknowledgment is a lease; one for
0.0.0.0 answers an INFORM. Alerts, statistics and other types become `system_events`.
"""

import polars as pl

from pipelines import clock
from pipelines.formats import Context, Format
from pipelines.formats.reading import json
from pipelines.formats.reading.fields import name, null_if_dash, to_int, word_of
from pipelines.formats.reading.flows import seconds
from pipelines.formats.reading.json import json_text
from pipelines.formats.reading.table import value
from pipelines.formats.reading.web import host_asked, is_tunnel, port_asked, seen, whole_url

ANSWERS = ["answer", "response"]
TYPE = value("event_type")
IS_TLS, IS_FLOW, IS_DNS = TYPE == "tls", TYPE == "flow", TYPE == "dns"
IS_TURNED = (value("dns/type").is_in(ANSWERS) & (value("src_port") == "53") & IS_DNS).fill_null(
    value=False
)
"""An answer of DNS comes from the server."""

IS_LEASE = (
    (TYPE == "dhcp")
    & (value("dhcp/dhcp_type") == "ack")
    & ~value("dhcp/assigned_ip").str.starts_with("0.")
)
METHOD, HOST, URL = value("http/http_method"), value("http/hostname"), value("http/url")


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an object with `event_type` and, except for statistics, a flow."""
    return (
        line.str.contains(r'^[ \t]*\{.{0,40}"timestamp"\s*:')
        & line.str.contains(r'"event_type"\s*:\s*"')
        & line.str.contains(r'"(?:flow_id|dest_ip|stats|engine)"\s*:')
    )


def more(context: Context) -> dict[str, pl.Expr]:
    """Return what the type of the event decides; a TLS line knows the host only."""
    began = clock.iso(value("flow/start"), context.reading).time
    is_answered = (
        IS_TLS | (pl.col("response_code") == "NOERROR") | (to_int(value("flow/bytes_toclient")) > 0)
    )
    return {
        "start_time": pl.when(IS_FLOW).then(began).otherwise("time"),
        "url_scheme": word_of(("https", IS_TLS), ("http", ~is_tunnel(METHOD))),
        "url_hostname": pl.coalesce(host_asked(METHOD, HOST, URL), name(value("tls/sni"))),
        "url": whole_url(HOST, value("http/http_port"), URL),
        "dst_port": port_asked(METHOD, URL, value("dest_port")),
        "disposition": pl.when(value("flow/action") == "drop")
        .then(pl.lit("blocked"))
        .when(is_answered)
        .then(pl.lit("allowed"))
        .otherwise(seen(pl.col("status_code"))),
        "action": pl.lit("assign"),
        "lease_end_time": pl.col("time") + seconds(value("dhcp/lease_time")),
        "extras": json_text(
            flow_id=pl.when(~IS_FLOW).then(value("flow_id")),
            forwarded_for=null_if_dash(value("http/xff")),
            tls_subject=pl.when(IS_TLS).then(null_if_dash(value("tls/subject"))),
            flow_state=pl.when(IS_FLOW).then(value("flow/state")),
            dns_id=pl.when(IS_DNS).then(value("dns/id")),
        ),
    }


FORMAT = Format(
    name="suricata_eve",
    product="Suricata",
    event_classes=("http_requests", "connections", "dns_queries", "leases", "system_events"),
    looks_like=looks_like,
    split=json.split,
    stamp=lambda context: clock.iso(value("timestamp"), context.reading),
    fields={
        "src_ip": pl.when(IS_TURNED).then(value("dest_ip")).otherwise(value("src_ip")),
        "src_port": pl.when(IS_TURNED).then(value("dest_port")).otherwise(value("src_port")),
        "src_mac": pl.when(~IS_TURNED).then(value("ether/src_mac")),
        "dst_ip": "dest_ip",
        "method": "http/http_method",
        "status_code": "http/status",
        "content_type": "http/http_content_type",
        "referrer_hostname": "http/http_refer",
        "user_agent": "http/http_user_agent",
        "protocol": "proto",
        "application": value("app_proto").replace("failed", None),
        "bytes_in": ("flow/bytes_toclient", "http/length"),
        "bytes_out": "flow/bytes_toserver",
        "connection_uid": "flow_id",
        "query_name": ("dns/rrname", "dns/queries/0/rrname"),
        "query_type": ("dns/rrtype", "dns/queries/0/rrtype"),
        "response_code": "dns/rcode",
        "answers": pl.concat_str(
            null_if_dash(value("dns/rdata")),
            *(value(f"dns/answers/{n}/rdata") for n in range(8)),
            separator=",",
            ignore_nulls=True,
        ),
        "ip": "dhcp/assigned_ip",
        "mac": "dhcp/client_mac",
        "hostname": "dhcp/hostname",
        "kind": "event_type",
        "reported_by": "host",
    },
    classes={
        "leases": IS_LEASE,
        "http_requests": TYPE.is_in(["http", "tls"]),
        "connections": IS_FLOW,
        "dns_queries": IS_DNS,
    },
    more=more,
    must={**json.RULE, "no type of event": pl.col("kind").is_not_null()},
    required={"connections": ("start_time",), "leases": ("mac",)},
    may_lack={"url_hostname": pl.lit(value=True)},
)
