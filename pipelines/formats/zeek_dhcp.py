"""Zeek `dhcp.log`: one line for each exchange, text or JSON.

    1772460005.1  CAbc1,CAbc2  10.20.4.17  10.20.0.1  02:00:5e:00:53:17  chr-17
    -  example.org  10.20.4.17  10.20.4.17  3600.0  -  -  DISCOVER,OFFER,...  0.1

(tabs, one line in the log). `ts` is the first message. Only an ACK proves an
address: with DISCOVER before it the address is new, without it is renewed. An
exchange without ACK, release or decline, and an INFORM, give no lease and become
`system_events`. Before version 3 the log has the two ends, `assigned_ip` and no
message types, and each line is an ACK; a lease time of 0 there answers an INFORM.
"""

import polars as pl

from pipelines.formats import Context, Format
from pipelines.formats.reading import zeek as _zeek
from pipelines.formats.reading.fields import address, mac, name
from pipelines.formats.reading.flows import somewhere
from pipelines.formats.reading.json import json_text

FIELDS = {
    "ts": "ts",
    "uids": "uids",
    "uid": "uid",
    "mac_text": "mac",
    "assigned_addr": "assigned_addr",
    "assigned_ip": "assigned_ip",
    "client_addr": "client_addr",
    "server_addr": "server_addr",
    "host_name": "host_name",
    "client_fqdn": "client_fqdn",
    "lease_time": "lease_time",
    "messages": "msg_types",
}
SETS = ["uids", "messages"]
IS_LEASE = pl.col("event_class") == "leases"
PROOF = ["mac", "lease_time"]
"""Fields that, of all logs, this one alone has."""

KEYS = ["mac"]

REJECT_RULES = {
    **_zeek.REJECT_RULES,
    "a lease without an address": pl.col("ip").is_not_null() | ~IS_LEASE,
    "a lease without a MAC": pl.col("mac").is_not_null() | ~IS_LEASE,
}


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a MAC behind two addresses, or behind two ends in the old layout."""
    station = r"[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}\t"
    new = _zeek.STAMP + r"[0-9A-Za-z,]+\t(?:-|[0-9.]+)\t(?:-|[0-9.]+)\t" + station
    as_text = line.str.contains(new) | line.str.contains(_zeek.PAIR + station)
    return as_text | _zeek.has_keys(line, "uids", "msg_types") | _zeek.names_all(line, *PROOF)


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of `leases` and `system_events`."""
    stamp = _zeek.stamp(context.reading)
    return (
        _zeek.with_fields(batch, context, FIELDS, sets=SETS, proof=PROOF, keys=KEYS)
        .with_columns(
            time=stamp.time,
            time_quality=stamp.quality,
            action=action(),
            mac=mac(pl.col("mac_text")),
            hostname=name(pl.coalesce("host_name", "client_fqdn")),
            kind=pl.lit("dhcp"),
            reported_by=address(pl.col("server_addr")),
            message=pl.col("line"),
        )
        .with_columns(
            event_class=pl.when(pl.col("action").is_not_null())
            .then(pl.lit("leases"))
            .otherwise(pl.lit("system_events")),
            ip=address_of(),
            lease_end_time=pl.col("time") + lease_time(),
            extras=json_text(
                uid=pl.coalesce("uids", "uid"),
                server=pl.col("server_addr"),
                messages=pl.col("messages"),
            ),
        )
    )


def action() -> pl.Expr:
    """Return the result of the exchange's messages; null for no lease."""
    says = {
        word: pl.concat_str(pl.lit(","), "messages", pl.lit(",")).str.contains(
            f",{word},", literal=True
        )
        for word in ("DISCOVER", "REQUEST", "ACK", "RELEASE", "DECLINE", "NAK")
    }
    is_old = pl.col("messages").is_null() & pl.col("assigned_ip").is_not_null()
    is_given = says["ACK"] & ~says["NAK"]
    return (
        pl.when(is_old)
        .then(pl.when(lease_time().is_null()).then(pl.lit("renew")).otherwise(pl.lit("assign")))
        .when(says["RELEASE"])
        .then(pl.lit("release"))
        .when(says["DECLINE"])
        .then(pl.lit("decline"))
        .when(is_given & says["DISCOVER"])
        .then(pl.lit("assign"))
        .when(is_given & says["REQUEST"])
        .then(pl.lit("renew"))
    )


def address_of() -> pl.Expr:
    """Return the address given; of one given back, the client's own."""
    given = pl.coalesce(address(pl.col("assigned_addr")), address(pl.col("assigned_ip")))
    own = address(pl.col("client_addr"))
    is_back = pl.col("action").is_in(["release", "decline"])
    return somewhere(pl.when(is_back).then(pl.coalesce(own, given)).otherwise(given))


def lease_time() -> pl.Expr:
    """Return null for zero, which is not a lease, and beyond ten digits."""
    digits = pl.col("lease_time").str.extract(r"^([0-9]{1,10})(?:\.[0-9]+)?$", 1)
    count = digits.cast(pl.Int64, strict=False)
    return pl.when(count > 0).then(pl.duration(seconds=count, time_unit="us"))


FORMAT = Format(
    name="zeek_dhcp",
    product="Zeek",
    event_classes=("leases", "system_events"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    columns=_zeek.COLUMNS,
    comment=_zeek.is_comment,
    header=_zeek.is_header,
)
