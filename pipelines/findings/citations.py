"""The lines that findings stand on, read again from where they were delivered."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from pipelines.district import District
from pipelines.findings.evidence import Evidence, copy_lines
from pipelines.findings.record import Finding
from pipelines.state import ledger
from pipelines.warehouse import inputs
from pipelines.warehouse.database import Database


def cited_lines(
    database: Database, district: District, found: Sequence[Finding]
) -> Mapping[int, Evidence]:
    """The lines that findings cite, by event id."""
    wanted = sorted({event_id for one in found for event_id in one.evidence})
    if not wanted:
        return {}
    listings = {
        source.name: {one.path: one for one in source.listing().deliveries}
        for source in district.sources()
    }
    return copy_lines(
        wanted,
        ledger.source_files(district.store),
        listings,
        _events(database, district, wanted),
    )


def _events(
    database: Database, district: District, wanted: Sequence[int]
) -> dict[int, tuple[str, Mapping[str, Any]]]:
    """Role and fields of cited events, as the warehouse and the lake know them."""
    files = inputs.lake_files(district.store, district.home.lake)
    days = files.days()
    inputs.show_raw(database, files, ("logons", "leases"), (days[0], days[-1]))
    database.replace("main.cited", pl.DataFrame({"event_id": list(wanted)}))
    found: dict[int, tuple[str, Mapping[str, Any]]] = {}
    for role, query in _ROLES.items():
        for row in database.frame(query).iter_rows(named=True):
            found[row["event_id"]] = (role, row)
    return found


_ROLES = {
    "request": (
        "select event_id, start_time as time, account, device, building, site,"
        " method as activity, bytes_in, event_date"
        " from core.http_requests inner join main.cited using (event_id)"
    ),
    "logon": (
        "select event_id, time, names.account, host as device, null as building,"
        " null as site, activity, null as bytes_in, event_date"
        " from raw.logons inner join main.cited using (event_id)"
        " left join identity.account_names as names using (user_name)"
    ),
    "lease": (
        "select event_id, time, null as account, hostname as device,"
        " null as building, null as site, action as activity, null as bytes_in,"
        " event_date from raw.leases inner join main.cited using (event_id)"
    ),
}
