"""The way in: a whole synthetic district, written into a district home."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl

from pipelines.synthetic.browsing_sessions import background, browse, fetched
from pipelines.synthetic.columns import dotted
from pipelines.synthetic.earlier import earlier_plan, earlier_world
from pipelines.synthetic.habits import FRIENDLY, Habits
from pipelines.synthetic.keyboards import keyboard_events
from pipelines.synthetic.leases import bindings, dhcp_events, stays
from pipelines.synthetic.other_traffic import FLOWS, phone_flows, planned_flows, server_flows
from pipelines.synthetic.plan import Plan, Tunnel
from pipelines.synthetic.planted import plant
from pipelines.synthetic.routines import add_evenings, add_restarts, add_routines
from pipelines.synthetic.truth import Truth, logged, without, write_truth
from pipelines.synthetic.world import World, make_world
from pipelines.synthetic.writers.dhcpd import dhcpd_lines
from pipelines.synthetic.writers.files import Feed, WrittenFeed, write_feed
from pipelines.synthetic.writers.fortigate import fortigate_lines
from pipelines.synthetic.writers.freeradius import radius_lines
from pipelines.synthetic.writers.google import chromeos_lines
from pipelines.synthetic.writers.okta import okta_lines
from pipelines.synthetic.writers.paloalto import paloalto_lines
from pipelines.synthetic.writers.registry import write_exported, write_registry
from pipelines.synthetic.writers.squid import NOISE, squid_lines
from pipelines.synthetic.writers.windows import windows_lines
from pipelines.synthetic.writers.windows_dhcp import windows_dhcp_lines

DISTRICT_NAME = "Sampleton Community Schools"
ACCOUNT_DOMAINS = FRIENDLY.account_domains
FORMATS: Mapping[str, str] = {
    "proxy": "squid_access",
    "firewall": "fortigate",
    "directory": "windows_security_json",
    "dhcp": "isc_dhcpd",
}
"""Folder below `landing/` and what its files are written in."""

PROXY = Feed("proxy", "access-{date}.log.gz", "access.log", noise=NOISE)
FIREWALL = Feed("firewall", "traffic-{date}.log.gz", "traffic.log")
DIRECTORY = Feed("directory", "security-{date}.json.gz", "security.json")
EARLIER = Feed("directory", "security-{date}.json.gz", "security-before.json")
DHCP = Feed("dhcp", "dhcpd-{date}.log", "dhcpd.log", shortest=16)
WINDOWS_DHCP = Feed("dhcp", "DhcpSrvLog-{date}.log", "DhcpSrvLog.log", shortest=16)
LEASES = {"isc": (DHCP, dhcpd_lines), "windows": (WINDOWS_DHCP, windows_dhcp_lines)}
"""DHCP product -> its files and their writer."""
PALOALTO = Feed("firewall", "panos-{date}.log.gz", "panos.log")
CLOUD = Feed("cloud", "", "okta.json")
GOOGLE = Feed("google", "chrome-{date}.json.gz", "chrome.json")
WIFI = Feed("wifi", "radius-{date}.log", "radius.log", shortest=16)
ONE_SCHOOL = replace(WIFI, name="")
"""Where one school alone has such a log, it is short."""
TWICE = 8
"""The day whose web log arrives a second time, under another name."""

Progress = Callable[[str, int, int], None]
STEPS = 6


def generate(  # noqa: PLR0913 - a district has that many sides
    home: Path,
    seed: int = 2026,
    *,
    weeks: int = 4,
    people: int = 240,
    progress: Progress | None = None,
    violations: bool = True,
    weeks_before: int = 0,
    habits: Habits = FRIENDLY,
    later: timedelta = timedelta(0),
) -> Truth:
    """Write registry, logs and truth of a synthetic district into `home`.

    The same arguments give the same bytes. A district of Chromebooks has most of its
    registry in `exports/`: `trial.set_up` reads them.

    Args:
        home: Where `registry/`, `landing/` and `truth/` are written.
        seed: Of all random numbers.
        weeks: School weeks from Monday 2026-10-19, or later.
        people: Size of the roster, at least 60.
        progress: Called with the step, its number and their total.
        violations: False plants look-alikes only: every finding is then wrong.
        weeks_before: Weeks before that Monday for which only the directory's log
            was kept; with seven, silences are planted.
        habits: Habits of the district; by default those of the demonstration.
        later: Whole weeks by which everything is later.
    """
    tell = progress or _silent
    tell("people and plans", 0, STEPS)
    world = make_world(seed, weeks, people, habits, later)
    plan = Plan()
    before = earlier_world(world, weeks_before)
    plant(world, plan, violations=violations, earlier=before.days)
    add_routines(world, plan)
    add_evenings(world, plan)
    add_restarts(world, plan)
    if habits.products == "chromebooks":
        write_exported(world, plan, home, before.days)
    else:
        write_registry(world, plan, home / "registry", before.days)
    tell("requests", 1, STEPS)
    requests = _requests(world, plan)
    stayed = stays(world, requests)
    written = _write_logs(world, plan, requests, stayed, home / "landing", tell)
    if weeks_before:
        lines = windows_lines(before, keyboard_events(before, earlier_plan(before, plan)))
        written.append(write_feed(before, home / "landing", EARLIER, lines))
    bound = bindings(world, stayed, plan)
    return write_truth(world, plan, written, bound, home / "truth")


def _silent(_step: str, _number: int, _of: int) -> None:
    """Report to no one."""


def _requests(world: World, plan: Plan) -> pl.DataFrame:
    parts = [
        browse(world, plan.sessions),
        fetched(world, plan.fetches),
        background(world, plan.sittings),
    ]
    return pl.concat(parts).sort("start", "device", maintain_order=True)


def _write_logs(
    world: World,
    plan: Plan,
    requests: pl.DataFrame,
    stayed: pl.DataFrame,
    landing: Path,
    tell: Progress,
) -> list[WrittenFeed]:
    """Write the feeds, one after the other."""
    is_own = pl.col("network").str.contains("/(byod|guest)$")
    own, proxied = requests.filter(is_own), requests.filter(~is_own)
    written = []

    def write(feed: Feed, lines: pl.DataFrame) -> None:
        if lines.height:
            written.append(write_feed(world, landing, feed, lines))

    keys = keyboard_events(world, plan)
    tell("requests seen", 2, STEPS)
    if world.habits.products == "chromebooks":
        flows, tunnels = _flows(world, plan, own), _logged(world, plan.tunnels)
        seen = logged(world, paloalto_lines(world, flows, proxied, tunnels))
        write(PALOALTO, seen)
        written.append(_again(world, landing, PALOALTO, written[0]))
        tell("keyboards and wireless", 3, STEPS)
        if world.habits.has_keyboard_log:
            write(GOOGLE, chromeos_lines(world, keys))
    else:
        write(PROXY, logged(world, squid_lines(world, proxied)))
        written.append(_again(world, landing, PROXY, written[0]))
        tell("firewall", 3, STEPS)
        seen = fortigate_lines(
            world,
            _flows(world, plan, own),
            proxied if world.habits.firewall != "none" else proxied.clear(),
            _logged(world, plan.tunnels),
            plan.changes if world.habits.firewall == "all" else (),
        )
        write(FIREWALL, without(seen, plan.unlogged))
    if world.habits.products == "chromebooks":
        write(WIFI, radius_lines(world, plan))
    elif plan.joins:
        write(ONE_SCHOOL, radius_lines(world, plan))
    write(CLOUD, okta_lines(plan.cloud))
    tell("directory", 4, STEPS)
    write(DIRECTORY, windows_lines(world, keys))
    tell("dhcp", 5, STEPS)
    feed, lines_of = LEASES[world.habits.dhcp_server]
    write(feed, lines_of(world, dhcp_events(world, stayed, plan.releases)))
    tell("done", STEPS, STEPS)
    return written


def _flows(world: World, plan: Plan, own: pl.DataFrame) -> pl.DataFrame:
    """Return firewall traffic without a URL."""
    if world.habits.firewall != "all":
        return pl.DataFrame(schema=FLOWS)
    return pl.concat(
        [
            phone_flows(own, dotted(pl.col("address"))),
            server_flows(world, plan.no_copy),
            planned_flows(world, plan.flows),
        ]
    )


def _logged(world: World, tunnels: Sequence[Tunnel]) -> list[Tunnel]:
    """Return the logged VPN sessions."""
    rng, share = world.random("tunnels"), world.habits.tunnels_logged
    return [tunnel for tunnel in tunnels if rng.random() < share]


def _again(world: World, landing: Path, feed: Feed, written: WrittenFeed) -> WrittenFeed:
    """Deliver one finished file a second time."""
    day = world.days[min(TWICE, len(world.days) - 2)]
    name = f"{feed.folder}/{feed.name.format(date=day.date.isoformat())}"
    copy = f"{feed.folder}/resent-{day.date.isoformat()}.log.gz"
    (landing / copy).write_bytes((landing / name).read_bytes())
    damage = written.damage.filter(pl.col("file") == name)
    return WrittenFeed({copy: written.counts[name]}, damage.with_columns(file=pl.lit(copy)))
