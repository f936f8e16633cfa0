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
from pipelines.formats.reading.fields import (
    address,
    hostname,
    mac,
    media_type,
    name,
    null_if_dash,
    port,
    to_int,
)
from pipelines.formats.reading.flows import protocol
from pipelines.formats.reading.json import json_text, with_fields
from pipelines.formats.reading.web import host_asked, is_tunnel, port_asked, seen, whole_url

FIELDS = {
    "stamp": "timestamp",
    "type": "event_type",
    "sensor": "host",
    "flow_id": "flow_id",
    "sender": "src_ip",
    "sender_port": "src_port",
    "receiver": "dest_ip",
    "receiver_port": "dest_port",
    "proto": "proto",
    "app_proto": "app_proto",
    "ether_src": "ether/src_mac",
    "http_host": "http/hostname",
    "http_port": "http/http_port",
    "http_url": "http/url",
    "http_method": "http/http_method",
    "http_status": "http/status",
    "http_length": "http/length",
    "http_type": "http/http_content_type",
    "http_agent": "http/http_user_agent",
    "http_refer": "http/http_refer",
    "http_xff": "http/xff",
    "tls_sni": "tls/sni",
    "tls_subject": "tls/subject",
    "dns_type": "dns/type",
    "dns_id": "dns/id",
    "dns_name": "dns/rrname",
    "dns_rrtype": "dns/rrtype",
    "dns_code": "dns/rcode",
    "dns_data": "dns/rdata",
    "dns_name_3": "dns/queries/0/rrname",
    "dns_rrtype_3": "dns/queries/0/rrtype",
    **{f"answer_{n}": f"dns/answers/{n}/rdata" for n in range(8)},
    "flow_start": "flow/start",
    "flow_in": "flow/bytes_toclient",
    "flow_out": "flow/bytes_toserver",
    "flow_state": "flow/state",
    "flow_action": "flow/action",
    "dhcp_kind": "dhcp/dhcp_type",
    "dhcp_mac": "dhcp/client_mac",
    "dhcp_ip": "dhcp/assigned_ip",
    "dhcp_name": "dhcp/hostname",
    "dhcp_seconds": "dhcp/lease_time",
}
CLASSES = {
    "http": "http_requests",
    "tls": "http_requests",
    "flow": "connections",
    "dns": "dns_queries",
}
ANSWERS = ["answer", "response"]
IS_LEASE = (
    (pl.col("type") == "dhcp")
    & (pl.col("dhcp_kind") == "ack")
    & ~pl.col("dhcp_ip").str.starts_with("0.")
).fill_null(value=False)
IS_SYSTEM = pl.col("event_class") == "system_events"

REJECT_RULES = {
    "not a JSON object": pl.col("is_object"),
    "no event type": pl.col("kind").is_not_null(),
    "the timestamp cannot be read": pl.col("time").is_not_null(),
    "the source is not an address": pl.col("src_ip").is_not_null() | IS_SYSTEM,
    "the flow does not say when it began": pl.col("start_time").is_not_null()
    | (pl.col("event_class") != "connections"),
    "a lease without an address or a MAC": (
        pl.col("ip").is_not_null() & pl.col("mac").is_not_null()
    )
    | (pl.col("event_class") != "leases"),
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match an object with `event_type` and, except for statistics, a flow."""
    return (
        line.str.contains(r'^[ \t]*\{.{0,40}"timestamp"\s*:')
        & line.str.contains(r'"event_type"\s*:\s*"')
        & line.str.contains(r'"(?:flow_id|dest_ip|stats|engine)"\s*:')
    )


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of the five classes; each event has those of its class."""
    stamp = clock.iso(pl.col("stamp"), context.reading)
    kind = pl.col("type")
    return (
        with_fields(batch, FIELDS)
        .with_columns(
            event_class=pl.when(IS_LEASE)
            .then(pl.lit("leases"))
            .otherwise(
                kind.replace_strict(CLASSES, default="system_events", return_dtype=pl.String)
            ),
            time=stamp.time,
            time_quality=stamp.quality,
            kind=null_if_dash(kind),
            reported_by=name(pl.col("sensor")),
            message=pl.col("line"),
            start_time=pl.when(kind == "flow")
            .then(clock.iso(pl.col("flow_start"), context.reading).time)
            .otherwise(stamp.time),
        )
        .with_columns(*sides())
        .with_columns(*web(), *flow(), *lookup(), *lease())
        .with_columns(disposition=disposition(), extras=extras())
    )


def extras() -> pl.Expr:
    """Return the flow's id, except where it has a column, and what has none."""
    kind = pl.col("type")
    return json_text(
        flow_id=pl.when(kind != "flow").then(pl.col("flow_id")),
        forwarded_for=null_if_dash(pl.col("http_xff")),
        tls_subject=pl.when(kind == "tls").then(null_if_dash(pl.col("tls_subject"))),
        flow_state=pl.when(kind == "flow").then(pl.col("flow_state")),
        dns_id=pl.when(kind == "dns").then(pl.col("dns_id")),
    )


def sides() -> list[pl.Expr]:
    """Return client and server; a DNS answer comes from the server."""
    turned = (
        pl.col("dns_type").is_in(ANSWERS)
        & (pl.col("sender_port") == "53")
        & (pl.col("type") == "dns")
    ).fill_null(value=False)
    asker = pl.when(turned).then("receiver").otherwise("sender")
    asker_port = pl.when(turned).then("receiver_port").otherwise("sender_port")
    return [
        address(asker).alias("src_ip"),
        port(asker_port).alias("src_port"),
        pl.when(~turned).then(mac(pl.col("ether_src"))).alias("src_mac"),
        address(pl.col("receiver")).alias("dst_ip"),
    ]


def web() -> list[pl.Expr]:
    """Return columns of `http_requests`; a TLS line knows the host only."""
    is_tls = pl.col("type") == "tls"
    verb, host, asked = (pl.col(f"http_{part}") for part in ("method", "host", "url"))
    at_port = pl.col("http_port")
    plain = pl.when(~is_tls & ~is_tunnel(verb)).then(pl.lit("http"))
    server_name = name(pl.col("tls_sni"))
    return [
        null_if_dash(verb).str.to_uppercase().alias("method"),
        pl.when(is_tls).then(pl.lit("https")).otherwise(plain).alias("url_scheme"),
        pl.coalesce(host_asked(verb, host, asked), server_name).alias("url_hostname"),
        whole_url(host, at_port, asked).alias("url"),
        port_asked(verb, asked, pl.col("receiver_port")).alias("dst_port"),
        to_int(pl.col("http_status"), 3).cast(pl.Int16).alias("status_code"),
        media_type(pl.col("http_type")).alias("content_type"),
        hostname(null_if_dash(pl.col("http_refer"))).alias("referrer_hostname"),
        null_if_dash(pl.col("http_agent")).alias("user_agent"),
    ]


def flow() -> list[pl.Expr]:
    """Return columns of `connections`, and the bytes that a response held."""
    return [
        protocol(pl.col("proto")).alias("protocol"),
        pl.when(pl.col("app_proto") != "failed").then("app_proto").alias("application"),
        to_int(pl.coalesce("flow_in", "http_length")).alias("bytes_in"),
        to_int(pl.col("flow_out")).alias("bytes_out"),
        pl.col("flow_id").alias("connection_uid"),
    ]


def lookup() -> list[pl.Expr]:
    """Return columns of `dns_queries`."""
    answers = pl.concat_str(
        null_if_dash(pl.col("dns_data")),
        *(f"answer_{n}" for n in range(8)),
        separator=",",
        ignore_nulls=True,
    )
    return [
        name(pl.coalesce("dns_name", "dns_name_3")).alias("query_name"),
        null_if_dash(pl.coalesce("dns_rrtype", "dns_rrtype_3")).alias("query_type"),
        null_if_dash(pl.col("dns_code")).alias("response_code"),
        null_if_dash(answers).alias("answers"),
    ]


def lease() -> list[pl.Expr]:
    """Return columns of `leases`."""
    seconds = pl.duration(seconds=to_int(pl.col("dhcp_seconds"), 10), time_unit="us")
    return [
        pl.lit("assign").alias("action"),
        address(pl.col("dhcp_ip")).alias("ip"),
        mac(pl.col("dhcp_mac")).alias("mac"),
        name(pl.col("dhcp_name")).alias("hostname"),
        (pl.col("time") + seconds).alias("lease_end_time"),
    ]


def disposition() -> pl.Expr:
    """Return blocked if Suricata blocked it; otherwise allowed if an answer was seen."""
    answered = (
        (pl.col("type") == "tls")
        | (pl.col("response_code") == "NOERROR")
        | (to_int(pl.col("flow_in")) > 0)
    )
    return (
        pl.when(pl.col("flow_action") == "drop")
        .then(pl.lit("blocked"))
        .when(answered)
        .then(pl.lit("allowed"))
        .otherwise(seen(pl.col("status_code")))
    )


FORMAT = Format(
    name="suricata_eve",
    product="Suricata",
    event_classes=("http_requests", "connections", "dns_queries", "leases", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    may_lack={"url_hostname": pl.lit(value=True)},
)
