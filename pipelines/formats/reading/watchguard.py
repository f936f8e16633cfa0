"""WatchGuard's own syslog lines, as the keys that its LEEF has.

    ... firewall: msg_id="3000-0148" Allow 1-Trusted 0-External 52 tcp 20 127 SRC DST
        50354 443 offset 8 S 1 win 4 geo_dst="USA" src_user="ada@radius" (HTTPS-00)
    ... https-proxy[812]: msg_id="2CFF-0000" Allow Trusted WAN tcp SRC DST 50354 443
        msg="HTTPS Request" sni="www.example.org" sent_bytes="604" (HTTPS-proxy-00)

The packet stands first, by position; names of interfaces may hold blanks. A site
can not write a quote into a value; a key that still comes twice says nothing.
"""

import polars as pl

from pipelines import clock
from pipelines.clock import Reading
from pipelines.formats.reading.fields import known

WRITTEN = (
    r"[A-Za-z][A-Za-z0-9_-]*(?:\[[0-9]*\])?: "
    r'msg_id="([0-9A-F]{4}-?[0-9A-F]{4})" '
)
MESSAGE = rf"(?:^|[ >]){WRITTEN}"
IP = "[0-9a-fA-F:.]{3,39}"
PACKET = (
    r"^([A-Z][A-Za-z]{2,15}) (.+?) (?:[0-9]{1,5} )?([a-z][a-z0-9/-]*|[0-9]{1,3}) "
    rf"(?:[0-9]{{1,3}} [0-9]{{1,3}} )?({IP}) ({IP})(?: ([0-9]{{1,5}}) ([0-9]{{1,5}}))?"
    r"(?: .*)?$"
)
POLICY = r"\(([^()]*)\) *$"
MOBILE = (
    r"^(Mobile VPN[a-zA-Z ]*) user ([^ ]+) logged (in|out)\. "
    r"(.*?)Real IP address is ([0-9a-fA-F.:]*[0-9a-fA-F])\.?.*$"
)
UTC_STAMP = r" \(([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8})\) "
SAME_CLOCK = pl.duration(minutes=5)
BY_PLACE = {
    "disp": "1", "in_if": "2", "proto": "3", "src": "4", "dst": "5", "srcPort": "6",
    "dstPort": "7",
}  # fmt: skip
BY_NAME = {
    "proxy_act": ("proxy_act",), "op": ("op",), "dstname": ("dstname", "sni"),
    "arg": ("arg",), "sent_bytes": ("sent_bytes",), "rcvd_bytes": ("rcvd_bytes",),
    "elapsed_time": ("elapsed_time",), "duration": ("duration",),
    "app_name": ("app_name",), "app_cat_name": ("app_cat_name",), "cats": ("cats",),
    "src_user": ("src_user",), "query_type": ("query_type", "record_type"),
    "question": ("question",), "srcPostNAT": ("src_ip_nat",),
    "srcPortPostNAT": ("src_port_nat",), "userAgent": ("userAgent", "user_agent"),
}  # fmt: skip


def is_native(line: pl.Expr) -> pl.Expr:
    """A process of the Firebox and the number of its message."""
    return line.str.contains(MESSAGE)


def with_native(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Fill the `key_` columns, `vendor`, `event_id` and `fields` of native lines.

    Adds `native_time`, where the line holds its stamp in UTC as well and the header
    shows the same clock.
    """
    line = pl.col("line").str.strip_chars("\r\n\x00 ")
    native = pl.when(is_native(line)).then(line)
    body = native.str.replace(f"^.*?{WRITTEN}", "")
    utc = clock.iso(native.str.extract(UTC_STAMP, 1), Reading("UTC")).time
    is_same = (utc - pl.col("syslog_time")).abs() <= SAME_CLOCK
    return (
        lines.with_columns(
            native=body,
            event_id=pl.coalesce("event_id", native.str.extract(MESSAGE, 1)),
            native_time=pl.when(is_same).then(utc),
        )
        .with_columns(packet=pl.col("native").str.extract_groups(PACKET))
        .with_columns(
            vendor=pl.when(pl.col("native").is_not_null())
            .then(pl.lit("WatchGuard"))
            .otherwise("vendor"),
            fields=pl.coalesce("fields", "native"),
            **_keys(),
        )
        .drop("packet")
    )


def _keys() -> dict[str, pl.Expr]:
    native, packet = pl.col("native"), pl.col("packet").struct
    by_place = {key: packet.field(at) for key, at in BY_PLACE.items()}
    by_name = {
        key: pl.coalesce(known(_quoted(native, name)) for name in names)
        for key, names in BY_NAME.items()
    }
    is_packet = packet.field("1").is_not_null()
    has_ports = packet.field("3").is_in(["tcp", "udp", "6", "17", "sctp"])
    for key in ("srcPort", "dstPort"):
        by_place[key] = pl.when(has_ports).then(by_place[key])
    text = native.str.replace(MOBILE, "$1 user $2 from $5 logged $3. $4")
    said = pl.when(is_packet).then(_quoted(native, "msg")).otherwise(text)
    more = {"policy": native.str.extract(POLICY, 1), "msg": said}
    # a packet that no policy rewrote wears its own address
    worn = by_name["srcPostNAT"]
    by_name["srcPostNAT"] = pl.when(worn != "0.0.0.0").then(worn)  # noqa: S104
    return {
        f"key_{key}": pl.coalesce(f"key_{key}", found)
        for key, found in {**by_place, **by_name, **more}.items()
    }


def _quoted(text: pl.Expr, name: str) -> pl.Expr:
    count = text.str.count_matches(f' {name}="', literal=True)
    return pl.when(count == 1).then(text.str.extract(f' {name}="([^"]*)"', 1))
