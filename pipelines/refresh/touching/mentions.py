"""The days on which the logs speak of an account, a person or a device.

A row of the registry about one of them changes nothing on other days. An account
is spoken of under any of its spellings, a device by its card and its name, a
person by the accounts and devices that are theirs by the old rows or the new ones:
an account's owner also decides whose requests those of their devices are, and a
second laptop whether a tunnel binds to the first. A fixed address is held without a
line that says so, on each day on which the device was the district's.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from pipelines.refresh.touching.changes import SOURCES, Change

FRAMES = ("accounts", "account_aliases", "devices", "people")
"""Frames whose rows touch the days that mention what they are about."""

_MENTIONED = """
with
spelt as (
    select user_name from identity.spellings
    where account_name in (select value from main.mentioned where kind = 'name')
),
cards as (select value from main.mentioned where kind = 'card'),
hosts as (select value from main.mentioned where kind = 'host'),
addresses as (select value from main.mentioned where kind = 'address')
select event_date from raw.http_requests
where user_name in (from spelt) or src_ip in (from addresses)
union
select event_date from raw.connections
where user_name in (from spelt) or src_ip in (from addresses)
union
select event_date from raw.logons
where
    user_name in (from spelt) or src_ip in (from addresses)
    or src_mac in (from cards)
    or host in (from hosts) or src_hostname in (from hosts)
union
select event_date from raw.leases where mac in (from cards)
"""


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
                    ("address", "static_ip"),
                )
                if (value := row[column]) is not None
            ]
        return found


def by_mention(change: Change, _names: Collection[str]) -> set[date]:
    """Days with a line about what changed, and those of addresses that are fixed."""
    changed = {name: change.rows(name) for name in FRAMES}
    registry = {name: (change.was(name), change.now(name)) for name in FRAMES}
    wanted = _closed(_started(changed), registry)
    frame = pl.DataFrame(
        wanted.values(), {"kind": pl.String, "value": pl.String}, orient="row"
    )
    change.database.replace("main.mentioned", frame.unique())
    change.show(SOURCES)
    return change.days(_MENTIONED) | _fixed(changed["devices"], change.held)


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


def _closed(
    found: Mentioned, registry: Mapping[str, Sequence[pl.DataFrame]]
) -> Mentioned:
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
