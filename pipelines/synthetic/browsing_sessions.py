"""Sessions become requests, and so does what computers do by themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.synthetic.columns import (
    Numbers,
    frame,
    per_group,
    pick,
    running_sum,
    unique,
    with_address,
)
from pipelines.synthetic.habits import USUAL_PAGE_BYTES, Habits
from pipelines.synthetic.places import Device
from pipelines.synthetic.plan import Fetch, Session, Sitting
from pipelines.synthetic.school_days import DAY, HOUR, MINUTE, SECOND
from pipelines.synthetic.websites import ADVERTS, THIRD_PARTIES, Site, taste
from pipelines.synthetic.world import World

REQUESTS = pl.Schema(
    {
        "start": pl.Int64,
        "elapsed": pl.Int64,
        "account": pl.String,
        "device": pl.Int32,
        "network": pl.String,
        "address": pl.Int64,
        "host": pl.String,
        "size": pl.Int64,
        "outcome": pl.String,
        "is_page": pl.Boolean,
        "sent": pl.Int64,
    }
)
"""Columns of requests: times in UTC milliseconds, sizes in bytes."""

PACES: Mapping[str, tuple[float, float, float, float]] = {
    "work": (26, 1.0, 240, 0.8),
    "busy": (20, 0.8, 140, 1.1),
    "calm": (60, 0.9, 400, 0.6),
    "video": (45, 0.6, 150, 0.4),
    "phone": (14, 0.9, 100, 1.0),
}
"""Median seconds between pages, spread, longest gap, third-party lines a page."""

_SESSIONS = pl.Schema(
    {
        "account": pl.String,
        "device": pl.Int32,
        "network": pl.String,
        "address": pl.Int64,
        "start": pl.Int64,
        "end": pl.Int64,
        "taste": pl.String,
        "pace": pl.String,
    }
)
_FETCHES = pl.Schema({name: REQUESTS[name] for name in REQUESTS if name not in {"is_page", "sent"}})
ASSET_CHOICES = 8
HANDSHAKE_SHARE = 0.1
FILM_BYTES, FILM_SHARE = 1_100_000, 0.85
MIN_DOCUMENT = 12_000
"""Minimum bytes of a planned document; a smaller response is a program's."""
LONG_SHARE = 0.02

UPDATE_HOST = "download.windowsupdate.com"


def browse(world: World, sessions: Sequence[Session]) -> pl.DataFrame:
    """Return the requests of all sessions."""
    rng = world.generator("browsing")
    plan = with_address(world, frame(sessions, _SESSIONS))
    session, start = _page_times(rng, plan, world.habits)
    site = _sites(rng, world.sites, plan["taste"], session)
    pages = _pages(rng, world, plan, session, start, site)
    assets = _assets(rng, world.sites, plan, session, start, site)
    return pl.concat([pages, assets])


def fetched(world: World, fetches: Sequence[Fetch]) -> pl.DataFrame:
    """Return requests that were planned one by one."""
    rows = with_address(world, frame(fetches, _FETCHES))
    usual = _by_building(rows["network"], world.habits, "page_bytes")
    is_document = pl.col("size") > MIN_DOCUMENT
    times = pl.when(is_document).then(pl.Series(usual / USUAL_PAGE_BYTES)).otherwise(1)
    rows = rows.with_columns(size=(pl.col("size") * times).round().cast(pl.Int64))
    page = pl.col("size") > pl.Series(usual)
    return rows.with_columns(is_page=page, sent=1_200 + pl.col("size") // 40).select(
        pl.col(name).cast(dtype) for name, dtype in REQUESTS.items()
    )


def _page_times(
    rng: np.random.Generator, plan: pl.DataFrame, habits: Habits
) -> tuple[Numbers, Numbers]:
    """Return the session of each page and the millisecond in which it is opened."""
    pace = np.array([PACES[name] for name in plan["pace"]])
    length = (plan["end"] - plan["start"]).to_numpy() / 1_000
    # a player asks for the next piece of a film by itself, however long people pause
    pauses = (plan["pace"] != "video").to_numpy()
    times = _by_building(plan["network"], habits, "pause_times")
    pace[:, 0] *= np.where(pauses, times, 1)
    if not habits.pauses_end:
        pace[pauses, 2] = np.inf
    counts = np.ceil(length / pace[:, 0]).astype(np.int64) + 8
    session, place = per_group(counts)
    spread = np.exp(pace[session, 1] * rng.standard_normal(len(session)))
    gaps = np.clip(pace[session, 0] * spread, 2, pace[session, 2])
    gaps = np.where(place == 0, rng.random(len(session)) * 3, gaps)
    seconds = running_sum(gaps, counts)
    kept = seconds < length[session]
    start = plan["start"].to_numpy()[session] + (seconds * 1_000).astype(np.int64)
    return session[kept], start[kept]


def _by_building(networks: pl.Series, habits: Habits, name: str) -> Numbers:
    """Return a habit of the building of each network."""
    values = {code: getattr(one, name) for code, one in habits.buildings.items()}
    return np.array([values[network.split("/")[0]] for network in networks])


def _sites(
    rng: np.random.Generator, sites: Sequence[Site], tastes: pl.Series, session: Numbers
) -> Numbers:
    """Return the site of each page; a person often stays on the one before."""
    number = {site.domain: place for place, site in enumerate(sites)}
    names = unique(tastes)
    code = np.array([names.index(name) for name in tastes])[session]
    drawn = np.zeros(len(session), dtype=np.int64)
    for place, name in enumerate(names):
        mine = np.flatnonzero(code == place)
        liked = taste(name)
        choice = pick(rng, list(liked.values()), len(mine))
        drawn[mine] = np.array([number[domain] for domain in liked])[choice]
    fresh = rng.random(len(session)) > 0.5
    fresh |= np.diff(session, prepend=-1) != 0
    last = np.maximum.accumulate(np.where(fresh, np.arange(len(session)), 0))
    return drawn[last]


def _pages(
    rng: np.random.Generator,
    world: World,
    plan: pl.DataFrame,
    session: Numbers,
    start: Numbers,
    site: Numbers,
) -> pl.DataFrame:
    sites, habits = world.sites, world.habits
    count = len(session)
    hosts = np.array([(s.hosts * 6)[:6] for s in sites])
    weight = np.array([s.weight for s in sites])[site]
    weight = weight * _by_building(plan["network"], habits, "size_times")[session]
    size = weight * np.exp(1.1 * rng.standard_normal(count))
    is_handshake = rng.random(count) < HANDSHAKE_SHARE
    size = np.where(
        is_handshake, rng.integers(*habits.handshake_bytes, count), size + habits.least_page_bytes
    )
    is_plain = np.array([s.is_plain for s in sites])[site]
    columns = {
        "start": start,
        "elapsed": _durations(rng, count, 24.0),
        "host": _from_media(world, site, hosts[site, rng.integers(0, 6, count)]),
        "size": size.astype(np.int64),
        "outcome": np.where(is_plain, "page", "tunnel"),
        "is_page": ~is_handshake,
        "sent": (900 + size * 0.03 * rng.random(count)).astype(np.int64),
    }
    return _placed(plan, session, columns)


def _from_media(world: World, site: Numbers, host: Numbers) -> Numbers:
    """Return the host of each page; films increasingly come from their site's media host."""
    if not world.habits.films_apart:
        return host
    media = [s.assets[-1] if s.assets and s.weight > FILM_BYTES else "" for s in world.sites]
    film = np.array(media)[site]
    rng = world.generator("films")
    is_film = (film != "") & (rng.random(len(host)) < FILM_SHARE)
    return np.where(is_film, film, host)


def _assets(
    rng: np.random.Generator,
    sites: Sequence[Site],
    plan: pl.DataFrame,
    session: Numbers,
    start: Numbers,
    site: Numbers,
) -> pl.DataFrame:
    """Return what pages load from elsewhere, within seconds."""
    mean = np.array([PACES[name][3] for name in plan["pace"]])[session]
    adverts = np.array([1.6 if s.has_ads else 1.0 for s in sites])[site]
    counts = rng.poisson(mean * adverts)
    page, _ = per_group(counts)
    choices = np.array([_choices(s) for s in sites])
    count = len(page)
    size = np.exp(9.0 + 1.2 * rng.standard_normal(count))
    columns = {
        "start": start[page] + rng.integers(80, 4_000, count),
        "elapsed": _durations(rng, count, 4.0),
        "host": choices[site[page], rng.integers(0, ASSET_CHOICES, count)],
        "size": size.astype(np.int64) + 600,
        "outcome": np.full(count, "tunnel"),
        "is_page": np.zeros(count, dtype=bool),
        "sent": rng.integers(500, 2_500, count),
    }
    return _placed(plan, session[page], columns)


def _choices(site: Site) -> list[str]:
    """Return eight hosts that a page of the site loads from."""
    others = ADVERTS if site.has_ads else THIRD_PARTIES
    own = (*site.assets, *site.assets, *others, *THIRD_PARTIES)
    return list((own * 2)[:ASSET_CHOICES])


def _durations(rng: np.random.Generator, count: int, median: float) -> Numbers:
    """Return milliseconds that tunnels stay open: seconds mostly, some for hours."""
    seconds = median * np.exp(1.0 * rng.standard_normal(count))
    seconds = np.minimum(seconds, 290)
    is_long = rng.random(count) < LONG_SHARE
    seconds = np.where(is_long, rng.uniform(600, 9_000, count), seconds)
    return (seconds * 1_000).astype(np.int64) + 20


def _placed(plan: pl.DataFrame, session: Numbers, columns: Mapping[str, Numbers]) -> pl.DataFrame:
    where = plan.select("account", "device", "network", "address")[session]
    return where.with_columns(pl.Series(k, v) for k, v in columns.items()).select(
        pl.col(name).cast(dtype) for name, dtype in REQUESTS.items()
    )


@dataclass(frozen=True)
class Timer:
    """A periodic request to a host.

    Attributes:
        share: Share of the devices that run it.
        jitter: Share of the period by which it varies.
        needs_user: Runs as the logged-on user; otherwise without one.
    """

    host: str
    period: int
    share: float
    size: int
    spread: float
    jitter: float = 0.02
    needs_user: bool = False


TIMERS = (
    Timer("v10.events.data.microsoft.com", 300 * MINUTE, 0.9, 7_200, 0.3, 0.2),
    Timer("agent.sampleton.example", 6 * HOUR, 1.0, 6_400, 0.02),
    Timer("ocsp.digicert.com", 12 * HOUR, 0.6, 2_400, 0.2, 0.3),
    Timer("outlook.office.com", 30 * MINUTE, 0.45, 8_800, 0.05, needs_user=True),
    Timer("assets.msn.com", 60 * MINUTE, 0.25, 12_500, 0.06, needs_user=True),
    Timer("www.dailyplain.example", 10 * MINUTE, 0.02, 21_000, 0.03, needs_user=True),
)
CHROMEOS_TIMERS = (
    Timer("clients4.google.com", 45 * MINUTE, 0.9, 7_200, 0.3, 0.2),
    Timer("mtalk.google.com", 15 * MINUTE, 1.0, 6_400, 0.05),
    Timer("outlook.office.com", 30 * MINUTE, 0.45, 8_800, 0.05, needs_user=True),
    Timer("www.dailyplain.example", 10 * MINUTE, 0.05, 21_000, 0.03, needs_user=True),
)
"""Hosts that an awake ChromeOS device contacts without its user."""


def background(world: World, sittings: Sequence[Sitting]) -> pl.DataFrame:
    """Return requests of computers on a wire, by day and by night, while they are awake."""
    rng = world.generator("machines")
    wired = world.places.where(lambda d: _stands(d) and not d.runs_chromeos)
    parts = [_timed(world, rng, timer, wired) for timer in TIMERS]
    parts.append(_updates(world, rng, wired))
    chromeos = world.places.where(lambda d: _stands(d) and d.runs_chromeos)
    if chromeos:
        rng = world.generator("machines that run ChromeOS")
        timed = [_timed(world, rng, timer, chromeos) for timer in CHROMEOS_TIMERS]
        parts.append(_while_awake(world, pl.concat(timed), sittings))
    rows = pl.concat(parts)
    rows = with_address(world, rows.with_columns(address=pl.lit(0, pl.Int64)))
    return (
        _with_users(rows, sittings)
        .with_columns(is_page=pl.lit(value=False), outcome=pl.lit("tunnel"))
        .select(pl.col(name).cast(dtype) for name, dtype in REQUESTS.items())
    )


def _stands(device: Device) -> bool:
    classes = {"desktop", "lab_pc", "podium", "kiosk"}
    return device.device_class in classes and device.number % 8 != 0


def _while_awake(world: World, rows: pl.DataFrame, sittings: Sequence[Sitting]) -> pl.DataFrame:
    """Return devices' requests while a person is there, and until they fall asleep."""
    devices = world.places.devices
    spans = pl.DataFrame(
        [(one.device, one.start, one.end + devices[one.device].awake_for) for one in sittings],
        schema={"device": pl.Int32, "from": pl.Int64, "to": pl.Int64},
        orient="row",
    )
    joined = rows.sort("start").join_asof(
        spans.sort("from"), left_on="start", right_on="from", by="device", check_sortedness=False
    )
    return joined.filter(pl.col("start") < pl.col("to")).select(rows.columns)


def _timed(
    world: World, rng: np.random.Generator, timer: Timer, devices: Sequence[Device]
) -> pl.DataFrame:
    chosen = [d for d in devices if rng.random() < timer.share]
    count = int(len(world.days) * DAY / timer.period)
    phase = rng.integers(0, timer.period, len(chosen))[:, None]
    wander = rng.normal(0, timer.jitter * timer.period, (len(chosen), count))
    steps = np.arange(count)[None, :] * timer.period
    times = (world.days[0].at("00:00") + phase + steps + wander).astype(np.int64)
    size = timer.size * np.exp(timer.spread * rng.standard_normal(times.size))
    return _rows(times.ravel(), chosen, count, timer.host, size, needs_user=timer.needs_user)


def _updates(world: World, rng: np.random.Generator, devices: Sequence[Device]) -> pl.DataFrame:
    """Return big downloads between three and five on Wednesday mornings."""
    nights = [day for day in world.days if day.date.weekday() == 2]
    count = 4 * len(nights)
    begins = np.repeat([night.at("03:15") for night in nights], 4).astype(np.int64)
    times = begins[None, :] + rng.integers(0, 90 * MINUTE, (len(devices), count))
    size = 4e7 * np.exp(rng.standard_normal(times.size))
    return _rows(times.ravel(), devices, count, UPDATE_HOST, size, needs_user=False)


def _rows(
    times: Numbers,
    devices: Sequence[Device],
    count: int,
    host: str,
    size: Numbers,
    *,
    needs_user: bool,
) -> pl.DataFrame:
    schema = {"start": pl.Int64, "device": pl.Int32, "network": pl.String}
    return pl.DataFrame(
        {
            "start": times,
            "device": np.repeat([d.number for d in devices], count),
            "network": np.repeat([d.network for d in devices], count),
        },
        schema_overrides=schema,
    ).with_columns(
        elapsed=pl.lit(30 * SECOND) + pl.col("start") % (40 * SECOND),
        host=pl.lit(host),
        size=pl.Series(size.astype(np.int64)),
        sent=pl.lit(1_400, pl.Int64),
        needs_user=pl.lit(needs_user),
    )


def logged_on(sittings: Sequence[Sitting]) -> pl.DataFrame:
    """Return spans in which an account is logged on, active or locked, by device.

    A span ends at the logoff or when another account logs on.
    """
    rows: list[tuple[int, int, str, int]] = []
    for sitting in sorted(sittings, key=lambda s: (s.device, s.start)):
        end = sitting.end if sitting.closed == "logoff" else sitting.end + 5 * DAY
        rows.append((sitting.device, sitting.start, sitting.account, end))
    schema = pl.Schema({"device": pl.Int32, "on": pl.Int64, "account": pl.String, "off": pl.Int64})
    return pl.DataFrame(rows, schema=schema, orient="row")


def _with_users(rows: pl.DataFrame, sittings: Sequence[Sitting]) -> pl.DataFrame:
    """Give timers that need one the account that is logged on; drop the others."""
    joined = rows.sort("start").join_asof(
        logged_on(sittings).sort("on"),
        left_on="start",
        right_on="on",
        by="device",
        check_sortedness=False,
    )
    is_on = pl.col("account").is_not_null() & (pl.col("start") < pl.col("off"))
    user = pl.when("needs_user").then("account")
    return joined.filter(is_on | ~pl.col("needs_user")).with_columns(account=user)
