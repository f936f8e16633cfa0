"""Says which days have to be built and judged again, and because of what.

Events make their own days stale, a rule all of them, the registry those that the
rows which changed can touch: a duty row its day, a leave its date, a consent the
days of its validity, a site the days on which somebody asked for it, an account, a
person or a device the days whose lines mention it. Networks touch every day.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from pipelines.district.sites import registrable_domain
from pipelines.findings.feedback import demoted
from pipelines.findings.keeping import stored_findings
from pipelines.journey import mentions
from pipelines.journey.contracts import contracts_moved
from pipelines.journey.district import District
from pipelines.journey.unjudged import released, unjudged
from pipelines.state import ledger
from pipelines.warehouse.database import Database
from pipelines.warehouse.inputs import lake_files

SPANS: Mapping[str, tuple[str, str]] = {
    "calendar_days": ("date", "date"),
    "duty_windows": ("event_date", "event_date"),
    "leave_windows": ("event_date", "event_date"),
    "consents": ("valid_from", "valid_to"),
    "exceptions": ("valid_from", "valid_to"),
    "expected_traffic": ("valid_from", "valid_to"),
}
"""Frames whose rows touch the days from one column to another, null being open."""

SITES: Mapping[str, str] = {
    "approved_sites": "pattern",
    "site_categories": "domain",
    "background_hosts": "host",
}
"""Frames whose rows touch the days on which their site was asked for."""

JUDGED_BY = ("consents", "exceptions", "clauses", "detection_clauses")
"""Frames that decide about findings and that no model reads."""

NEIGHBOUR = timedelta(days=1)
"""Duty and leave reach past midnight."""

_VISITED = """
select distinct event_date from core.http_requests
where
    site in (select name from main.changed_sites)
    or url_hostname in (select name from main.changed_sites)
"""


@dataclass(frozen=True)
class Stale:
    """Days to build again, oldest first, and the registry files that opened some.

    Attributes:
        again: Further days, whose models stand and whose findings are judged again.
    """

    days: Sequence[date]
    because: tuple[str, ...] = ()
    again: Sequence[date] = ()


def stale(database: Database, district: District, held: Sequence[date]) -> Stale:
    """What has to be built again now.

    Args:
        held: Every day with events.
    """
    was, now = dict(noted(database, "main.built_with")), _versions(district)
    dirty = set(ledger.dirty_days(district.store)) & set(held)
    dirty |= set(released(database, unjudged(district))) & set(held)
    if was == now:
        return Stale(sorted(dirty))
    if was.get("rules") != now["rules"] or was.get("zone") != now["zone"]:
        return Stale(held)
    frames = district.registry.frames
    if not all(database.has(f"main.judged_{name}") for name in frames):
        return Stale(held)
    days = dirty | _mentioned(database, district, held)
    again = _redecided(district, was, now) & set(held)
    for name, frame in frames.items():
        if name in JUDGED_BY:
            again |= _touched(database, name, frame, held)
        elif name not in mentions.FRAMES:
            days |= _touched(database, name, frame, held)
    because = _changed_files(database, district)
    return Stale(sorted(days), because, sorted(again - days))


def note_versions(database: Database, district: District) -> None:
    """Remember what the warehouse was built with, once all of it was judged."""
    now = _versions(district)
    if dict(noted(database, "main.built_with")) == now:
        return
    for name, frame in district.registry.frames.items():
        database.replace(f"main.judged_{name}", frame)
    note(database, "main.judged_files", district.registry.versions)
    note(database, "main.built_with", now)


def versions(district: District) -> dict[str, str]:
    """What a finding was judged with: the registry and the rules."""
    return {"registry": district.registry.version, "rules": district.rules_version}


def noted(database: Database, table: str) -> list[tuple[str, str]]:
    """Names and values that were noted; empty where nothing was."""
    return list(database.table(table).iter_rows()) if database.has(table) else []


def note(database: Database, table: str, values: Mapping[str, str]) -> None:
    """Note names and values in the warehouse."""
    frame = {"name": list(values), "version": list(values.values())}
    database.replace(table, pl.DataFrame(frame))


def _versions(district: District) -> dict[str, str]:
    more = {
        "settings": district.settings_hash,
        "zone": district.zone,
        "leads": "|".join(sorted(demoted(district.standings))),
        "stages": "|".join(map("=".join, sorted(district.stages.items()))),
    }
    return versions(district) | more


def _redecided(
    district: District, was: Mapping[str, str], now: Mapping[str, str]
) -> set[date]:
    """Days with findings of rules that became leads, or were put on trial, since."""
    rules: set[str] = set()
    for name in ("leads", "stages"):
        before, after = (set(one.get(name, now[name]).split("|")) for one in (was, now))
        rules |= {one.split("=")[0] for one in before ^ after}
    return {
        date.fromisoformat(row["event_date"])
        for row in stored_findings(district.store)
        if row["rule"] in rules
    }


def _changed_files(database: Database, district: District) -> tuple[str, ...]:
    was = set(noted(database, "main.judged_files"))
    now = set(district.registry.versions.items())
    return tuple(sorted({name for name, _ in was ^ now}))


def touched_days(
    database: Database, district: District, frames: Iterable[str], held: Sequence[date]
) -> set[date]:
    """The days that the rows of some frames touch which changed since the build."""
    every, names = district.registry.frames, set(frames)
    found = [
        _touched(database, name, every[name], held)
        for name in names - set(mentions.FRAMES)
    ]
    if names & set(mentions.FRAMES):
        found.append(_mentioned(database, district, held))
    return set().union(*found)


def _judged(database: Database, name: str, now: pl.DataFrame) -> pl.DataFrame:
    """A frame as everything was judged with it."""
    was = database.table(f"main.judged_{name}")
    absent = [pl.lit(None).alias(key) for key in now.columns if key not in was.columns]
    return was.with_columns(absent).select(now.columns).cast(now.schema)


def _mentioned(
    database: Database, district: District, held: Sequence[date]
) -> set[date]:
    """The days that changed accounts, people and devices touch."""
    frames = {name: district.registry.frames[name] for name in mentions.FRAMES}
    both = {name: (_judged(database, name, now), now) for name, now in frames.items()}
    changed = {name: _changed(*pair) for name, pair in both.items()}
    if all(rows.is_empty() for rows in changed.values()):
        return set()
    files = lake_files(district.store, district.home.lake)
    days = mentions.mentioning(database, files, changed, both)
    return set(held) if days is None else days & set(held)


def _changed(was: pl.DataFrame, now: pl.DataFrame) -> pl.DataFrame:
    return pl.concat([_lacking(was, now), _lacking(now, was)])


def _touched(
    database: Database, name: str, now: pl.DataFrame, held: Sequence[date]
) -> set[date]:
    """The days that the changed rows of a frame touch."""
    was = _judged(database, name, now)
    changed = _changed(was, now)
    if changed.is_empty():
        return set()
    if name in SPANS:
        first, last = SPANS[name]
        spans = changed.select(first=first, last=last)
        if name == "duty_windows":
            spans = pl.concat([spans, contracts_moved(was, now)])
        return _spanned(spans.unique(), held)
    if name in SITES:
        sites = _sites(name, changed, now)
        if sites is not None:
            frame = pl.DataFrame({"name": sorted(sites)}, {"name": pl.String})
            database.replace("main.changed_sites", frame)
            return {row[0] for row in database.rows(_VISITED)} & set(held)
    return set(held)


def _lacking(rows: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
    """The rows that the other frame has not."""
    return rows.join(other, on=rows.columns, how="anti", nulls_equal=True)


def _spanned(spans: pl.DataFrame, held: Sequence[date]) -> set[date]:
    found: set[date] = set()
    for first, last in spans.iter_rows():
        start = (first or held[0]) - NEIGHBOUR if first != date.min else held[0]
        end = (last or held[-1]) + NEIGHBOUR if last != date.max else held[-1]
        found |= {day for day in held if start <= day <= end}
    return found


def _sites(name: str, changed: pl.DataFrame, now: pl.DataFrame) -> set[str] | None:
    """Sites and hosts that the rows speak of; None where that may be any."""
    if name == "approved_sites":
        # what supports a site goes by its entry
        entries = changed["entry_id"].unique().to_list()
        changed = pl.concat([changed, now.filter(pl.col("supports").is_in(entries))])
    hosts = changed[SITES[name]].str.split("/").list.first().unique().to_list()
    found = {host: registrable_domain(host) for host in hosts}
    if name == "background_hosts" and None in found.values():
        return None  # a public suffix, and everything below it
    return {site for pair in found.items() for site in pair if site is not None}
