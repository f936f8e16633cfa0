"""Columns of a PAN-OS log by the kind of line, its clock, and its logons.

Positions count from 0, the reserved first column. New versions append columns,
so a position holds for all of them.
"""

from collections.abc import Mapping

import polars as pl

from pipelines import clock
from pipelines.clock import Reading, Stamp
from pipelines.formats.reading.csv import cell
from pipelines.formats.reading.fields import account, address, known, name
from pipelines.formats.reading.flows import is_machine, seconds, somewhere

WIDTHS = {"traffic": 46, "url": 42, "vpn": 36, "mapping": 20}
"""The fewest columns that any version writes."""

PLACES: Mapping[str, Mapping[str, int]] = {
    "generated": {"traffic": 6, "url": 6, "vpn": 6, "mapping": 6},
    "source": {"traffic": 7, "url": 7, "vpn": 15, "mapping": 8},
    "source_v6": {"vpn": 16},
    "target": {"traffic": 8, "url": 8},
    "nat": {"traffic": 9},
    "rule": {"traffic": 11, "url": 11},
    "user": {"traffic": 12, "url": 12, "vpn": 12, "mapping": 9},
    "app": {"traffic": 14, "url": 14},
    "from_zone": {"traffic": 16, "url": 16},
    "to_zone": {"traffic": 17, "url": 17},
    "session": {"traffic": 22},
    "repeats": {"traffic": 23, "url": 23},
    "from_port": {"traffic": 24, "url": 24},
    "to_port": {"traffic": 25, "url": 25},
    "worn_port": {"traffic": 26},
    "transport": {"traffic": 29, "url": 29},
    "action": {"traffic": 30, "url": 30},
    "sent": {"traffic": 32},
    "received": {"traffic": 33},
    "began": {"traffic": 35},
    "lasted": {"traffic": 36},
    "class": {"traffic": 37, "url": 33},
    "number": {"traffic": 39, "url": 36, "vpn": 34, "mapping": 18},
    "end_reason": {"traffic": 46},
    "asked": {"url": 31},
    "media": {"url": 41},
    "agent": {"url": 46},
    "forwarded_for": {"url": 48},
    "referrer": {"url": 49},
    "verb": {"url": 63},
    "event": {"vpn": 8},
    "machine": {"vpn": 14},
    "inside": {"vpn": 17},
    "inside_v6": {"vpn": 18},
    "cause": {"vpn": 25},
    "error": {"vpn": 26},
    "status": {"vpn": 28},
    "portal": {"vpn": 33},
    "data_source": {"mapping": 16},
    "timeout_seconds": {"mapping": 13},
    "first_port": {"mapping": 14},
}

OFFSET_STAMP = (
    r",([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,16}[+-][0-9]{2}:[0-9]{2})(?:,|$)"
)
HEADER_STAMP = (
    r"^[^,]*?([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8})[0-9.]*(Z|[+-][0-9]{2}:[0-9]{2}) "
)
SAME_CLOCK = pl.duration(minutes=5)
"""A header this near by the clock on the wall was written by the same clock."""

STAMPED = r"^(?:[0-9]{4}[/-][0-9]{2}[/-][0-9]{2}[ T][0-9:]{8}|$)"
FLAGS, COUNT, NUMBERED = "^0x[0-9a-fA-F]+$", "^[0-9]+$", r"\(?[0-9]+\)?$"
SEVERITIES = ["informational", "low", "medium", "high", "critical"]
DIRECTIONS = ["client-to-server", "server-to-client", "0", "1", "unknown", ""]
VPN_STATUS = ["success", "failure", ""]

ACTIVITIES = {
    "portal-auth": "logon",
    "gateway-auth": "logon",
    "gateway-connected": "logon",
    "gateway-logout": "logoff",
}
BEFORE_LOGON = ["pre-logon", "pre-login"]
RECORD = pl.col("record")


def values() -> dict[str, pl.Expr]:
    """A text column `raw_<name>` for each name in `PLACES`, by `record`."""
    return {f"raw_{name}": _value(by_kind) for name, by_kind in PLACES.items()}


def raw(name: str) -> pl.Expr:
    """The text of a column of the line."""
    return pl.col(f"raw_{name}")


def _value(by_kind: Mapping[str, int]) -> pl.Expr:
    kinds_at: dict[int, list[str]] = {}
    for kind, place in by_kind.items():
        kinds_at.setdefault(place, []).append(kind)
    return pl.coalesce(
        [
            pl.when(pl.col("record").is_in(kinds)).then(cell(place))
            for place, kinds in kinds_at.items()
        ]
    )


def in_place() -> pl.Expr:
    """The columns that show their meaning stand where they belong.

    A value with a comma and no quotes, or a layout of the administrator's own, moves
    others to the right: a rule would be read as a user.
    """
    flow = (
        cell(21).str.contains(STAMPED)
        & cell(28).str.contains(FLAGS)
        & cell(9).str.contains(r"^[0-9a-fA-F:.]*$")
        & cell(10).str.contains(r"^[0-9a-fA-F:.]*$")
    )
    url = (
        cell(32).str.contains(NUMBERED)
        & cell(34).is_in(SEVERITIES)
        & cell(35).is_in(DIRECTIONS)
    )
    vpn = cell(28).is_in(VPN_STATUS) & pl.all_horizontal(
        cell(at).str.contains(r"^(?:[0-9a-fA-F.:]*[.:][0-9a-fA-F.:]*)?$")
        for at in (15, 16, 17, 18)
    )
    mapping = ~cell(16).str.contains(COUNT) & pl.all_horizontal(
        cell(at).str.contains(COUNT) for at in (12, 13, 14, 18)
    )
    return (
        pl.when(RECORD == "traffic")
        .then(flow)
        .when(RECORD == "url")
        .then(flow & url)
        .when(RECORD == "vpn")
        .then(vpn)
        .when(RECORD == "mapping")
        .then(mapping)
    )


def timed(lines: pl.LazyFrame, reading: Reading) -> pl.LazyFrame:
    """Add `time`, `time_quality` and `start_time`."""
    generated = pl.coalesce(raw("generated"), "generated")
    local = _stamp(generated, reading)
    began = _stamp(raw("began"), reading).time
    at_end = clock.iso(pl.col("syslog_body").str.extract(OFFSET_STAMP, 1), reading).time
    sure = pl.coalesce(at_end, _by_header(generated))
    # an offset changes the hour only; a stamp further away is of something else
    is_near = (sure - pl.col("local_time")).abs() <= pl.duration(hours=26)
    lasted = pl.coalesce(
        pl.col("local_time") - pl.col("began_time"),
        pl.when(known(raw("began")).is_null()).then(seconds(raw("lasted"))),
    )
    return (
        lines.with_columns(
            generated=pl.col("syslog_body").str.extract(
                r"^(?:[^,]*,){6}([0-9][^,]*),", 1
            )
        )
        .with_columns(
            local_time=local.time, local_quality=local.quality, began_time=began
        )
        .with_columns(time=pl.when(is_near).then(sure))
        .with_columns(
            time_quality=pl.when(pl.col("time").is_not_null())
            .then(pl.lit("exact"))
            .otherwise("local_quality"),
            time=pl.coalesce("time", "local_time"),
        )
        .with_columns(
            start_time=pl.when(RECORD == "traffic")
            .then(pl.col("time") - lasted)
            .otherwise("time")
        )
    )


def _by_header(generated: pl.Expr) -> pl.Expr:
    """The record's stamp with the header's offset, where one clock wrote both."""
    header = pl.col("line").str.extract_groups(HEADER_STAMP).struct
    walls = [_stamp(text, Reading("UTC")) for text in (generated, header.field("1"))]
    is_same = (walls[0].time - walls[1].time).abs() <= SAME_CLOCK
    return pl.when(is_same).then(
        _stamp(generated + header.field("2"), Reading("UTC")).time
    )


def _stamp(text: pl.Expr, reading: Reading) -> Stamp:
    return clock.iso(text.str.replace_all("/", "-", literal=True), reading)


def logon() -> dict[str, pl.Expr]:
    """The columns of `logons`, of the VPN and of user mapping."""
    activity = raw("event").replace_strict(
        ACTIVITIES, default=None, return_dtype=pl.String
    )
    user, is_logon = account(raw("user")), (RECORD == "vpn") & (activity == "logon")
    is_vpn = (RECORD == "vpn") | (raw("data_source") == "vpn-client")
    inside = pl.coalesce(
        somewhere(address(raw("inside"))), somewhere(address(raw("inside_v6")))
    )
    has_inside = raw("event").is_in(["gateway-connected", "gateway-logout"])
    gone = pl.col("subtype") == "logout"
    mapped = pl.when(gone).then(pl.lit("logoff")).otherwise(pl.lit("mapping"))
    return {
        "activity": pl.when(RECORD == "mapping").then(mapped).otherwise(activity),
        "logon_kind": pl.when(is_vpn).then(pl.lit("vpn")),
        "is_success": pl.when(is_logon).then(
            raw("status").replace_strict(
                {"success": True, "failure": False},
                default=None,
                return_dtype=pl.Boolean,
            )
        ),
        "failure_reason": pl.when(is_logon & (raw("status") != "success")).then(
            pl.coalesce(known(raw("error")), known(raw("cause")))
        ),
        "event_code": pl.coalesce(raw("event"), "subtype"),
        "host": name(raw("machine")),
        "assigned_ip": pl.when(has_inside).then(inside),
        "is_machine": is_machine(user) | user.is_in(BEFORE_LOGON),
    }
