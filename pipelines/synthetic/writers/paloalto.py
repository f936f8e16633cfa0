"""PAN-OS lines: sites asked for without bytes, sessions with bytes, the VPN.

A visit is two lines with one session number, as the firewall writes them: a URL of the
kind THREAT when the session begins, and TRAFFIC when it ends.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from pipelines.synthetic.columns import dotted, frame, with_address
from pipelines.synthetic.places import NETBIOS
from pipelines.synthetic.plan import Tunnel
from pipelines.synthetic.school_days import ZONE
from pipelines.synthetic.world import World
from pipelines.synthetic.writers.squid import TYPES, opened, server_address

WORDS: Mapping[str, str] = {
    "social": "social-networking",
    "shopping": "shopping",
    "streaming": "streaming-media",
    "sports": "sports",
    "gambling": "gambling",
    "jobs": "job-search",
    "dating": "dating",
    "games": "games",
    "news": "news",
    "education": "educational-institutions",
    "search": "search-engines",
    "business": "business-and-economy",
    "real_estate": "real-estate",
    "travel": "travel",
    "circumvention": "proxy-avoidance-and-anonymizers",
    "remote_access": "remote-access",
    "": "unknown",
}
"""The vendor's words for the kinds of sites."""

SERIAL = "000000000001"
_TUNNELS = pl.Schema(
    {
        "account": pl.String,
        "device": pl.Int32,
        "start": pl.Int64,
        "end": pl.Int64,
        "remote_ip": pl.String,
    }
)


def paloalto_lines(
    world: World, flows: pl.DataFrame, requests: pl.DataFrame, tunnels: Sequence[Tunnel]
) -> pl.DataFrame:
    """Return all lines in the order in which they are written. Columns: seen, line."""
    known = pl.DataFrame(
        [
            (host, WORDS[site.category])
            for site in world.sites
            for host in dict.fromkeys((*site.hosts, *site.assets))
        ],
        schema=["host", "word"],
        orient="row",
    ).unique("host", maintain_order=True)
    asked = (
        opened(world, requests)
        .join(known, on="host", how="left", maintain_order="left")
        .with_columns(pl.col("word").fill_null("unknown"))
        .with_row_index("number")
        .with_columns(session=pl.col("number").cast(pl.Int64) % 900_000 + 1_000)
    )
    passed = asked.filter(pl.col("outcome") != "denied")
    alone = _alone(flows, known)
    is_named = pl.col("host").str.contains("[a-z]") & pl.col("port").is_in([80, 443])
    parts = [
        _urls(_asked_for(asked)),
        _urls(alone.filter(is_named & ~pl.col("inward"))),
        _sessions(_as_flows(passed)),
        _sessions(alone),
    ]
    return pl.concat([*parts, *_vpn(world, tunnels)]).sort("seen", maintain_order=True)


def _as_flows(requests: pl.DataFrame) -> pl.DataFrame:
    return requests.select(
        *("start", "elapsed", "session", "word", "host", "sent"),
        source=dotted(pl.col("address")),
        received="size",
        port=_port(),
        protocol=pl.lit(6),
        user=_user(),
        app=_app(),
        action=pl.lit("allow"),
        inward=pl.lit(value=False),
    )


def _alone(flows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Return sessions without a known user."""
    is_denied = pl.col("action") == "deny"
    return (
        flows.with_row_index("number")
        .join(known, on="host", how="left", maintain_order="left")
        .select(
            *("start", "elapsed", "host", "sent", "source", "received", "port"),
            protocol=pl.col("protocol").cast(pl.Int32),
            session=pl.col("number").cast(pl.Int64) % 90_000 + 910_000,
            word=pl.col("word").fill_null("unknown"),
            user=pl.lit(""),
            app=pl.when(pl.col("port") == 443).then(pl.lit("ssl")).otherwise(pl.lit("incomplete")),
            action=pl.when(is_denied).then(pl.lit("deny")).otherwise(pl.lit("allow")),
            inward=is_denied,
            outcome=pl.lit("tunnel"),
        )
    )


def _user() -> pl.Expr:
    """Return the firewall's user of the address; empty without an account."""
    account = pl.col("account")
    is_person = account.is_not_null() & ~account.str.ends_with("$")
    return pl.when(is_person).then(pl.lit(f"{NETBIOS.lower()}\\") + account).otherwise(pl.lit(""))


def _local(at: pl.Expr) -> pl.Expr:
    return (
        pl.from_epoch(at, "ms")
        .dt.replace_time_zone("UTC")
        .dt.convert_time_zone(ZONE)
        .dt.strftime("%Y/%m/%d %H:%M:%S")
    )


def _row(**cells: pl.Expr | str) -> pl.Expr:
    """Join cells of a line with commas; `_9` means nine empty ones."""
    parts: list[pl.Expr] = []
    for name, cell in cells.items():
        if name.startswith("_"):
            parts += [pl.lit("")] * int(name[1:].partition("_")[0])
        else:
            text = pl.lit(cell) if isinstance(cell, str) else cell.cast(pl.String)
            parts.append(text)
    return pl.concat_str(parts, separator=",")


def _head(kind: str, subtype: str) -> dict[str, pl.Expr | str]:
    """Return the first columns of every line, written when it is."""
    seen = _local(pl.col("seen"))
    return {
        "future": "1",
        "receipt": seen,
        "serial": SERIAL,
        "kind": kind,
        "subtype": subtype,
        "config": "2561",
        "generated": seen,
    }


def _ends(inside: str = "trust", outside: str = "untrust") -> dict[str, pl.Expr | str]:
    """Return address, rule, the session's number and ports, of a URL or a flow."""
    port = 49_152 + pl.col("start") % 16_000
    inward = pl.col("inward")
    return {
        "source": pl.col("source"),
        "target": server_address(pl.col("host")),
        "nat_source": "203.0.113.200",
        "nat_target": server_address(pl.col("host")),
        "rule": "web",
        "user": pl.col("user"),
        "_1_user_there": "",
        "app": pl.col("app"),
        "vsys": "vsys1",
        "from_zone": pl.when(inward).then(pl.lit(outside)).otherwise(pl.lit(inside)),
        "to_zone": pl.when(inward).then(pl.lit(inside)).otherwise(pl.lit(outside)),
        "inbound_if": "ethernet1/2",
        "outbound_if": "ethernet1/1",
        "forward": "forward",
        "logged": _local(pl.col("seen")),
        "session": pl.col("session"),
        "repeats": "1",
        "from_port": port,
        "to_port": pl.col("port"),
        "nat_from_port": port,
        "nat_to_port": pl.col("port"),
        "flags": "0x400000",
        "transport": pl.when(pl.col("protocol") == 17).then(pl.lit("udp")).otherwise(pl.lit("tcp")),
    }


def _sessions(flows: pl.DataFrame) -> pl.DataFrame:
    """Return TRAFFIC lines, written when the session has ended."""
    rows = flows.with_columns(seen=pl.col("start") + pl.col("elapsed"))
    total = pl.col("sent") + pl.col("received")
    line = _row(
        **_head("TRAFFIC", "end"),
        **_ends(),
        action=pl.col("action"),
        bytes=total,
        sent=pl.col("sent"),
        received=pl.col("received"),
        packets=total // 900 + 2,
        began=_local(pl.col("start")),
        lasted=pl.col("elapsed") // 1_000,
        word=pl.col("word"),
        padding="0",
        number=pl.col("start") % 10_000_000,
        action_flags="0x0",
        from_place="10.0.0.0-10.255.255.255",
        to_place="United States",
        padding_2="0",
        packets_sent="8",
        packets_received="12",
        end_reason="tcp-fin",
    )
    return rows.select("seen", line=line)


def _port() -> pl.Expr:
    in_clear = pl.col("outcome").is_in(["page", "stream", "program"])
    return pl.when(in_clear).then(80).otherwise(443)


def _app() -> pl.Expr:
    is_unseen = pl.col("outcome").is_in(["tunnel", "denied"])
    return pl.when(is_unseen).then(pl.lit("ssl")).otherwise(pl.lit("web-browsing"))


def _asked_for(requests: pl.DataFrame) -> pl.DataFrame:
    return requests.with_columns(
        source=dotted(pl.col("address")),
        user=_user(),
        port=_port(),
        protocol=pl.lit(6),
        inward=pl.lit(value=False),
        app=_app(),
    )


def _urls(requests: pl.DataFrame) -> pl.DataFrame:
    """Return THREAT lines of the type url, written when the site is requested."""
    is_seen = pl.col("app") == "web-browsing"
    denied = pl.col("outcome") == "denied"
    rows = requests.with_columns(seen="start")
    number = (pl.col("start") % 997).cast(pl.String)
    path = (
        pl.when(pl.col("outcome") == "program")
        .then("/download/" + number + "/setup.exe")
        .when(is_seen)
        .then("/page/" + number)
        .otherwise(pl.lit("/"))
    )
    media = pl.when(is_seen).then(pl.col("outcome").replace_strict(TYPES, return_dtype=pl.String))
    line = _row(
        **_head("THREAT", "url"),
        **_ends(),
        action=pl.when(denied).then(pl.lit("block-url")).otherwise(pl.lit("alert")),
        asked=pl.lit('"') + pl.col("host") + path + '"',
        threat="(9999)",
        word=pl.col("word"),
        severity="informational",
        direction="client-to-server",
        number=pl.col("start") % 10_000_000,
        action_flags="0x0",
        from_place="10.0.0.0-10.255.255.255",
        to_place="United States",
        padding="0",
        media=media.fill_null(""),
        capture="0",
        _20="",
        verb=pl.when(is_seen).then(pl.lit("get")).otherwise(pl.lit("")),
    )
    return rows.select("seen", line=line)


def _vpn(world: World, tunnels: Sequence[Tunnel]) -> list[pl.DataFrame]:
    """Return GLOBALPROTECT lines, when a tunnel is up and when it is down."""
    rows = frame(tunnels, _TUNNELS).with_columns(
        network=pl.lit("DO/remote"), address=pl.lit(0, pl.Int64)
    )
    rows = with_address(world, rows)
    return [
        _tunnel(rows, "start", "gateway-connected", "connected"),
        _tunnel(rows, "end", "gateway-logout", "logout"),
    ]


def _tunnel(rows: pl.DataFrame, at: str, event: str, stage: str) -> pl.DataFrame:
    line = _row(
        **_head("GLOBALPROTECT", "0"),
        vsys="vsys1",
        event=event,
        stage=stage,
        method="SAML",
        tunnel="IPSec",
        user=pl.lit(f"{NETBIOS.lower()}\\") + pl.col("account"),
        country="US",
        # what the client calls itself, which need not be a name that the registry has
        machine="home-client",
        source=pl.col("remote_ip"),
        _1_source="",
        inside=dotted(pl.col("address")),
        _1_inside="",
        host_id="00000000-0000-4000-8000-000000000009",
        serial_there="",
        version="6.2.0",
        system="Chrome",
        system_version="16033",
        count="1",
        _3="",
        status="success",
        _1_place="",
        zero="0",
        _1_error="",
        portal_status="0",
        portal="gp-portal",
        number=pl.col("start") % 10_000_000,
        flags="0x0",
    )
    return rows.with_columns(seen=pl.col(at)).select("seen", line=line)
