"""Cisco Umbrella's exported logs: web, DNS, cloud firewall and IP layer.

    "2026-11-02 14:15:00","Ada (ada@example.org)","192.0.2.17","203.0.113.1",
    "198.51.100.7","text/html","ALLOWED","https://www.example.org/a",...

(one line). CSV without a header line, or with one that an option of the export adds; the columns
show which of the four logs a line belongs to. Newer versions append columns. Timestamps are UTC.
An identity is a user, a computer, a network or a site, and only its type distinguishes them. A
user's label is `Name (account)`; only the account is kept. One field may list several identities
and another their types; where the numbers differ, as when a name contains a comma, no one is
named. Without an agent the inside address is missing; then the outside one is used instead.
"""

import polars as pl

from pipelines import clock
from pipelines.clock import Reading
from pipelines.formats import Context, Format
from pipelines.formats.reading.csv import cell, cells, width
from pipelines.formats.reading.fields import (
    MAX_URL,
    account,
    address,
    hostname,
    media_type,
    name,
    null_if_dash,
    port,
    to_int,
    word_of,
)
from pipelines.formats.reading.flows import protocol, somewhere
from pipelines.formats.reading.keyvalue import json_of

RECORD = pl.col("record")

DAY = r'^[\x{feff}]?"?[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"?,'
IP, TEXT = '"[0-9a-fA-F.:]*",', '"(?:[^"]|"")*",'
SHAPES = [
    rf'{DAY}{TEXT}{IP}{IP}{IP}{TEXT}"[A-Z-]*",',
    rf'{DAY}{TEXT}{TEXT}{IP}{IP}"[A-Za-z ]*","[0-9]+ \(',
    rf'{DAY}{TEXT}{IP}"[0-9]*",{IP}"[0-9]*","(?:[^"]|"")*"(?:,"[A-Za-z ]*")?$',
    rf'{DAY}"?\[[0-9]+\]"?,',
    r'(?i)^[\x{feff}]?"?timestamp"?,(?:[^,]*,){0,2}"?[^,]*identit(?:y|ies)\b',
]
USERS = [
    "AD Users", "AD User", "Directory Users", "Directory User", "Users", "SAML Users",
]  # fmt: skip
COMPUTERS = [
    "Roaming Computers", "Roaming Computer", "Anyconnect Roaming Client",
    "AD Computers", "Chromebooks", "Mobile Devices", "Network Devices",
]  # fmt: skip
CLASSES = {
    "web": "http_requests",
    "dns": "dns_queries",
    "ip": "connections",
    "firewall": "connections",
}

PLACES = {
    "identity": {"web": 1, "dns": 1, "ip": 1, "firewall": 2},
    "inside": {"web": 2, "dns": 3, "ip": 2, "firewall": 7},
    "outside": {"web": 3, "dns": 4},
    "target": {"web": 4, "ip": 4, "firewall": 9},
    "from_port": {"ip": 3, "firewall": 8},
    "to_port": {"ip": 5, "firewall": 10},
    "action": {"web": 6, "dns": 5, "firewall": 13},
    "categories": {"web": 15, "dns": 9, "ip": 6},
    "identity_type": {"web": 21, "dns": 10, "ip": 7, "firewall": 3},
    "blocked_categories": {"web": 22, "dns": 12},
    "identities": {"web": 23, "dns": 2},
    "identity_types": {"web": 24, "dns": 11},
}

REJECT_RULES = {
    "quotes do not match": pl.col("cells").is_not_null(),
    "{columns} columns, not those of an Umbrella log": RECORD.is_not_null(),
    "{columns} columns, not in the places of this log": pl.col("is_in_place"),
    "time is not a UTC stamp": pl.col("time").is_not_null(),
    "source is not an address": pl.col("src_ip").is_not_null()
    & (null_if_dash(pl.col("raw_inside")).is_null() | pl.col("is_inside")),
    "action is none of allowed, blocked, proxied": pl.col("disposition").is_not_null()
    | (RECORD == "ip"),
    "no host in the URL": (RECORD != "web") | pl.col("url_hostname").is_not_null(),
    "no name asked for": (RECORD != "dns") | pl.col("query_name").is_not_null(),
    "target is not an address": ~RECORD.is_in(["ip", "firewall"]) | pl.col("dst_ip").is_not_null(),
}


def record() -> pl.Expr:
    """Return the name of the log, null where the columns fit none."""
    width = pl.col("cells").list.len()
    return word_of(
        ("dns", (width >= 10) & cell(6).str.contains(r"^[0-9]+ \(.+\)$")),
        ("web", (width >= 22) & cell(6).str.contains(r"^[A-Z][A-Z _-]+$")),
        ("ip", width.is_between(7, 8) & cell(3).str.contains("^[0-9]{1,5}$")),
        ("firewall", (width >= 14) & cell(5).str.contains("^[0-9]{1,3}$")),
    )


def in_place() -> pl.Expr:
    """Match columns with recognizable content at their places; `9` is the agent, `10` a status."""
    is_web = (
        cell(7).str.contains("^[a-zA-Z][a-zA-Z0-9+.-]*://|^$")
        & ~cell(9).str.contains("^[0-9]{3}$")
        & cell(10).str.contains("^[0-9]{3}$|^$")
        & cell(11).str.contains("^[0-9]*$")
        & ~cell(14).str.contains("^[0-9]{1,12}$")
    )
    is_dns = cell(7).str.contains("^[A-Z0-9_]*$") & (
        cell(8).str.contains(".", literal=True) | (cell(8) == "")
    )
    return (
        pl.when(RECORD == "web")
        .then(is_web)
        .when(RECORD == "dns")
        .then(is_dns)
        .otherwise(RECORD.is_not_null())
    )


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match one of the four layouts, or the header line above them."""
    return pl.any_horizontal(line.str.contains(shape) for shape in SHAPES)


def is_header(line: pl.Expr) -> pl.Expr:
    """Match the optional first line; positions are fixed without it."""
    return line.str.contains(r'(?i)^[\x{feff}]?"?timestamp"?,')


def read(batch: pl.LazyFrame, context: Context) -> pl.LazyFrame:
    """Add the columns of the event class that the line's layout belongs to."""
    del context  # all stamps are UTC
    stamp = cell(0).str.strip_chars("\ufeff")
    return (
        batch.with_columns(cells=cells(pl.col("line")))
        .with_columns(record=record())
        .with_columns(is_in_place=in_place())
        .with_columns(
            event_class=RECORD.replace_strict(
                CLASSES, default="http_requests", return_dtype=pl.String
            ),
            **{
                f"raw_{key}": pl.coalesce(
                    [pl.when(RECORD.eq(kind)).then(cell(at)) for kind, at in places.items()]
                )
                for key, places in PLACES.items()
            },
        )
        .with_columns(
            time=clock.civil(stamp, "%Y-%m-%d %H:%M:%S", Reading("UTC")).time,
            time_quality=pl.lit("exact"),
            **_who(),
            **_web(),
            **_flow(),
        )
        .with_columns(**_dns(), start_time=pl.col("time"), extras=_extras())
    )


def _raw(key: str) -> pl.Expr:
    return pl.col(f"raw_{key}")


def _who() -> dict[str, pl.Expr]:
    """Return the source: its address, and the user and computer among its identities."""
    inside, outside = address(_raw("inside")), address(_raw("outside"))
    label = _identity(USERS)
    in_label = label.str.extract(r"\(([^()]+)\)$", 1)
    return {
        "is_inside": inside.is_not_null(),
        "src_ip": pl.coalesce(somewhere(inside), outside),
        "user_name": account(pl.coalesce(in_label, label)),
        "src_hostname": name(_identity(COMPUTERS)),
    }


def _identity(types: list[str]) -> pl.Expr:
    """Return the first identity of one of the types, the policy's own one before others."""
    own = pl.when(_raw("identity_type").is_in(types)).then(_raw("identity"))
    names, kinds = (_raw(key).str.split(",") for key in ("identities", "identity_types"))
    fits = kinds.list.eval(pl.element().str.strip_chars(" ").is_in(types))
    found = pl.when(fits.list.any() & (names.list.len() == kinds.list.len())).then(
        names.list.get(fits.list.arg_max(), null_on_oob=True)
    )
    return pl.coalesce(own, found).str.strip_chars(" ")


def _web() -> dict[str, pl.Expr]:
    is_web = RECORD == "web"
    url = pl.when(is_web).then(cell(7))
    return {
        "url": url.str.slice(0, MAX_URL),
        "url_scheme": url.str.extract("^([a-zA-Z][a-zA-Z0-9+.-]*)://", 1).str.to_lowercase(),
        "url_hostname": hostname(url),
        "method": pl.when(is_web).then(null_if_dash(cell(25))).str.to_uppercase(),
        "status_code": pl.when(is_web).then(to_int(cell(10), 3)).cast(pl.Int16),
        "bytes_out": pl.when(is_web).then(to_int(cell(11))),
        "bytes_in": pl.when(is_web).then(to_int(cell(12))),
        "content_type": pl.when(is_web).then(media_type(cell(5))),
        "referrer_hostname": pl.when(is_web).then(hostname(null_if_dash(cell(8)))),
        "user_agent": pl.when(is_web).then(null_if_dash(cell(9))),
    }


def _flow() -> dict[str, pl.Expr]:
    way = pl.when(RECORD == "firewall").then(cell(4)).str.to_lowercase()
    said = _raw("action").str.to_lowercase()
    url_port = pl.when(RECORD == "web").then(
        cell(7).str.extract(r"^[a-zA-Z]+://[^/?#]*:([0-9]{1,5})(?:[/?#]|$)", 1)
    )
    return {
        "dst_ip": address(_raw("target")),
        "src_port": port(_raw("from_port")),
        "dst_port": port(pl.coalesce(_raw("to_port"), url_port)),
        "protocol": pl.when(RECORD == "firewall").then(protocol(cell(5))),
        "direction": pl.when(way.is_in(["inbound", "outbound"])).then(way),
        "category": null_if_dash(_raw("categories")),
        "disposition": pl.when(said.str.contains("^block"))
        .then(pl.lit("blocked"))
        .when(said.str.contains("^(?:allow|.*proxied)"))
        .then(pl.lit("allowed")),
    }


def _dns() -> dict[str, pl.Expr]:
    is_dns = RECORD == "dns"
    return {
        "query_name": pl.when(is_dns).then(name(cell(8))),
        "query_type": pl.when(is_dns).then(cell(6).str.extract(r"\((.+)\)$", 1)),
        "response_code": pl.when(is_dns).then(null_if_dash(cell(7))),
    }


def _extras() -> pl.Expr:
    """Return the address outside, and the identity where it names no user."""
    outside = address(_raw("outside"))
    fields = [
        pl.when(pl.col("src_ip") != outside).then(outside).alias("external_ip"),
        *(
            null_if_dash(_raw(key)).alias(key)
            for key in ("identity", "identity_type", "blocked_categories")
        ),
    ]
    return json_of(fields)


FORMAT = Format(
    name="cisco_umbrella",
    product="Cisco Umbrella",
    name_proof="recorded",
    event_classes=("http_requests", "dns_queries", "connections"),
    looks_like=looks_like,
    read=read,
    must=REJECT_RULES,
    comment=is_header,
    columns=width(),
)
