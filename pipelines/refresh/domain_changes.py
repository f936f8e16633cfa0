"""Finds the domains of account names, and the days that a change of them touches."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from pipelines.district import District
from pipelines.registry.account_domains import derive, spelled
from pipelines.state.seen_domains import note_domains
from pipelines.state.source_days import dirty_days
from pipelines.warehouse import inputs
from pipelines.warehouse.database import Database

SPELLINGS = "identity.spellings"
CLASSES = ("http_requests", "connections", "logons")

_WRITTEN = """
with spelled as (select name from main.respelled)
select event_date from raw.http_requests where user_name in (from spelled)
union
select event_date from raw.connections where user_name in (from spelled)
union
select event_date from raw.logons where user_name in (from spelled)
"""


def find_domains(database: Database, district: District) -> None:
    """Judge the domains of every name that the lake holds, and note what they are.

    Names of days that stand are known from when they were built.
    """
    files = inputs.lake_files(district.store, district.home.lake)
    held = files.days()
    days, names = held, set[str]()
    if database.has(SPELLINGS):
        names = set(database.distinct(SPELLINGS, "user_name"))
        days = sorted(set(dirty_days(district.store)) & set(held))
    if days:
        inputs.show_raw(database, files, CLASSES, (days[0], days[-1]))
        names |= inputs.values_of(database, "spellings")
    frames = district.registry.frames
    found = derive(
        names,
        frames["accounts"],
        frames["account_aliases"],
        district.settings.district.account_domains,
    )
    note_domains(district.store, found)


def respelled_days(
    database: Database,
    district: District,
    domains: set[str],
    held: Sequence[date],
) -> set[date]:
    """Days on which a log wrote a name with one of these domains."""
    if not held or not database.has(SPELLINGS):
        return set(held)
    known = spelled(database.distinct(SPELLINGS, "user_name"))
    names = sorted({one.name for one in known if one.domain in domains})
    frame = pl.DataFrame({"name": names}, {"name": pl.String})
    database.replace("main.respelled", frame)
    files = inputs.lake_files(district.store, district.home.lake)
    inputs.show_raw(database, files, CLASSES, (held[0], held[-1]))
    return {row[0] for row in database.rows(_WRITTEN)} & set(held)
