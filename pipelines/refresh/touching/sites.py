"""The days on which somebody asked for a site that the registry speaks of otherwise.

A site of the list, or one where people sign in, also makes others look like it: days
on which one of those was asked for are touched too.
"""

from collections.abc import Collection, Mapping
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.refresh.touching.changes import Change
from pipelines.registry.frames import schema
from pipelines.registry.sites import registrable_domain
from pipelines.warehouse.database import writing
from pipelines.warehouse.dimensions import hosts

SITES: Mapping[str, str] = {
    "approved_sites": "pattern",
    "login_hosts": "host",
    "site_categories": "domain",
    "background_hosts": "host",
}
"""Frames about sites, and their column that names one."""

LIKENESS = "core.look_alike_hosts"
ORIGINALS = ("approved_sites", "login_hosts")
"""Frames whose sites others can be taken for."""

_ASKED = """
with asked as (
    select url_hostname from identity.hosts
    where
        site in (select name from main.changed_sites)
        or url_hostname in (select name from main.changed_sites)
)
select event_date from raw.http_requests where url_hostname in (from asked)
union
select event_date from raw.connections where dst_hostname in (from asked)
"""
_SORTED = """
with words as (select name from main.changed_words)
select event_date from raw.http_requests where lower(trim(category)) in (from words)
union
select event_date from raw.connections where lower(trim(category)) in (from words)
"""
_CLASSES = ("http_requests", "connections")


def by_site(change: Change, names: Collection[str]) -> set[date]:
    """Days on which a site of the changed rows was asked for, or one that looks so."""
    found: set[str] = set()
    for name in names:
        sites = _sites(change, name)
        if sites is None:
            return set(change.held)
        found |= sites
    return _days(change, "main.changed_sites", found | _alike(change), _ASKED)


def by_word(change: Change, _names: Collection[str]) -> set[date]:
    """Days on which a log wrote a word for a category that means another one now."""
    words = set(change.rows("category_words")["word"])
    return _days(change, "main.changed_words", words, _SORTED)


def _days(change: Change, table: str, values: set[str], query: str) -> set[date]:
    frame = pl.DataFrame({"name": sorted(values)}, {"name": pl.String})
    change.database.replace(table, frame)
    change.show(_CLASSES)
    return change.days(query)


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
    return set(rows[SITES[name]].str.split("/").list.first().drop_nulls())


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
