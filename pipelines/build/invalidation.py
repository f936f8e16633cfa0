"""Which days a changed registry touches: those on which a model could say otherwise.

Each table says in which way its rows reach days: by their dates, by accounts and
devices that log lines speak of, by what the networks say of an address, by hosts that
were asked for, by the findings that rest on a clause. A day that is missed would keep
a finding that is wrong; a day too many costs time. So what cannot be told to be
untouched is opened.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from pipelines.district import District
from pipelines.registry.account_names import bare
from pipelines.registry.frames import frames_touching, schema
from pipelines.registry.sites import registrable_domain
from pipelines.registry.table import (
    Addresses,
    Clauses,
    Dates,
    EveryDay,
    Mentions,
    Sites,
    Words,
)
from pipelines.warehouse.database import Database, writing
from pipelines.warehouse.detections import served
from pipelines.warehouse.inputs import LakeFiles, addresses, hosts, lake_files, show_raw
from pipelines.warehouse.models import arguments, given, query_text

SOURCES = ("http_requests", "connections", "logons", "leases")
"""Classes of events that say who or what had an address."""

DATES = frames_touching(Dates)
NEIGHBOUR = timedelta(days=1)
"""Duty and leave reach past midnight."""
MENTIONED = frames_touching(Mentions)

PLACES = frames_touching(Addresses)
MODELS = ("identity.places", "core.outside_places")
DIMENSIONS = ("identity.addresses", "identity.outside_networks")


SITES = frames_touching(Sites)
LIKENESS = "core.look_alike_hosts"
ORIGINALS = [name for name, sites in SITES.items() if sites.is_imitated]
"""Frames whose sites others can be taken for."""


_CLASSES = ("http_requests", "connections")
CLAUSES = frames_touching(Clauses)


@dataclass(frozen=True)
class Change:
    """What changed in the registry since the days that are held were judged."""

    database: Database
    district: District
    held: Sequence[date]
    _rows: dict[str, pl.DataFrame] = field(default_factory=dict)

    def now(self, name: str) -> pl.DataFrame:
        """A frame as it is."""
        return self.district.registry.frames[name]

    def was(self, name: str) -> pl.DataFrame:
        """A frame as everything was judged with it, in the columns of today."""
        now, was = self.now(name), self.database.table(f"main.judged_{name}")
        new = [key for key in now.columns if key not in was.columns]
        absent = [pl.lit(None).alias(key) for key in new]
        return was.with_columns(absent).select(now.columns).cast(now.schema)

    def rows(self, name: str) -> pl.DataFrame:
        """The rows that came and those that went."""
        if name not in self._rows:
            self._rows[name] = differing(self.was(name), self.now(name))
        return self._rows[name]

    def has(self, name: str) -> bool:
        """A frame has rows that came or went."""
        return not self.rows(name).is_empty()

    @property
    def files(self) -> LakeFiles:
        """The lake as the ledger lists it."""
        return lake_files(self.district.store, self.district.home.lake)

    def show(self, classes: Iterable[str]) -> None:
        """Make `raw.*` show every event of some classes."""
        show_raw(self.database, self.files, classes, (self.held[0], self.held[-1]))

    def days(self, name: str) -> set[date]:
        """Return the days, of those held, that a query of `sql/invalidation/` finds."""
        found = {row[0] for row in self.database.rows(query_text(f"invalidation/{name}"))}
        return found & set(self.held)

    def build(self, scratch: Database, *names: str) -> None:
        """Build models in another database, from the tables that it holds."""
        district = self.district
        for model in (district.models[name] for name in names):
            values = given(model, district.parameters)
            scratch.build(model, arguments(model, values, zone=district.zone), None)


def differing(one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """Rows of either frame that the other has not."""
    sides = ((one, other), (other, one))
    return pl.concat(
        rows.join(others, on=rows.columns, how="anti", nulls_equal=True) for rows, others in sides
    )


def by_date(change: Change, names: Collection[str]) -> set[date]:
    """The days of the rows that changed."""
    return {day for name in names for day in _days(change, name)}


def _days(change: Change, name: str) -> set[date]:
    dates = DATES[name]
    spans = change.rows(name).select(first=dates.first, last=dates.last)
    if dates.moved is not None:
        spans = pl.concat([spans, dates.moved(change.was(name), change.now(name))])
    held, found = change.held, set[date]()
    before = NEIGHBOUR + dates.looks_back
    for start, end in spans.unique().iter_rows():
        begin = (start or held[0]) - before if start != date.min else held[0]
        until = (end or held[-1]) + NEIGHBOUR if end != date.max else held[-1]
        found |= {day for day in held if begin <= day <= until}
    return found


# The days on which the logs speak of an account, a person or a device.
#
# A row of the registry about one of them changes nothing on other days. An account
# is spoken of under any of its spellings, a device by its card and its name, a
# person by the accounts and devices that are theirs by the old rows or the new ones:
# an account's owner also decides whose requests those of their devices are, and a
# second laptop whether a tunnel binds to the first. A fixed address is held without a
# line that says so, on each day on which the device was the district's.


@dataclass
class Mentioned:
    """What to look for: accounts, people, and rows of devices."""

    names: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)
    devices: list[dict[str, str | None]] = field(default_factory=list)

    def values(self) -> list[tuple[str, str]]:
        """Kind and value of all that a log could hold."""
        found = [("name", name) for name in self.names]
        for row in self.devices:
            found += [
                (kind, value)
                for kind, column in (
                    ("card", "mac"),
                    ("host", "hostname"),
                    ("host", "device"),
                    ("host", "serial"),
                    ("host", "asset_tag"),
                    ("host", "directory_id"),
                    ("address", "static_ip"),
                )
                if (value := row[column]) is not None
            ]
        return found


def by_mention(change: Change, _names: Collection[str]) -> set[date]:
    """Days with a line about what changed, and those of addresses that are fixed."""
    changed = {name: change.rows(name) for name in MENTIONED}
    registry = {name: (change.was(name), change.now(name)) for name in MENTIONED}
    wanted = _closed(_started(changed), registry)
    # a name stands under another account where its domain is told otherwise
    plain = {bare(name) for name in wanted.names}
    spelled = change.database.distinct("identity.spellings", "account_name")
    wanted.names |= {name for name in spelled if name and bare(name) in plain}
    frame = pl.DataFrame(wanted.values(), {"kind": pl.String, "value": pl.String}, orient="row")
    change.database.replace("main.mentioned", frame.unique())
    change.show(SOURCES)
    return change.days("mentions") | _fixed(changed["devices"], change.held)


def _fixed(devices: pl.DataFrame, held: Sequence[date]) -> set[date]:
    """Days on which a device that changed has an address of its own."""
    fixed = devices.filter(pl.col("static_ip").is_not_null())
    spans = fixed.select("valid_from", "valid_to").unique().rows()
    return {
        day
        for first, last in spans
        for day in held
        if (first or held[0]) <= day <= (last or held[-1])
    }


def _started(changed: Mapping[str, pl.DataFrame]) -> Mentioned:
    """What the changed rows themselves name."""
    found = Mentioned()
    for name, rows in changed.items():
        for row in rows.iter_rows(named=True):
            if name == "devices":
                found.devices.append(row)
            keys = ("account", "alias")
            found.names |= _filled(row.get(key) for key in keys)
            owners = ("person_id", "owner_person_id", "assigned_to")
            found.people |= _filled(row.get(key) for key in owners)
    return found


def _closed(found: Mentioned, registry: Mapping[str, Sequence[pl.DataFrame]]) -> Mentioned:
    """With the people's accounts and devices, and all spellings of accounts."""
    for accounts in registry["accounts"]:
        owned = accounts.filter(pl.col("owner_person_id").is_in(found.people))
        found.names |= set(owned["account"])
    for aliases in registry["account_aliases"]:
        other = aliases.filter(pl.col("account").is_in(found.names))
        found.names |= set(other["alias"])
    for devices in registry["devices"]:
        theirs = devices.filter(pl.col("assigned_to").is_in(found.people))
        found.devices += theirs.iter_rows(named=True)
    return found


def _filled(values: Iterable[str | None]) -> set[str]:
    return {value for value in values if value is not None}


# The days on which an address was at work of which the networks say otherwise now.
#
# The models that say something of an address alone are built twice beside the
# warehouse: with the networks, buildings and places outside as they were, and as they
# are. Where their rows differ the address is touched, and with it each day on which it
# asked, was asked or was held. A network that a narrower one hides touches nothing.


def by_address(change: Change, names: Collection[str]) -> set[date]:
    """Days with an address of which something else is said than before."""
    change.show(SOURCES)
    answering = _answering(change, names)
    sides = [
        _said(change, answering, {name: side(name) for name in PLACES})
        for side in (change.was, change.now)
    ]
    changed = differing(*sides).select("part", "ip").unique()
    change.database.replace("main.changed_addresses", changed)
    found = set() if changed.is_empty() else change.days("days_of_addresses")
    return found | _near_buildings(change)


def _answering(change: Change, names: Collection[str]) -> pl.DataFrame:
    """Addresses that were asked; none where no network came or went."""
    moved = [
        differing(change.was(name).select("cidr"), change.now(name).select("cidr"))
        for name in names
        if PLACES[name].is_network
    ]
    if all(cidrs.is_empty() for cidrs in moved):
        return addresses([])
    return addresses(
        [row[0] for row in change.database.rows(query_text("invalidation/answering_addresses"))]
    )


def _said(change: Change, answering: pl.DataFrame, frames: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """What a registry of these networks says of each address."""
    with writing(Path(":memory:"), threads=1) as scratch:
        for name in DIMENSIONS:
            scratch.replace(name, change.database.table(name))
        for name, frame in frames.items():
            scratch.replace(f"registry.{name}", frame)
        scratch.replace("main.answering", answering)
        change.build(scratch, *MODELS)
        return scratch.frame(query_text("invalidation/facts_of_addresses"))


def _near_buildings(change: Change) -> set[date]:
    """Days with sign-ins from around a building that moved: many may live there."""
    at = ("lat", "lon")
    moved = differing(
        *(side("buildings").select(at).unique() for side in (change.was, change.now))
    ).drop_nulls()
    if moved.is_empty() or not change.database.has("core.outside_signins"):
        return set()
    change.database.replace("main.moved_buildings", moved)
    return change.days("nearby_sign_ins")


# The days on which somebody asked for a site that the registry speaks of otherwise.
#
# A site of the list, or one where people sign in, also makes others look like it: days
# on which one of those was asked for are touched too.


def by_site(change: Change, names: Collection[str]) -> set[date]:
    """Days on which a site of the changed rows was asked for, or one that looks so."""
    found: set[str] = set()
    for name in names:
        sites = _sites(change, name)
        if sites is None:
            return set(change.held)
        found |= sites
    return _days_of_sites(
        change,
        "main.changed_sites",
        found | _alike(change),
        "days_of_sites",
    )


def by_word(change: Change, names: Collection[str]) -> set[date]:
    """Days on which a log wrote a word for a category that means another one now."""
    words = {word for name in names for word in change.rows(name)["word"]}
    return _days_of_sites(change, "main.changed_words", words, "days_of_categories")


def _days_of_sites(change: Change, table: str, values: set[str], name: str) -> set[date]:
    frame = pl.DataFrame({"name": sorted(values)}, {"name": pl.String})
    change.database.replace(table, frame)
    change.show(_CLASSES)
    return change.days(name)


def _sites(change: Change, name: str) -> set[str] | None:
    """Sites and hosts that the rows speak of; None where that may be any."""
    changed = change.rows(name)
    if name == "approved_sites":
        # what supports a site goes by its entry
        entries = changed["entry_id"].unique().to_list()
        both = pl.concat([change.was(name), change.now(name)])
        changed = pl.concat([changed, both.filter(pl.col("supports").is_in(entries))])
    domains = {host: registrable_domain(host) for host in _hosts(name, changed)}
    if name == "background_hosts" and None in domains.values():
        return None  # a public suffix, and everything below it
    return {site for pair in domains.items() for site in pair if site is not None}


def _hosts(name: str, rows: pl.DataFrame) -> set[str]:
    return set(rows[SITES[name].column].str.split("/").list.first().drop_nulls())


def _alike(change: Change) -> set[str]:
    """Hosts that can be taken for one of the changed rows, as if nothing else were."""
    rows = {name: change.rows(name) for name in ORIGINALS}
    if all(frame.is_empty() for frame in rows.values()):
        return set()
    known = change.database.table("identity.hosts")
    named = {host for name, frame in rows.items() for host in _hosts(name, frame)}
    more = hosts(sorted(named - set(known["url_hostname"])), {})
    with writing(Path(":memory:"), threads=1) as scratch:
        scratch.replace("identity.hosts", pl.concat([known, more]))
        for name in SITES:
            frame = rows.get(name, pl.DataFrame(schema=schema(name)))
            scratch.replace(f"registry.{name}", frame)
        change.build(scratch, LIKENESS)
        return set(scratch.table(LIKENESS)["host"])


# The days with something to cite a clause: those on which its rules found anything.
#
# No model reads the policy. A finding cites the clauses that its rule serves, with what
# they ask and what logs cannot show; so it is judged again, and nothing is built.


def by_clause(change: Change, names: Collection[str]) -> set[date]:
    """Days on which a rule returned rows that serves a clause of another text."""
    codes = set(change.rows("detection_clauses")["detection"])
    if "clauses" in names:
        clauses = change.rows("clauses")["clause_id"].unique().to_list()
        both = [change.was("detection_clauses"), change.now("detection_clauses")]
        codes |= {
            model.header.code
            for model in change.district.models.values()
            if any(set(served(model, said)) & set(clauses) for said in both)
        }
    found: set[date] = set()
    for model in change.district.models.values():
        if model.header.code in codes and change.database.has(model.name):
            found |= set(change.database.distinct(model.name, "event_date"))
    return found & set(change.held)


def by_any_row(change: Change, _names: Collection[str]) -> set[date]:
    """Every day: nobody said which days the rows touch."""
    return set(change.held)


Touch = Callable[[Change, Collection[str]], set[date]]
"""The days that the rows of some frames touch; told which of the frames changed."""

TOUCH: Sequence[tuple[Collection[str], Touch]] = (
    *(((name,), by_date) for name in DATES),
    *(((name,), by_site) for name in SITES),
    *(((name,), by_word) for name in frames_touching(Words)),
    *(((name,), by_any_row) for name in frames_touching(EveryDay)),
    (MENTIONED, by_mention),
    (PLACES, by_address),
    (CLAUSES, by_clause),
)
"""Which frames of the registry reach days in which way; each frame in one."""


def touched(change: Change, names: Collection[str]) -> dict[str, set[date]]:
    """The days that changed rows touch, by the frames that have such rows."""
    found: dict[str, set[date]] = {}
    if not change.held:
        return found
    for frames, touch in TOUCH:
        changed = [name for name in frames if name in names and change.has(name)]
        if changed:
            label = ", ".join(name.replace("_", " ") for name in changed)
            found[label] = touch(change, changed)
    return found
