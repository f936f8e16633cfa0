"""FortiGate key=value lines: traffic at its close, web filter, SSL-VPN."""

from collections.abc import Mapping, Sequence

import polars as pl

from pipelines.synthetic.columns import dotted, frame, with_address
from pipelines.synthetic.plan import Change, Tunnel
from pipelines.synthetic.school_days import ZONE
from pipelines.synthetic.world import World
from pipelines.synthetic.writers.squid import server_address

VENDOR_WORDS: Mapping[str, str] = {
    "social": "Social Networking",
    "shopping": "Shopping",
    "streaming": "Streaming Media and Download",
    "sports": "Sports",
    "gambling": "Gambling",
    "jobs": "Job Search",
    "dating": "Dating",
    "games": "Games",
    "news": "News and Media",
    "education": "Education",
    "search": "Search Engines and Portals",
    "business": "Business",
    "real_estate": "Real Estate",
    "travel": "Travel",
    "circumvention": "Proxy Avoidance",
    "remote_access": "Remote Access",
    "": "Unrated",
}
FILTER_SHARE = 0.12
FILTER_SHARE_PASTIME = 0.6
NAT_ADDRESS = "198.51.100.2"
"""Outside address of the district's traffic, as in `egress.csv`."""
QUIET = ("education", "search", "business", "")
_CHANGES = pl.Schema({"time": pl.Int64, "user": pl.String, "path": pl.String})
_TUNNELS = pl.Schema(
    {
        "account": pl.String,
        "device": pl.Int32,
        "start": pl.Int64,
        "end": pl.Int64,
        "remote_ip": pl.String,
    }
)


def fortigate_lines(
    world: World,
    flows: pl.DataFrame,
    requests: pl.DataFrame,
    tunnels: Sequence[Tunnel],
    changes: Sequence[Change] = (),
) -> pl.DataFrame:
    """Return all lines in the order in which they are written. Columns: seen, line."""
    parts = [_traffic(flows), _filtered(world, requests), *_vpn(world, tunnels), _changed(changes)]
    return pl.concat(parts).sort("seen", maintain_order=True)


def _head(kind: str, subtype: str, logid: str, level: str = "notice") -> pl.Expr:
    local = pl.from_epoch("seen", "ms").dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE)
    return pl.concat_str(
        local.dt.strftime("date=%Y-%m-%d time=%H:%M:%S"),
        pl.lit(' devname="do-fw-1" devid="FGTDEMO000000001" eventtime='),
        pl.col("seen").cast(pl.String),
        pl.lit('000000 tz="'),
        local.dt.strftime("%z"),
        pl.lit(f'" logid="{logid}" type="{kind}" subtype="{subtype}" level="{level}"'),
        pl.lit(' vd="root" '),
    )


def _fields(**values: pl.Expr | str) -> pl.Expr:
    """Return `name=value` pairs; a text constant is quoted, a column is not."""
    parts: list[pl.Expr] = []
    for name, value in values.items():
        parts.append(pl.lit(f"{' ' if parts else ''}{name}="))
        constant = isinstance(value, str)
        parts.append(pl.lit(f'"{value}"') if constant else _text(value))
    return pl.concat_str(parts)


def _text(value: pl.Expr | str) -> pl.Expr:
    return (pl.lit(value) if isinstance(value, str) else value).cast(pl.String)


def _quoted(value: pl.Expr) -> pl.Expr:
    return pl.concat_str(pl.lit('"'), value, pl.lit('"'))


def _traffic(flows: pl.DataFrame) -> pl.DataFrame:
    """Return lines written when the flow closes: stamp minus duration is its start."""
    known = pl.col("host").str.contains("[a-z]")
    name = pl.when(known).then(" hostname=" + _quoted(pl.col("host")))
    is_scan = pl.col("interface") == "wan1"
    line = pl.concat_str(
        _head("traffic", "forward", "0000000013"),
        _ends(is_scan),
        pl.lit(" "),
        _amounts(is_scan),
        pl.when(is_scan | _is_inside()).then(pl.lit("")).otherwise(_outside()),
        name.fill_null(""),
    )
    return flows.with_columns(seen=pl.col("start") + pl.col("elapsed")).select("seen", line=line)


def _ends(is_scan: pl.Expr) -> pl.Expr:
    return _fields(
        srcip=pl.col("source"),
        srcport=49_152 + pl.col("start") % 16_000,
        srcintf=_quoted(pl.col("interface")),
        srcintfrole=pl.when(is_scan).then(pl.lit('"wan"')).otherwise(pl.lit('"lan"')),
        dstip=server_address(pl.col("host")),
        dstport=pl.col("port"),
        dstintf=pl.when(is_scan).then(pl.lit('"root"')).otherwise(pl.lit('"wan1"')),
        dstintfrole=pl.when(_is_inside()).then(pl.lit('"lan"')).otherwise(pl.lit('"wan"')),
    )


def _is_inside() -> pl.Expr:
    return pl.col("host").str.starts_with("10.")


def _amounts(is_scan: pl.Expr) -> pl.Expr:
    return _fields(
        sessionid=pl.col("start") % 9_000_000 + 1_000_000,
        proto=pl.col("protocol"),
        action=_quoted(pl.col("action")),
        policyid=pl.when(is_scan).then(pl.lit("0")).otherwise(pl.lit("12")),
        service=_service(),
        duration=pl.col("elapsed") // 1_000,
        sentbyte=pl.col("sent"),
        rcvdbyte=pl.col("received"),
        sentpkt=pl.col("sent") // 900 + 1,
        rcvdpkt=pl.col("received") // 1_300 + 1,
        appcat="unscanned",
    )


def _outside() -> pl.Expr:
    """Return the address and port that everyone outside sees."""
    return pl.lit(" ") + _fields(
        trandisp="snat",
        transip=pl.lit(NAT_ADDRESS),
        transport=1_024 + pl.col("start") // 7 % 64_000,
    )


def _service() -> pl.Expr:
    port = pl.col("port")
    return (
        pl.when(port == 443)
        .then(pl.lit('"HTTPS"'))
        .when(port == 53)
        .then(pl.lit('"DNS"'))
        .otherwise(pl.concat_str(pl.lit('"tcp/'), port.cast(pl.String), pl.lit('"')))
    )


def _filtered(world: World, requests: pl.DataFrame) -> pl.DataFrame:
    """Return a part of the pages, with the vendor's category and what was done."""
    rng = world.generator("web filter")
    known = pl.DataFrame(
        [
            (host, VENDOR_WORDS[site.category], site.category in QUIET)
            for site in world.sites
            for host in dict.fromkeys(site.hosts)
        ],
        schema=["host", "word", "is_quiet"],
        orient="row",
    )
    denied = pl.col("outcome") == "denied"
    rows = requests.filter((pl.col("is_page") | denied) & pl.col("account").is_not_null()).join(
        known, on="host", how="inner", maintain_order="left"
    )
    share = pl.when("is_quiet").then(FILTER_SHARE).otherwise(FILTER_SHARE_PASTIME)
    drawn = pl.Series(rng.random(rows.height))
    rows = rows.filter((drawn < share) | denied)
    head = _head("utm", "webfilter", "0317013312", "information")
    line = pl.concat_str(head, _asking(denied), pl.lit(" "), _asked(denied))
    return rows.with_columns(seen=pl.col("start") + 140).select("seen", line=line)


def _asking(denied: pl.Expr) -> pl.Expr:
    kind = pl.when(denied).then(pl.lit('"ftgd_blk"')).otherwise(pl.lit('"ftgd_allow"'))
    return _fields(
        eventtype=kind,
        policyid=pl.lit("7"),
        sessionid=pl.col("start") % 9_000_000 + 1_000_000,
        user=_quoted(pl.col("account")),
        srcip=dotted(pl.col("address")),
        srcport=49_152 + pl.col("start") % 16_000,
        srcintf="lan",
        srcintfrole="lan",
    )


def _asked(denied: pl.Expr) -> pl.Expr:
    done = pl.when(denied).then(pl.lit('"blocked"')).otherwise(pl.lit('"passthrough"'))
    return _fields(
        dstip=server_address(pl.col("host")),
        dstport=pl.lit("443"),
        dstintf="wan1",
        dstintfrole="wan",
        proto=pl.lit("6"),
        service="HTTPS",
        hostname=_quoted(pl.col("host")),
        profile="staff-and-students",
        action=done,
        reqtype="direct",
        url="/",
        sentbyte=pl.col("sent"),
        rcvdbyte=pl.lit("0"),
        direction="outgoing",
        catdesc=_quoted(pl.col("word")),
    )


def _changed(changes: Sequence[Change]) -> pl.DataFrame:
    rows = frame(changes, _CHANGES).with_columns(seen=pl.col("time"))
    signed_in = _head("event", "system", "0100032001", "information") + _fields(
        logdesc="Admin login successful",
        user=_quoted(pl.col("user")),
        ui="https(10.14.241.10)",
        action="login",
        status="success",
        profile="super_admin",
        msg=pl.concat_str(
            pl.lit('"Administrator '), pl.col("user"), pl.lit(' logged in successfully"')
        ),
    )
    line = _head("event", "system", "0100044547", "information") + _fields(
        logdesc="Object attribute configured",
        user=_quoted(pl.col("user")),
        ui="https(10.14.241.10)",
        action="Edit",
        cfgpath=_quoted(pl.col("path")),
        cfgattr="status[disable->enable]",
        msg=pl.concat_str(pl.lit('"Edit '), pl.col("path"), pl.lit('"')),
    )
    return rows.select("seen", line=pl.when(pl.col("path") == "").then(signed_in).otherwise(line))


def _vpn(world: World, tunnels: Sequence[Tunnel]) -> list[pl.DataFrame]:
    rows = frame(tunnels, _TUNNELS).with_columns(
        network=pl.lit("DO/remote"), address=pl.lit(0, pl.Int64)
    )
    rows = with_address(world, rows).with_columns(tunnel=pl.int_range(pl.len()) + 41_000)
    return [
        _tunnel(rows, "start", "tunnel-up", "0101039947", "SSL VPN tunnel up"),
        _tunnel(rows, "end", "tunnel-down", "0101039948", "SSL VPN tunnel down"),
    ]


def _tunnel(rows: pl.DataFrame, at: str, action: str, logid: str, text: str) -> pl.DataFrame:
    is_up = action == "tunnel-up"
    seconds = (pl.col("end") - pl.col("start")) // 1_000
    totals = _fields(duration=seconds, sentbyte=seconds * 900, rcvdbyte=seconds * 9_000)
    line = (
        _head("event", "vpn", logid, "information")
        + _fields(
            logdesc=text,
            action=action,
            tunneltype="ssl-tunnel",
            tunnelid=pl.col("tunnel"),
            remip=pl.col("remote_ip"),
            tunnelip=dotted(pl.col("address")),
            user=_quoted(pl.col("account")),
            group="staff-vpn",
            dst_host="N/A",
            reason="tunnel established" if is_up else "N/A",
            msg="SSL tunnel established" if is_up else "SSL tunnel shutdown",
        )
        + ("" if is_up else pl.concat_str(pl.lit(" "), totals))
    )
    return rows.with_columns(seen=pl.col(at)).select("seen", line=line)
