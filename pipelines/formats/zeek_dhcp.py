"""Zeek `dhcp.log`: one line for each exchange, text or JSON.

    1772460005.1  CAbc1,CAbc2  10.20.4.17  10.20.0.1  02:00:5e:00:53:17  chr-17
    -  example.org  10.20.4.17  10.20.4.17  3600.0  -  -  DISCOVER,OFFER,...  0.1

(tabs, one line in the log). `ts` is the first message. Only an ACK proves an
address: with DISCOVER before it the address is new, without it is renewed. An
exchange without ACK, release or decline, and an INFORM, give no lease and become
`system_events`. Before version 3 the log has the two ends, `assigned_ip` and no
message types, and each line is an ACK; a lease time of 0 there answers an INFORM.
"""

from functools import partial

import polars as pl

from pipelines.formats import Format
from pipelines.formats.reading import zeek
from pipelines.formats.reading.fields import address, to_int, word_of
from pipelines.formats.reading.flows import somewhere
from pipelines.formats.reading.json import json_text
from pipelines.formats.reading.table import value

PROOF = ["mac", "lease_time"]
"""Fields that, of all logs, this one alone has."""

KEYS = ["mac"]
MESSAGES = pl.concat_str(pl.lit(","), value("msg_types"), pl.lit(","))
IS_DISCOVER, IS_REQUEST, IS_ACK, IS_RELEASE, IS_DECLINE, IS_NAK = (
    MESSAGES.str.contains(f",{word},", literal=True)
    for word in ("DISCOVER", "REQUEST", "ACK", "RELEASE", "DECLINE", "NAK")
)
IS_OLD = value("msg_types").is_null() & value("assigned_ip").is_not_null()
LEASE_TIME = value("lease_time").str.extract(r"^([0-9]{1,10})(?:\.[0-9]+)?$", 1)
SECONDS = to_int(LEASE_TIME.replace("0", None), 10)
ACTION = word_of(
    ("renew", IS_OLD & SECONDS.is_null()),
    ("assign", IS_OLD),
    ("release", IS_RELEASE),
    ("decline", IS_DECLINE),
    ("assign", IS_ACK & ~IS_NAK & IS_DISCOVER),
    ("renew", IS_ACK & ~IS_NAK & IS_REQUEST),
)
"""The result of the exchange's messages; null for no lease."""

GIVEN = pl.coalesce(address(value("assigned_addr")), address(value("assigned_ip")))
RETURNED = pl.coalesce(address(value("client_addr")), GIVEN)


def looks_like(line: pl.Expr) -> pl.Expr:
    """Match a MAC behind two addresses, or behind two ends in the old layout."""
    station = r"[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}\t"
    new = zeek.STAMP + r"[0-9A-Za-z,]+\t(?:-|[0-9.]+)\t(?:-|[0-9.]+)\t" + station
    as_text = line.str.contains(new) | line.str.contains(zeek.PAIR + station)
    return as_text | zeek.has_keys(line, "uids", "msg_types") | zeek.names_all(line, *PROOF)


FORMAT = Format(
    name="zeek_dhcp",
    product="Zeek",
    event_classes=("leases", "system_events"),
    looks_like=looks_like,
    split=partial(zeek.split, sets=["uids", "msg_types"], proof=PROOF, keys=KEYS),
    stamp=zeek.stamp,
    fields={"mac": "mac", "hostname": ("host_name", "client_fqdn"), "action": ACTION},
    classes={"leases": pl.col("action").is_not_null()},
    more={
        "ip": somewhere(
            pl.when(pl.col("action").is_in(["release", "decline"])).then(RETURNED).otherwise(GIVEN)
        ),
        "lease_end_time": pl.col("time") + pl.duration(seconds=SECONDS, time_unit="us"),
        "kind": pl.lit("dhcp"),
        "reported_by": address(value("server_addr")),
        "extras": json_text(
            uid=value("uids", "uid"), server=value("server_addr"), messages=value("msg_types")
        ),
    },
    must=zeek.REJECT_RULES,
    required={"leases": ("mac",)},
    columns=zeek.COLUMNS,
    comment=zeek.is_comment,
    header=zeek.is_header,
)
