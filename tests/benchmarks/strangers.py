"""Districts that are drawn from the space of facts, told in raw lines, and judged.

    python -m tests.benchmarks.strangers [--seed 1] [--districts 30] [--size 160] [--macs] [--few]

The seed draws products, missing products, spelling, missing lists, and the stories. An oracle
reads the lines that were written and the lists that were laid in, and nothing else: it reduces each
story to the facts that arrived, and the judgment decides what is due for those.
"""

import math
import os
import random
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote

import polars as pl
import typer

from docs.fact_space import Combination, Verdict, chosen, space, verdict
from pipelines.ingest.ingestion import ingest_source
from pipelines.ingest.source import IngestOptions, Source
from pipelines.settings.home import DistrictHome
from pipelines.settings.scratch import scratch
from pipelines.state import ledger
from pipelines.state.connections import open_store
from pipelines.synthetic.habits import RANGES
from pipelines.warehouse import inputs
from tests.scenarios.places import ZONE
from tests.space.district import SETTINGS, Answer, built, judged, lists_of
from tests.space.lines import COPIES, FORMS, Lines
from tests.space.stories import (
    EGRESS,
    NEAR,
    ONE_ADDRESS,
    Story,
    fact_words,
    registry,
    stories,
    tell,
)
from tests.stories.district import AGENTS
from tests.stories.products import PRODUCTS

UNWRITTEN = ("copy_of_network", "copy_of_controller", "copy_of_agent", "portal_login")
"""Values of `who` for which the stories of products have no writer."""
LEFT_OUT = {
    # a file for each computer; an address that the stories do not have; `address:port` of IPv6
    *("Event Viewer", "Security.evtx", "Aruba", "OpenVPN", "a filter's export"),
}
MISSING = {"network": 0.25, "windows": 0.25, "vpn": 0.2, "cloud": 0.2, "dns": 0.4, "leases": 0.05}
"""How often a district delivers no product of a role."""
ANYWHERE = ("site", "upload", "scan")
"""Acts that any building has alike."""
HOLES = {"staff_duty.csv": 0.25, "leave.csv": 0.25, "access_points.csv": 0.25, "ip_geo.csv": 0.3}
"""How often a list is missing."""
ENDS = ("due", "found", "as a lead", "false")
LARGE = 100_000_000
"""Bytes of one transfer of an upload, at least."""
PACE = (10, 2)
"""Requests, and stretches of five minutes, that show a person in sustained use, which the judgment
presumes: fewer may be a session that was left open, or a glance."""
HANDSHAKE = 6_000
"""Bytes of a TLS handshake with its certificates: a smaller answer has no content."""
GLANCE = 150
"""Seconds; what is shorter is a glance."""
COMPARED_DAYS = 3
"""Days before an upload on which the same log counts what devices send."""
USUAL_DAYS = 5
"""Days on site that show whether the usual hours are a person's."""
MACS = 0.15
"""How often a district has Macs and iPads: 802.1X and copies of it, names looked up outside, a
cloud provider, and no log of a keyboard."""
FOR_MACS = {
    "web": "FortiGate's web filter", "firewall": "FortiGate", "network": "ISE",
    "dns": "Umbrella DNS", "vpn": "FortiClient",
}  # fmt: skip
SHARES = {"shared_account": 0.4, "site": 0.25, "off_hours": 0.25, "upload": 0.05, "scan": 0.05}

app = typer.Typer(add_completion=False)


@dataclass(frozen=True)
class Draw:
    """The habits of one district.

    Attributes:
        uses: The product of each role that it has.
        form: How its logs write an account.
        holes: Lists that it does not have.
        unlisted: Share of the devices that its inventory lacks.
        pause: Mean pause of its people between two pages, in seconds.
        page_bytes: Mean size of its pages.
        use_times: Factor on the length of a use.
        kilometers: From one campus to the other.
    """

    seed: int
    uses: Mapping[str, str]
    form: str
    holes: frozenset[str]
    unlisted: float
    pause: float
    page_bytes: float
    use_times: float
    kilometers: float

    @classmethod
    def of(cls, seed: int, *, macs: bool = False, few: bool = False) -> "Draw":
        """Draw a district.

        Args:
            macs: It has Macs and iPads.
            few: It has no list that someone would have to type.
        """
        dice = random.Random(f"stranger {seed}")
        uses = {}
        for role, products in PRODUCTS.items():
            named = [name for name in products if name not in LEFT_OUT]
            product = dice.choice(named)
            if dice.random() >= MISSING.get(role, 0):
                uses[role] = product
        other = random.Random(f"macs {seed}")
        if other.random() < MACS or macs:
            uses |= FOR_MACS | {"cloud": other.choice(("Okta", "Duo"))}
            uses.pop("windows", None)
        holes = frozenset(name for name, share in HOLES.items() if dice.random() < share or few)
        return cls(
            seed=seed,
            uses=uses,
            form=dice.choice([*FORMS]),
            holes=holes,
            unlisted=dice.choice((0, 0.05, 0.15)),
            pause=RANGES["pause_seconds"].draw(dice),
            page_bytes=RANGES["page_bytes"].draw(dice),
            use_times=RANGES["use_times"].draw(dice),
            kilometers=dice.uniform(4, 40),
        )


@dataclass(frozen=True)
class Told:
    """A story, what is due for the facts that arrived, and what the rules make of it."""

    story: Story
    due: Verdict
    answer: Answer

    @property
    def is_provable(self) -> bool:
        """Whether a finding is due."""
        return self.due.outcome == "finding"

    @property
    def is_false(self) -> bool:
        """Whether someone is named for whom neither finding nor lead is due."""
        named = self.answer.outcome == "finding" and self.due.outcome in ("coverage", "silence")
        return named or bool(self.answer.others)


def drawn_stories(draw: Draw, count: int) -> list[Story]:
    """Return stories whose facts the district's products can write."""
    dice = random.Random(f"stories {draw.seed}")
    rows = []
    for name, share in SHARES.items():
        act = space().acts[name]
        able = [(act, one, verdict(act, one)) for one in chosen(act) if _can_write(draw, one)]
        dice.shuffle(able)
        # half of them such that a finding is due if everything arrives
        proven = [row for row in able if row[2].outcome == "finding"][: round(count * share / 2)]
        others = [row for row in able if row[2].outcome != "finding"]
        rows += proven + others[: round(count * share) - len(proven)]
    dice.shuffle(rows)
    return stories(rows)


def _can_write(draw: Draw, facts: Combination) -> bool:
    is_agent = facts["which"] == "machine_name" and facts["who"] != "tunnel_login"
    has_agent = draw.uses.get("web") in AGENTS
    return (
        facts["who"] not in UNWRITTEN
        and (has_agent if is_agent else True)
        and not (facts["who"] == "line_login" and (has_agent or draw.uses.get("web") in COPIES))
        # what a product leaves out is the oracle's to see
        and facts.get("what") != "hosts"
    )


def hold(folder: Path, draw: Draw, count: int) -> list[Told]:
    """Make a district in an empty folder, read its lines, build and judge it."""
    every = drawn_stories(draw, count)
    texts = _with_holes(draw, registry(every))
    settings = SETTINGS.replace("zone =", 'account_domains = ["EXAMPLE", "school.example"]\nzone =')
    lists, domains = lists_of(folder, texts, settings)
    lines = Lines(draw.uses, draw.form, draw.pause, draw.page_bytes, draw.use_times)
    for story in every:
        tell(lines, story)
    files = _read(folder, lines)
    oracle = Oracle(folder, files, texts)
    with built(folder, lists, domains, files) as database:
        found = judged(database, lists, every)
    return [Told(one, oracle.due(one), answer) for one, answer in zip(every, found, strict=True)]


def _with_holes(draw: Draw, texts: Mapping[str, str]) -> Mapping[str, str]:
    """Return the lists without what the district does not have; their first rows stay."""
    dice = random.Random(f"holes {draw.seed}")
    left = {name: text.splitlines() for name, text in texts.items()}
    for name in draw.holes:
        left[name] = left[name][:1]
    head, *devices = left["devices.csv"]
    # a degree of latitude is 111.2 km
    south = f"{41.5 + draw.kilometers / 111.2:.3f}"
    left["buildings.csv"] = [row.replace("41.620", south) for row in left["buildings.csv"]]
    left["devices.csv"] = [head, *(row for row in devices if dice.random() >= draw.unlisted)]
    return {name: "\n".join(rows) + "\n" for name, rows in left.items()}


def _read(folder: Path, lines: Lines) -> inputs.LakeFiles:
    """Write the lines into landing folders, and read them as a run does."""
    home, district = DistrictHome(folder), lines.district
    store = open_store(home.state_db)
    try:
        options = IngestOptions(store=store, lake=folder / "lake", zone=ZONE, settle_seconds=0)
        for name, rows in district.lines.items():
            landing = folder / "landing" / name
            landing.mkdir(parents=True)
            file = landing / "all.log"
            rows.sort(key=lambda row: row[0])
            file.write_bytes(district.encoded(name, [line for _, line in rows]))
            last = rows[-1][0].timestamp()
            os.utime(file, (last, last))
            source = Source(
                name=name,
                folder=landing,
                format=district.formats[name],
                zone=ZONE,
                options=district.options[name],
            )
            ingest_source(options, source)
        lost = [f"{one.source} {one.rejects}" for one in ledger.source_files(store) if one.rejects]
        assert not lost, lost
        return inputs.lake_files(store, folder / "lake")
    finally:
        store.close()


class Oracle:
    """Reduces a story to the facts in the lines that arrived and in the lists."""

    def __init__(self, folder: Path, files: inputs.LakeFiles, texts: Mapping[str, str]) -> None:
        self._folder, self._files = folder, files
        self.logons: Counter[tuple[Any, ...]] = Counter()
        self._read_logons()
        self.has_networks = any(kind == "wifi" for kind, *_ in self.logons)
        self.leases = {*self._rows("leases", "ip", "mac")}
        self.times: dict[tuple[str, str, date], list[tuple[datetime, str]]] = defaultdict(list)
        self.sent_days: set[date] = set()
        self.look_ups = {ip for (ip,) in self._rows("dns_queries", "src_ip")}
        self.requests: dict[tuple[str, date], set[tuple[str, str, bool, bool]]] = defaultdict(set)
        self.sent: dict[str, set[str]] = defaultdict(set)
        self._read_use()
        self.devices = {row.split(",")[0] for row in texts["devices.csv"].splitlines()}
        self.empty = {name for name, text in texts.items() if len(text.splitlines()) < 2}

    def _rows(self, event_class: str, *columns: str) -> Iterator[tuple[Any, ...]]:
        for files in self._files.by_day.get(event_class, {}).values():
            for one in files:
                path = self._folder / "lake" / one.path
                yield from pl.read_parquet(path).select(columns).iter_rows()

    def _read_logons(self) -> None:
        columns = ("logon_kind", "src_mac", "assigned_ip", "src_ip", "host", "user_name")
        for kind, mac, ip, outside, host, user, day in self._rows("logons", *columns, "event_date"):
            key = {"wifi": mac, "vpn": ip, "cloud": outside, "interactive": host}.get(kind)
            self.logons[kind, key, _plain(user), day] += 1
            if kind == "vpn":
                self.logons["vpn host", ip, _short(host), day] += 1

    def _read_use(self) -> None:
        columns = ("src_ip", "event_date", "user_name", "src_hostname", "bytes_in", "bytes_out")
        columns += ("time", "url_hostname", "name_proof")
        for row in self._rows("http_requests", *columns):
            ip, day, user, machine, size, sent, when, host, proof = row
            is_checked = proof == "authenticated"
            one = (_plain(user), _short(machine), size is not None, is_checked)
            self.requests[ip, day].add(one)
            if size is None or size >= HANDSHAKE:
                machine = _short(machine) if ip == ONE_ADDRESS else ""
                self.times[ip, machine, day].append((when, host))
            self._count_sent(ip, day, sent, "sized_hosts")
        columns = ("src_ip", "event_date", "bytes_out", "dst_hostname")
        for ip, day, sent, host in self._rows("connections", *columns):
            self._count_sent(ip, day, sent, "sized_hosts" if host else "flows")

    def _count_sent(self, ip: str, day: date, sent: int | None, what: str) -> None:
        if sent:
            self.sent_days.add(day)
        if (sent or 0) > LARGE:
            self.sent[ip].add(what)

    def due(self, story: Story) -> Verdict:
        """Return the judgment of the facts that arrived."""
        read = {
            "who": self._who,
            "which": self._which,
            "whose": self._whose,
            "elsewhere": self._elsewhere,
            "where": self._where,
            "what": self._what,
            "duty": self._duty,
        }
        facts = {name: read[name](story) for name in story.facts}
        if facts["which"] in ("no_lease", "tunnel_address") and not story.has_keyboard:
            facts["whose"] = "unlisted"
        due = verdict(story.act, facts)
        if due.outcome == "finding" and not self._is_shown(story, facts):
            return replace(due, outcome="lead")
        return due

    def _is_shown(self, story: Story, facts: Combination) -> bool:
        """Return whether the lines carry what the judgment presumes of a use."""
        if story.act.name == "upload":
            return sum(day < story.day for day in self.sent_days) >= COMPARED_DAYS
        if story.act.name == "scan":
            return True
        # a card that changes, of a device that no list has, is a private phone's
        is_phone = facts["which"] == "host_name" and facts["whose"] == "unlisted"
        if is_phone or not self._is_sustained(story):
            return False
        if story.act.name == "off_hours":
            has_hours = facts["duty"] != "off_usual" or self._shows_usual_hours(story)
            return has_hours and self._has_second_clock(story)
        return story.act.name == "site" or self._is_apart(story, facts)

    def _is_apart(self, story: Story, facts: Combination) -> bool:
        """Return whether the lines show both sides of an account in two places."""
        if facts["elsewhere"].startswith("sign_in"):
            # one sign-in from far away does not show that the account was used there
            far = ("cloud", f"{story.far()[0]}5", story.account, story.day)
            if self.logons[far] < 2 or not self._has_second_clock(story):
                return False
        # a laptop in the building may have its tunnel over a line of the building
        is_tunnel = "tunnel" in facts["who"] or "tunnel" in facts["elsewhere"]
        if is_tunnel and "ip_geo.csv" in self.empty:
            return False
        # names without amounts do not show that a person was there
        return self._is_sized(story, story.ip)

    def _is_sustained(self, story: Story) -> bool:
        is_shared = story.act.name == "shared_account"
        sides = [*story.sides().values()] if is_shared else [story.ip]
        site = "" if is_shared else story.site
        return all(self._is_paced(story, ip, story.day, site) for ip in sides)

    def _is_paced(self, story: Story, ip: str, day: date, site: str = "") -> bool:
        """Return whether an address shows a person in use of any site, or of one."""
        machine = story.device if ip == ONE_ADDRESS else ""
        lines = self.times[ip, machine, day]
        times = [when.timestamp() for when, host in lines if (host or "").endswith(site)]
        requests, stretches = PACE
        return (
            len(times) >= requests
            and len({int(one) // 300 for one in times}) >= stretches
            and max(times) - min(times) >= GLANCE
        )

    def _has_second_clock(self, story: Story) -> bool:
        """Return whether a log other than that of the use agrees with its clock."""
        return self.has_networks or story.facts["who"] not in ("line_login", "agent_person")

    def _shows_usual_hours(self, story: Story) -> bool:
        if story.where.startswith("home"):
            return True
        named = {day for _, _, account, day in self.logons if account == story.account}
        named |= {
            day
            for (ip, day), lines in self.requests.items()
            if ip == story.ip and any(user == story.account for user, *_ in lines)
        }
        days = [one for one in named - {story.day} if self._is_paced(story, story.ip, one)]
        return len(days) >= USUAL_DAYS

    def _is_sized(self, story: Story, ip: str) -> bool:
        return any(sized for *_, sized, _ in self.requests[ip, story.day])

    def _has_login(self, kind: str, key: str, story: Story) -> bool:
        return (kind, key, story.account, story.day) in self.logons

    def _who(self, story: Story) -> str:
        who = story.facts["who"]
        if who.startswith("network"):
            is_known = self._has_login("wifi", story.card, story)
        elif who.startswith("keyboard"):
            is_known = self._has_login("interactive", story.device, story)
        elif who == "tunnel_login":
            is_known = self._has_login("vpn", story.ip, story)
        elif who == "cloud_password":
            is_known = self._has_login("cloud", EGRESS, story)
        else:
            proofs = {
                is_checked
                for user, *_, is_checked in self.requests[story.ip, story.day]
                if user == story.account
            }
            is_known = bool(proofs)
            if who == "line_login" and proofs == {False}:
                return "copy_of_controller"  # the product does not ask for the password
        return who if is_known else "no_name"

    def _which(self, story: Story) -> str:
        which = story.facts["which"]
        if which in ("card", "host_name"):
            return which if (story.ip, story.card) in self.leases else "no_lease"
        if story.facts["who"] != "tunnel_login":
            named = (one == story.device for _, one, *_ in self.requests[story.ip, story.day])
            return which if which == "machine_name" and any(named) else "no_lease"
        if not self._has_login("vpn", story.ip, story):
            return "no_lease"
        has_name = ("vpn host", story.ip, story.device, story.day) in self.logons
        return which if has_name else "tunnel_address"

    def _whose(self, story: Story) -> str:
        return story.facts["whose"] if story.device in self.devices else "unlisted"

    def _elsewhere(self, story: Story) -> str:
        elsewhere, ip = story.facts["elsewhere"], story.sides().get("elsewhere", "")
        if elsewhere in NEAR:
            mac = story.mac(story.laptop)
            is_shown = story.laptop in self.devices and self._has_login("wifi", mac, story)
            is_shown &= (ip, mac) in self.leases and self._is_sized(story, ip)
        elif elsewhere == "keyboard_other_campus":
            lab = story.lab_computer
            is_shown = self._has_login("interactive", lab, story)
            is_shown &= (ip, story.mac(lab)) in self.leases and self._is_sized(story, ip)
        elif elsewhere == "tunnel_at_home":
            is_shown = self._has_login("vpn", ip, story) and self._is_sized(story, ip)
        elif elsewhere.startswith("sign_in"):
            is_shown = "ip_geo.csv" not in self.empty
            is_shown &= self._has_login("cloud", f"{story.far()[0]}5", story)
        else:
            is_shown = "leave.csv" not in self.empty
        return elsewhere if is_shown else "nothing"

    def _where(self, story: Story) -> str:
        has_points = "access_points.csv" not in self.empty
        if story.where == "access_point" and not (has_points and self._who(story) != "no_name"):
            # the registry lists the network; its building is what is not known
            is_anywhere = story.act.name in ANYWHERE or not story.duty.startswith("leave")
            return "building_network" if is_anywhere else "unknown_network"
        return story.where

    def _what(self, story: Story) -> str:
        what = story.facts["what"]
        if story.act.name == "scan" or what == "flows":
            return what
        if story.act.name == "upload":
            seen = self.sent[story.ip]
            return next((one for one in ("sized_hosts", "flows") if one in seen), "look_ups")
        if what == "look_ups":
            return what if story.ip in self.look_ups else "flows"
        return what if self._is_sized(story, story.ip) else "hosts"

    def _duty(self, story: Story) -> str:
        # on a closed day, too, a person without hours may be on duty
        is_own = story.duty.endswith("_typed") or story.duty == "closed"
        if is_own and "staff_duty.csv" in self.empty:
            return "no_hours"
        if story.duty.startswith("leave") and "leave.csv" in self.empty:
            return "no_hours"
        return story.duty


def _plain(user: str | None) -> str:
    """Return the account that a name in a log means; Squid escapes a domain's backslash."""
    return unquote(user or "").split("\\")[-1].split("@")[0].lower()


def _short(host: str | None) -> str:
    return (host or "").split(".")[0].lower()


def worst_tenth(values: Sequence[float]) -> float | None:
    """Return what nine in ten reach: of thirty values the third lowest; None without values."""
    return sorted(values)[math.ceil(len(values) / 10) - 1] if values else None


def ends_of(told: Iterable[Told]) -> "Counter[str]":
    """Count how the stories of a district end, in the words of `ENDS`."""
    count: Counter[str] = Counter()
    for one in told:
        outcome = one.answer.outcome
        count["due"] += one.is_provable
        count["found"] += one.is_provable and outcome == "finding"
        count["as a lead"] += one.is_provable and outcome == "lead"
        count["false"] += one.is_false
    return count


def in_words(one: Told) -> str:
    """Return what was missed or false about a story, in one line; empty for nothing."""
    facts, seen = fact_words(one.story), one.answer.seen
    rules = f"{one.answer.outcome} {one.answer.rules}".strip()
    if one.is_false:
        return (
            f"False: {one.story.act.name} {facts}: {rules} {', '.join(one.answer.others)}; {seen}"
        )
    if one.is_provable and one.answer.outcome != "finding":
        return f"Missed: {one.story.act.name} {facts}: {rules}; {seen}"
    return ""


@app.command()
def strangers(
    seed: Annotated[int, typer.Option(help="Seed of the first district.", min=0)] = 1,
    districts: Annotated[int, typer.Option(help="How many are drawn.", min=1)] = 30,
    size: Annotated[int, typer.Option(help="Stories of each.", min=20)] = 160,
    *,
    macs: Annotated[
        bool, typer.Option("--macs", help="Districts of Macs and iPads alone.")
    ] = False,
    few: Annotated[bool, typer.Option("--few", help="Without lists that are typed.")] = False,
) -> None:
    """Print the recall of what is provable, and who was named falsely, in drawn districts."""
    every: list[list[Told]] = []
    head = ("seed", "products", "missing lists", "pause, s", "page, kB", "length", *ENDS, "seconds")
    typer.echo(_row(head) + "\n" + "|---" * len(head) + "|")
    for number in range(seed, seed + districts):
        began, draw = time.monotonic(), Draw.of(number, macs=macs, few=few)
        with tempfile.TemporaryDirectory(prefix=scratch("strangers")) as folder:
            every.append(hold(Path(folder) / "home", draw, size))
        count = ends_of(every[-1])
        cells = (
            number,
            ", ".join(draw.uses.values()),
            ", ".join(sorted(draw.holes)) or "none",
            f"{draw.pause:.0f}",
            f"{draw.page_bytes / 1000:.0f}",
            f"{draw.use_times:.1f}",
            *(count[name] for name in ENDS),
            round(time.monotonic() - began),
        )
        typer.echo(_row(cells))
    typer.echo("\n" + _row(("act", *ENDS)) + "\n" + "|---" * (len(ENDS) + 1) + "|")
    for name, act in space().acts.items():
        count = ends_of(one for told in every for one in told if one.story.act is act)
        typer.echo(_row((name, *(count[one] for one in ENDS))))
    typer.echo("")
    for line in filter(None, (in_words(one) for told in every for one in told)):
        typer.echo(f"- {line}")
    totals = [ends_of(told) for told in every]
    shares = [one["found"] / one["due"] for one in totals if one["due"]]
    if shares:
        middle, worst = statistics.median(shares), worst_tenth(shares)
        typer.echo(
            f"\nRecall of the provable: {middle:.2f} in the middle, {worst:.2f} in the worst tenth."
        )
    typer.echo(f"Named falsely: {sum(one['false'] for one in totals)} stories.")


def _row(cells: Iterable[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


if __name__ == "__main__":
    app()
