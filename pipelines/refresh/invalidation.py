"""Days that a changed registry touches: those on which a model could change.

Each table defines how its rows reach days: by their dates, by accounts and devices in
log lines, by the networks of an address, by requested hosts, by findings under a clause.
A missed day would keep a wrong finding; an extra day costs time. So a day counts as
touched unless the opposite is certain.
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
    NoDay,
    Sites,
    Words,
)
from pipelines.warehouse.database import Database, writing
from pipelines.warehouse.detections import served
from pipelines.warehouse.inputs import LakeFiles, addresses, hosts, lake_files, show_raw
from pipelines.warehouse.models import arguments, given, query_text

SOURCES = ("http_requests", "connections", "logons", "leases", "dns_queries")
"""Classes of events that show the holder of an address."""

DATES = frames_touching(Dates)
NEIGHBOR = timedelta(days=1)
"""Duty and leave reach past midnight."""
MENTIONED = frames_touching(Mentions)

PLACES = frames_touching(Addresses)
MODELS = ("identity.places", "core.outside_places")
DIMENSIONS = ("identity.addresses", "identity.outside_networks")


SITES = frames_touching(Sites)
LIKENESS = "core.look_alike_hosts"
ORIGINALS = [name for name, sites in SITES.items() if sites.is_imitated]
"""Frames whose sites others can be taken for."""


_CLASSES = ("http_requests", "connections", "dns_queries")
CLAUSES = frames_touching(Clauses)


@dataclass(frozen=True)
class Change:
    """The change of the registry since the days were judged."""

    database: Database
    district: District
    held: Sequence[date]
    _rows: dict[str, pl.DataFrame] = field(default_factory=dict)

    def now(self, name: str) -> pl.DataFrame:
        """Return the current rows of a frame."""
        return self.district.registry.frames[name]

    def was(self, name: str) -> pl.DataFrame:
        """Return a frame at the time of the last judgment, in today's columns."""
        now, was = self.now(name), self.database.table(f"main.judged_{name}")
        new = [key for key in now.columns if key not in was.columns]
        absent = [pl.lit(None).alias(key) for key in new]
        return was.with_columns(absent).select(now.columns).cast(now.schema)

    def rows(self, name: str) -> pl.DataFrame:
        """Return the rows that were added or removed."""
        if name not in self._rows:
            self._rows[name] = differing(self.was(name), self.now(name))
        return self._rows[name]

    def has(self, name: str) -> bool:
        """Return whether a frame has added or removed rows."""
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
    """Return the rows of either frame that the other lacks."""
    sides = ((one, other), (other, one))
    return pl.concat(
        rows.join(others, on=rows.columns, how="anti", nulls_equal=True) for rows, others in sides
    )


def by_date(change: Change, names: Collection[str]) -> set[date]:
    """Return the days of the changed rows."""
    return {day for name in names for day in _days(change, name)}


def _days(change: Change, name: str) -> set[date]:
    dates = DATES[name]
    spans = change.rows(name).select(first=dates.first, last=dates.last)
    if dates.moved is not None:
        spans = pl.concat([spans, dates.moved(change.was(name), change.now(name))])
    held, found = change.held, set[date]()
    before = NEIGHBOR + dates.looks_back
    for start, end in spans.unique().iter_rows():
        begin = (start or held[0]) - before if start != date.min else held[0]
        until = (end or held[-1]) + NEIGHBOR if end != date.max else held[-1]
        found |= {day for day in held if begin <= day <= until}
    return found


# Days on which the logs mention an account, a person or a device.
#
# A registry row about one of them changes nothing on other days. An account is mentioned under any
# of its spellings, a device by its card and its name, a person by the accounts and devices that the
# old or the new rows assign to them: the owner of an account also decides who made the requests of
# their devices, and a second laptop decides whether a tunnel belongs to the first. A fixed address
# needs no line: it is held on each day on which the device was the district's.


@dataclass
class SearchTerms:
    """Search terms: accounts, people, and rows of devices."""

    names: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)
    devices: list[dict[str, str | None]] = field(default_factory=list)

    def values(self) -> list[tuple[str, str]]:
        """Return kind and value of every term that a log could contain."""
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
    """Return days with a line about the change, and those of fixed addresses."""
    changed = {name: change.rows(name) for name in MENTIONED}
    registry = {name: (change.was(name), change.now(name)) for name in MENTIONED}
    wanted = _closed(_started(changed), registry)
    # a name maps to another account where its domain setting differs
    plain = {bare(name) for name in wanted.names}
    spelled = change.database.distinct("identity.spellings", "account_name")
    wanted.names |= {name for name in spelled if name and bare(name) in plain}
    frame = pl.DataFrame(wanted.values(), {"kind": pl.String, "value": pl.String}, orient="row")
    change.database.replace("main.mentioned", frame.unique())
    change.show(SOURCES)
    return change.days("mentions") | _fixed(changed["devices"], change.held)


def _fixed(devices: pl.DataFrame, held: Sequence[date]) -> set[date]:
    """Return days on which a changed device has a fixed address."""
    fixed = devices.filter(pl.col("static_ip").is_not_null())
    spans = fixed.select("valid_from", "valid_to").unique().rows()
    return {
        day
        for first, last in spans
        for day in held
        if (first or held[0]) <= day <= (last or held[-1])
    }


def _started(changed: Mapping[str, pl.DataFrame]) -> SearchTerms:
    """Return the terms in the changed rows themselves."""
    found = SearchTerms()
    for name, rows in changed.items():
        for row in rows.iter_rows(named=True):
            if name == "devices":
                found.devices.append(row)
            keys = ("account", "alias")
            found.names |= _filled(row.get(key) for key in keys)
            owners = ("person_id", "owner_person_id", "assigned_to")
            found.people |= _filled(row.get(key) for key in owners)
    return found


def _closed(found: SearchTerms, registry: Mapping[str, Sequence[pl.DataFrame]]) -> SearchTerms:
    """Add the people's accounts and devices, and all spellings of accounts."""
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


# Days on which an address was used that the networks now describe differently.
#
# The models that describe an address alone are built twice next to the warehouse: with the
# networks, buildings and outside places before the change, and after it. If their rows differ, the
# address is touched, and each day on which it sent or received a request or was leased. A network
# that a narrower one hides touches nothing.


def by_address(change: Change, names: Collection[str]) -> set[date]:
    """Return days with an address whose description changed."""
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
    """Return addresses that were requested; none where no network was added or removed."""
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
    """Return the description of each address by a registry with these networks."""
    with writing(Path(":memory:"), threads=1) as scratch:
        for name in DIMENSIONS:
            scratch.replace(name, change.database.table(name))
        for name, frame in frames.items():
            scratch.replace(f"registry.{name}", frame)
        scratch.replace("main.answering", answering)
        change.build(scratch, *MODELS)
        return scratch.frame(query_text("invalidation/facts_of_addresses"))


def _near_buildings(change: Change) -> set[date]:
    """Return days with sign-ins near a building that moved: many people may live there."""
    at = ("lat", "lon")
    moved = differing(
        *(side("buildings").select(at).unique() for side in (change.was, change.now))
    ).drop_nulls()
    if moved.is_empty() or not change.database.has("core.outside_signins"):
        return set()
    change.database.replace("main.moved_buildings", moved)
    return change.days("nearby_sign_ins")


# Days on which a site was requested that the registry now describes differently.
#
# A site on the list, or one where people sign in, also has look-alikes: days on which one of those
# was requested are touched too.


def by_site(change: Change, names: Collection[str]) -> set[date]:
    """Return days on which a site of the changed rows, or a look-alike, was requested."""
    found: set[str] = set()
    for name in names:
        sites = _sites(change, name)
        if sites is None:
            return set(change.held)
        found |= sites
    return _days_of_sites(change, "main.changed_sites", found | _alike(change), "days_of_sites")


def by_word(change: Change, names: Collection[str]) -> set[date]:
    """Return days on which a log contained a category word whose meaning changed."""
    words = {word for name in names for word in change.rows(name)["word"]}
    return _days_of_sites(change, "main.changed_words", words, "days_of_categories")


def _days_of_sites(change: Change, table: str, values: set[str], name: str) -> set[date]:
    frame = pl.DataFrame({"name": sorted(values)}, {"name": pl.String})
    change.database.replace(table, frame)
    change.show(_CLASSES)
    return change.days(name)


def _sites(change: Change, name: str) -> set[str] | None:
    """Return sites and hosts in the rows; None where that may be any."""
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
    """Return hosts that look like one of the changed rows, ignoring other candidates."""
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


# Days with findings that cite a clause: those on which its rules had any result.
#
# No model reads the policy. A finding cites the clauses of its rule, with their text and the limits
# of logs; so it is judged again, and nothing is rebuilt.


def by_clause(change: Change, names: Collection[str]) -> set[date]:
    """Return days on which a rule returned rows under a clause whose text changed."""
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


def by_no_row(_change: Change, _names: Collection[str]) -> set[date]:
    """Return no day: neither a model nor a finding reads the rows."""
    return set()


def by_any_row(change: Change, _names: Collection[str]) -> set[date]:
    """Return every day, because the rows define no days."""
    return set(change.held)


Touch = Callable[[Change, Collection[str]], set[date]]
"""A function that returns the days that rows touch, given the frames that changed."""

TOUCH: Sequence[tuple[Collection[str], Touch]] = (
    *(((name,), by_date) for name in DATES),
    *(((name,), by_site) for name in SITES),
    *(((name,), by_word) for name in frames_touching(Words)),
    *(((name,), by_any_row) for name in frames_touching(EveryDay)),
    *(((name,), by_no_row) for name in frames_touching(NoDay)),
    (MENTIONED, by_mention),
    (PLACES, by_address),
    (CLAUSES, by_clause),
)
"""Which frames of the registry reach days in which way; each frame in one."""


READING_LOGS = (by_site, by_word, by_mention, by_address)
IN_LOGS = {name for names, touch in TOUCH if touch in READING_LOGS for name in names}
"""Frames whose changed rows reach the days on which log lines mention them."""


def touched(change: Change, names: Collection[str]) -> dict[str, set[date]]:
    """Return the days that changed rows touch, by the frames with such rows."""
    found: dict[str, set[date]] = {}
    if not change.held:
        return found
    for frames, touch in TOUCH:
        changed = [name for name in frames if name in names and change.has(name)]
        if changed:
            label = ", ".join(name.replace("_", " ") for name in changed)
            found[label] = touch(change, changed)
    return found
