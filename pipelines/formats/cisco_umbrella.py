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

from collections.abc import Sequence

import polars as pl

from pipelines import clock
from pipelines.clock import Reading, Stamp
from pipelines.formats import Context, Format
from pipelines.formats.reading.csv import cell, cells, width
from pipelines.formats.reading.fields import address, null_if_dash, word_of
from pipelines.formats.reading.flows import somewhere
from pipelines.formats.reading.table import PREFIX, by_name, value
from pipelines.formats.reading.web import PORT_OF_URL

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
PLACES = {
    "time": {"web": 0, "dns": 0, "ip": 0, "firewall": 0},
    "identity": {"web": 1, "dns": 1, "ip": 1, "firewall": 2},
    "inside": {"web": 2, "dns": 3, "ip": 2, "firewall": 7},
    "outside": {"web": 3, "dns": 4},
    "target": {"web": 4, "ip": 4, "firewall": 9},
    "from_port": {"ip": 3, "firewall": 8},
    "to_port": {"ip": 5, "firewall": 10},
    "direction": {"firewall": 4},
    "protocol": {"firewall": 5},
    "action": {"web": 6, "dns": 5, "firewall": 13},
    "mime": {"web": 5},
    "url": {"web": 7},
    "referrer": {"web": 8},
    "agent": {"web": 9},
    "status": {"web": 10},
    "sent": {"web": 11},
    "received": {"web": 12},
    "method": {"web": 25},
    "type": {"dns": 6},
    "response": {"dns": 7},
    "name": {"dns": 8},
    "categories": {"web": 15, "dns": 9, "ip": 6},
    "identity_type": {"web": 21, "dns": 10, "ip": 7, "firewall": 3},
    "blocked_categories": {"web": 22, "dns": 12},
    "identities": {"web": 23, "dns": 2},
    "identity_types": {"web": 24, "dns": 11},
}
"""Columns of each of the four logs, from 0."""


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


def split(batch: pl.LazyFrame, context: Context, names: Sequence[str]) -> pl.LazyFrame:
    """Cut the columns, whose places depend on the log."""
    del context
    return (
        batch.with_columns(cells=cells(pl.col("line")))
        .with_columns(record=record())
        .with_columns(
            is_in_place=in_place(),
            **{
                f"{PREFIX}{name}": pl.coalesce(
                    pl.when(kind == RECORD).then(cell(at)) for kind, at in PLACES[name].items()
                )
                for name in names
            },
        )
    )


def identity(types: list[str]) -> pl.Expr:
    """Return the first identity of one of the types, the policy's own one before others."""
    policy_identity = pl.when(value("identity_type").is_in(types)).then(value("identity"))
    names, kinds = (value(key).str.split(",") for key in ("identities", "identity_types"))
    fits = kinds.list.eval(pl.element().str.strip_chars(" ").is_in(types))
    listed = pl.when(fits.list.any() & (names.list.len() == kinds.list.len())).then(
        names.list.get(fits.list.arg_max(), null_on_oob=True)
    )
    return pl.coalesce(policy_identity, listed).str.strip_chars(" ")


ACTION, DIRECTION = value("action").str.to_lowercase(), value("direction").str.to_lowercase()
INSIDE, OUTSIDE = address(value("inside")), address(value("outside"))
LABEL = identity(USERS)

FORMAT = Format(
    name="cisco_umbrella",
    product="Cisco Umbrella",
    name_proof="recorded",
    event_classes=("http_requests", "dns_queries", "connections"),
    looks_like=looks_like,
    split=split,
    stamp=lambda _: Stamp(
        clock.civil(
            value("time").str.strip_chars("\ufeff"), "%Y-%m-%d %H:%M:%S", Reading("UTC")
        ).time,
        pl.lit("exact"),
    ),
    fields={
        "user_name": pl.coalesce(LABEL.str.extract(r"\(([^()]+)\)$", 1), LABEL),
        "src_hostname": identity(COMPUTERS),
        "src_port": "from_port",
        "dst_ip": "target",
        "dst_port": pl.coalesce(value("to_port"), value("url").str.extract(PORT_OF_URL, 1)),
        "protocol": "protocol",
        "url": "url",
        "url_scheme": value("url")
        .str.extract("^([a-zA-Z][a-zA-Z0-9+.-]*)://", 1)
        .str.to_lowercase(),
        "method": "method",
        "status_code": "status",
        "bytes_out": "sent",
        "bytes_in": "received",
        "content_type": "mime",
        "referrer_hostname": "referrer",
        "user_agent": "agent",
        "category": "categories",
        "query_name": "name",
        "query_type": value("type").str.extract(r"\((.+)\)$", 1),
        "response_code": "response",
    },
    classes={
        "http_requests": RECORD.fill_null("web") == "web",
        "dns_queries": RECORD == "dns",
        "connections": RECORD.is_in(["ip", "firewall"]),
    },
    more={
        "src_ip": pl.coalesce(somewhere(INSIDE), OUTSIDE),
        "direction": pl.when(DIRECTION.is_in(["inbound", "outbound"])).then(DIRECTION),
        "disposition": word_of(
            ("blocked", ACTION.str.contains("^block")),
            ("allowed", ACTION.str.contains("^(?:allow|.*proxied)")),
        ),
    },
    extras={
        "external_ip": pl.when(somewhere(INSIDE) != OUTSIDE).then(OUTSIDE),
        **by_name("identity", "identity_type", "blocked_categories"),
    },
    must={
        "quotes do not match": pl.col("cells").is_not_null(),
        "{columns} columns, not those of this log": RECORD.is_not_null(),
        "{columns} columns, not in the places of this log": pl.col("is_in_place"),
        "source is not an address": null_if_dash(value("inside")).is_null() | INSIDE.is_not_null(),
        "action is none of allowed, blocked, proxied": pl.col("disposition").is_not_null()
        | (RECORD == "ip"),
    },
    required={"connections": ("dst_ip",)},
    comment=is_header,
    columns=width(),
)
