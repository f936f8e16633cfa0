"""Squid's native access.log, with a login asked for before some tunnels."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from pipelines.synthetic.columns import dotted
from pipelines.synthetic.places import DOMAIN, NETBIOS
from pipelines.synthetic.websites import ADVERTS, BACKGROUND, THIRD_PARTIES, make_sites
from pipelines.synthetic.world import World

CHALLENGE_SHARE = 0.05
CHALLENGE_BYTES = 4_080
ABORTED_SHARE = 0.000_5
ANSWER_MILLISECONDS = 2_300
RESULTS = {
    "tunnel": "TCP_TUNNEL/200",
    "denied": "TCP_DENIED/403",
    "page": "TCP_MISS/200",
    "stream": "TCP_MISS/200",
    "program": "TCP_MISS/200",
    "opened": "TCP_MISS/200",
    "part": "TCP_MISS/200",
}
TYPES = {
    "tunnel": "-",
    "denied": "text/html",
    "page": "text/html",
    "stream": "video/mp4",
    "program": "application/x-msdownload",
    "opened": "text/html",
    "part": "image/jpeg",
}

NOISE = (
    "2026/10/19 00:00:02 kid1| Logfile: opening log daemon:/var/log/squid/access.log",
    "2026/10/26 00:00:02 kid1| helperOpenServers: Starting 5/20 'negotiate' processes",
    "2026/11/02 00:00:02 kid1| storeDirWriteCleanLogs: Starting...",
)


def squid_lines(world: World, requests: pl.DataFrame) -> pl.DataFrame:
    """Return lines in the order in which requests ended. Columns: seen, line."""
    rng = world.generator("squid")
    rows = _with_answer(opened(world, requests))
    tunnels = rows.filter((pl.col("outcome") == "tunnel") & pl.col("account").is_not_null())
    asked = tunnels.filter(pl.Series(rng.random(tunnels.height) < CHALLENGE_SHARE))
    dropped = rows.filter(pl.Series(rng.random(rows.height) < ABORTED_SHARE))
    rows = pl.concat([rows, _challenges(asked), _aborted(dropped)])
    return (
        rows.with_columns(seen=pl.col("start") + pl.col("elapsed"))
        .sort("seen", maintain_order=True)
        .select("seen", line=_line(_spelling(world)))
    )


def _with_answer(requests: pl.DataFrame) -> pl.DataFrame:
    outcome, host = pl.col("outcome"), pl.col("host")
    in_clear = outcome.is_in(["page", "stream", "program", "opened", "part"])
    is_opened = outcome.is_in(["opened", "part"])
    scheme = pl.when(is_opened).then(pl.lit("https://")).otherwise(pl.lit("http://"))
    number = (pl.col("start") % 997).cast(pl.String)
    path = (
        pl.when(outcome == "program")
        .then("/download/" + number + "/setup.exe")
        .otherwise("/page/" + number)
    )
    url = pl.when(in_clear).then(scheme + host + path).otherwise(host + ":443")
    peer = pl.when(outcome == "denied").then(pl.lit("HIER_NONE/-"))
    return requests.with_columns(
        result=_word(RESULTS),
        method=pl.when(in_clear).then(pl.lit("GET")).otherwise(pl.lit("CONNECT")),
        url=url,
        peer=peer.otherwise("HIER_DIRECT/" + server_address(host)),
        mime=_word(TYPES),
    )


def opened(world: World, requests: pl.DataFrame) -> pl.DataFrame:
    """Return tunnels of buildings whose proxy opens them, as the requests inside.

    A request ends within seconds, while its tunnel remains open.
    """
    buildings = [name for name, habits in world.habits.buildings.items() if habits.decrypts]
    is_opened = (pl.col("outcome") == "tunnel") & pl.col("network").str.extract("^(.*)/", 1).is_in(
        buildings
    )
    inside = pl.when("is_page").then(pl.lit("opened")).otherwise(pl.lit("part"))
    seconds = pl.col("elapsed") % ANSWER_MILLISECONDS
    return requests.with_columns(
        outcome=pl.when(is_opened).then(inside).otherwise("outcome"),
        elapsed=pl.when(is_opened).then(seconds).otherwise("elapsed"),
    )


def _word(words: Mapping[str, str]) -> pl.Expr:
    return pl.col("outcome").replace_strict(words, return_dtype=pl.String)


def server_address(host: pl.Expr) -> pl.Expr:
    """Return a documentation address for a host, always the same one."""
    # sum of code points: Polars' own hash may change from one release to the next
    total = host.str.len_chars() * 31 + host.str.slice(4, 9).str.len_chars()
    spread = host.replace_strict(_numbers(), default=None, return_dtype=pl.Int64)
    number = spread.fill_null(total.cast(pl.Int64))
    inside = number % 170
    literal = host.str.extract(r"^([0-9.]+)", 1)
    base = pl.when(number % 2 == 0).then(pl.lit("192.0.2.")).otherwise(pl.lit("198.51.100."))
    is_literal = host.str.contains(r"^[0-9.]+(:[0-9]+)?$")
    return pl.when(is_literal).then(literal).otherwise(base + (inside + 16).cast(pl.String))


def _numbers() -> dict[str, int]:
    hosts = [h for site in make_sites() for h in (*site.hosts, *site.assets)]
    names = dict.fromkeys([*hosts, *THIRD_PARTIES, *ADVERTS, *BACKGROUND])
    return {name: place for place, name in enumerate(names)}


def _challenges(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(
        start=pl.col("start") - 35,
        elapsed=pl.col("start") % 4,
        account=pl.lit(None, pl.String),
        result=pl.lit("TCP_DENIED/407"),
        size=pl.lit(CHALLENGE_BYTES, pl.Int64) + pl.col("start") % 40,
        peer=pl.lit("HIER_NONE/-"),
        mime=pl.lit("text/html"),
    )


def _aborted(rows: pl.DataFrame) -> pl.DataFrame:
    """Return clients that connected without a request."""
    return rows.with_columns(
        elapsed=pl.lit(0, pl.Int64),
        account=pl.lit(None, pl.String),
        result=pl.lit("NONE_NONE/000"),
        size=pl.lit(0, pl.Int64),
        method=pl.lit("-"),
        url=pl.lit("error:transaction-end-before-headers"),
        peer=pl.lit("HIER_NONE/-"),
        mime=pl.lit("-"),
    )


def _spelling(world: World) -> pl.Expr:
    """Return accounts as the building's proxy writes them, or as the device sends them."""
    account = pl.col("account")
    building = pl.col("network").str.extract("^(.*)/", 1)
    form = building.replace_strict(
        {name: habits.name_form for name, habits in world.habits.buildings.items()}
    )
    as_said = (
        pl.when(form == "plain")
        .then(account)
        .when(form == "domain")
        .then(f"{NETBIOS}%5C" + account)
        .when(form == "address")
        .then(account + f"@{DOMAIN}")
        .otherwise(_device_spelling(world))
    )
    is_machine = account.str.ends_with("$")
    return pl.when(is_machine).then(account).otherwise(as_said).fill_null("-")


def _device_spelling(world: World) -> pl.Expr:
    """Return accounts as the device sends them: plain, with a domain, or as an address."""
    kind = np.array(
        [
            "mail" if d.device_class == "chromebook" else "plain" if d.number % 5 else "domain"
            for d in world.places.devices
        ]
    )
    device = pl.col("device")
    mail = pl.Series(np.flatnonzero(kind == "mail").astype(np.int32))
    domain = pl.Series(np.flatnonzero(kind == "domain").astype(np.int32))
    account = pl.col("account")
    return (
        pl.when(device.is_in(mail.implode()))
        .then(account + f"@{DOMAIN}")
        .when(device.is_in(domain.implode()))
        .then(f"{NETBIOS}%5C" + account.str.to_uppercase())
        .otherwise(account)
    )


def _line(user: pl.Expr) -> pl.Expr:
    seen = pl.col("seen")
    return pl.concat_str(
        (seen // 1_000).cast(pl.String),
        pl.lit("."),
        (seen % 1_000).cast(pl.String).str.zfill(3),
        pl.lit(" "),
        pl.col("elapsed").cast(pl.String).str.pad_start(6),
        pl.lit(" "),
        dotted(pl.col("address")),
        pl.lit(" "),
        pl.col("result"),
        pl.lit(" "),
        pl.col("size").cast(pl.String),
        pl.lit(" "),
        pl.col("method"),
        pl.lit(" "),
        pl.col("url"),
        pl.lit(" "),
        user,
        pl.lit(" "),
        pl.col("peer"),
        pl.lit(" "),
        pl.col("mime"),
    )
