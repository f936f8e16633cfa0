"""The days on which an address was at work of which the networks say otherwise now.

The models that say something of an address alone are built twice beside the
warehouse: with the networks, buildings and places outside as they were, and as they
are. Where their rows differ the address is touched, and with it each day on which it
asked, was asked or was held. A network that a narrower one hides touches nothing.
"""

from collections.abc import Collection
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.refresh.touching.changes import SOURCES, Change, differing
from pipelines.warehouse.database import writing
from pipelines.warehouse.dimensions import addresses

FRAMES = ("subnets", "buildings", "egress", "ip_geo")
NETWORKS = ("subnets", "egress")
"""Frames of networks that are the district's own, or stand for it."""

MODELS = ("identity.places", "core.outside_places")
DIMENSIONS = ("identity.addresses", "identity.outside_networks")

_ANSWERING = """
select dst_ip from raw.connections where dst_ip is not null
union
select url_hostname from raw.http_requests
where regexp_full_match(url_hostname, '[0-9.]+|.*:.*')
"""
_SAID = """
with
networks as (
    select first_address, last_address from registry.subnets
    union all
    select first_address, last_address from registry.egress
    union all
    -- RFC 1918: inside, whatever the registry says
    values
    ('00000000000000000000ffff0a000000', '00000000000000000000ffff0affffff'),
    ('00000000000000000000ffffac100000', '00000000000000000000ffffac1fffff'),
    ('00000000000000000000ffffc0a80000', '00000000000000000000ffffc0a8ffff')
)
select 'asks' as part, ip, to_json(places)::varchar as said
from identity.places as places
union all
select 'asks', ip, to_json(outside_places)::varchar
from core.outside_places as outside_places
union
select 'asks', addresses.ip, 'stands for many'
from identity.addresses as addresses
inner join registry.egress as egress
    on addresses.address between egress.first_address and egress.last_address
union
select 'answers', answering.ip, 'inside'
from main.answering as answering
inner join networks
    on answering.address between networks.first_address and networks.last_address
"""
_AT_WORK = """
with
asking as (select ip from main.changed_addresses where part = 'asks'),
answering as (select ip from main.changed_addresses where part = 'answers')
select event_date from raw.http_requests
where src_ip in (from asking) or url_hostname in (from answering)
union
select event_date from raw.connections
where src_ip in (from asking) or dst_ip in (from answering)
union
select event_date from raw.logons
where src_ip in (from asking) or assigned_ip in (from asking)
union
select event_date from raw.leases where ip in (from asking)
union
-- fixed in the registry, or leased on an earlier day
select event_date from identity.address_holders where ip in (from asking)
"""
_NEAR = """
select distinct signins.event_date
from core.outside_signins as signins
inner join main.moved_buildings as moved
    on abs(signins.lat - moved.lat) < 1 and abs(signins.lon - moved.lon) < 1.3
"""


def by_address(change: Change, names: Collection[str]) -> set[date]:
    """Days with an address of which something else is said than before."""
    change.show(SOURCES)
    answering = _answering(change, names)
    sides = [
        _said(change, answering, {name: side(name) for name in FRAMES})
        for side in (change.was, change.now)
    ]
    changed = differing(*sides).select("part", "ip").unique()
    change.database.replace("main.changed_addresses", changed)
    found = set() if changed.is_empty() else change.days(_AT_WORK)
    return found | _near_buildings(change)


def _answering(change: Change, names: Collection[str]) -> pl.DataFrame:
    """Addresses that were asked; none where no network came or went."""
    moved = [
        differing(change.was(name).select("cidr"), change.now(name).select("cidr"))
        for name in set(names) & set(NETWORKS)
    ]
    if all(cidrs.is_empty() for cidrs in moved):
        return addresses([])
    return addresses([row[0] for row in change.database.rows(_ANSWERING)])


def _said(
    change: Change, answering: pl.DataFrame, frames: dict[str, pl.DataFrame]
) -> pl.DataFrame:
    """What a registry of these networks says of each address."""
    with writing(Path(":memory:"), threads=1) as scratch:
        for name in DIMENSIONS:
            scratch.replace(name, change.database.table(name))
        for name, frame in frames.items():
            scratch.replace(f"registry.{name}", frame)
        scratch.replace("main.answering", answering)
        change.build(scratch, *MODELS)
        return scratch.frame(_SAID)


def _near_buildings(change: Change) -> set[date]:
    """Days with sign-ins from around a building that moved: many may live there."""
    at = ("lat", "lon")
    moved = differing(
        *(side("buildings").select(at).unique() for side in (change.was, change.now))
    ).drop_nulls()
    if moved.is_empty() or not change.database.has("core.outside_signins"):
        return set()
    change.database.replace("main.moved_buildings", moved)
    return change.days(_NEAR)
