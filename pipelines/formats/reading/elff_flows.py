"""Connections and packets in W3C extended logs: ISA, TMG, the Windows firewall."""

from collections.abc import Sequence

import polars as pl

from pipelines.formats.reading import elff as _elff
from pipelines.formats.reading.elff import field
from pipelines.formats.reading.fields import account, address, hostname, port, whole
from pipelines.formats.reading.flows import not_of_windows, protocol, somewhere

FLOW_EXTRAS = {
    "action": "action",
    "rule": "rule",
    "result": "status",
    "path": "path",
    "flags": "tcpflags",
    "computer": "computer",
    "agent": "agent",
    "original_client": "original client ip",
}


def flows(told: pl.LazyFrame, names: Sequence[str]) -> pl.LazyFrame:
    """Add the columns of `connections`, and `system_events` for what is none."""
    source = field(names, *_elff.SOURCE)
    target = field(names, *_elff.TARGET, "destination")
    action = field(names, "action", "filter-rule").str.to_lowercase()
    ended = pl.when(action == "terminated").then(field(names, "connection time"))
    size = field(names, "size")
    counted = pl.when(~action.str.starts_with("initiat").fill_null(value=False))
    ends_alone = set(names) >= _elff.WINDOWS_FIREWALL
    is_talk = (action.is_in(["close", "info-events-lost"]) & ends_alone).fill_null(
        value=False
    )
    return told.with_columns(
        event_class=pl.when(is_talk)
        .then(pl.lit("system_events"))
        .otherwise(pl.lit("connections")),
        start_time=pl.col("time") - _elff.taken(ended),
        src_ip=somewhere(address(_bare(source))),
        src_port=port(pl.coalesce(_port(source), field(names, "src-port", "param#1"))),
        dst_ip=somewhere(address(_bare(target))),
        dst_port=port(pl.coalesce(_port(target), field(names, "dst-port", "param#2"))),
        dst_hostname=hostname(field(names, "destination name")),
        user_name=account(not_of_windows(field(names, "username"))),
        protocol=protocol(field(names, "ip protocol", "protocol")),
        bytes_out=pl.coalesce(
            counted.then(whole(field(names, "bytes sent"))),
            pl.when(size != "0").then(whole(size)),
        ),
        bytes_in=counted.then(whole(field(names, "bytes received"))),
        application=field(names, "application protocol"),
        connection_uid=pl.when(field(names, "connection id") != "0").then(
            field(names, "connection id")
        ),
        disposition=_verdict(action),
        extras=_elff.extras(names, FLOW_EXTRAS),
        kind=action.str.to_uppercase(),
        reported_by=field(names, "computer").str.to_lowercase(),
        message=pl.col("line"),
    )


def _bare(end: pl.Expr) -> pl.Expr:
    """The address of `192.0.2.17:50112`."""
    return end.str.replace(r"^([0-9.]+):[0-9]+$", "$1")


def _port(end: pl.Expr) -> pl.Expr:
    return end.str.extract(r"^[0-9.]+:([0-9]+)$", 1)


def _verdict(action: pl.Expr) -> pl.Expr:
    return (
        pl.when(action.str.contains("^(?:denied|drop|blocked)"))
        .then(pl.lit("blocked"))
        .when(action.str.contains("^(?:allow|open|initiat|establish|terminat|interm)"))
        .then(pl.lit("allowed"))
    )
