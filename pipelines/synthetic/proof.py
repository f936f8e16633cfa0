"""Provability of planted cases, from the rules' own coverage counts.

`marts.rule_coverage` counts at which filter the events of a day are lost to a family of
rules. Here it is applied to the lines of one case alone: of the account during
it, on each of its devices. If most are lost to the rule that should find the
case, no rule can find it, and the report announces that for the building.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.district import open_district
from pipelines.health.rule_coverage import (
    COUNTS,
    KEYBOARDS,
    PRESENCE,
    PROPERTY,
    SITES,
    TABLE,
    TUNNELS,
    family_of,
)
from pipelines.warehouse.database import Database, writing
from pipelines.warehouse.models import Model, models, query_text, rules

NO_LINE = "no line records it"
MOST = 0.5
"""Share of a case's lines that a rule needs to know enough about."""
USUAL = ("not a page that a person opened", "address that represents many")
"""Filters of events that are not use by anyone."""
CARRIED = "a device that can be carried"
DEVICES = "devices.csv"
"""A rule on sites that depends on it judges only the district's own devices."""
DESKS_ONLY = ("SA-4",)
"""Rules on stationary devices; others include portable ones."""
NO_KEYBOARD = "the device writes no logons"
AT_DEVICE = ("device unknown to the registry", "no log shows who is at the device")
"""Filters of devices without a visible user."""

OWN = {
    "core.http_requests": "select * from core.http_requests where account = $account"
    " and start_time between $first and $last"
    " and coalesce(list_contains($devices, device), false) = $is_listed",
    "core.logons": "select * from core.logons where time between $first and $last"
    " and (user_name = $account or list_contains($devices, coalesce(device, host)))",
    "core.outside_flows": "select * from core.outside_flows"
    " where list_contains($devices, device) and seen_by = 'firewall'"
    " and first_time <= $last and last_time >= $first",
}
"""Relation that the funnel counts -> the rows of it that are the case's."""
OWNED = ("own_http_requests", "own_logons", "own_outside_flows")
DAYS = """
select event_date from own_http_requests
union select event_date from own_logons
union select event_date from own_outside_flows
"""

"""Whether the report asks about a site that the case's account used then."""

TOO_SHORT = "its lines span less than its rule asks for"
MIN_SECONDS = ("longest_seconds", "block_seconds")
"""Parameters of rules on sites and hours: seconds that a use has to last."""
SPAN = """
select epoch(max(time)) - epoch(min(start_time))
from core.http_requests
where account = $account and start_time between $first and $last
"""

Row = Mapping[str, Any]


def sites_asked(home: Path, cases: pl.DataFrame) -> frozenset[str]:
    """Return cases in which the account used a site that the report asks about.

    Args:
        home: A district that was run.
        cases: Planted cases, with instants.
    """
    with _warehouse(home) as database:
        return frozenset(
            case["case_id"]
            for case in cases.iter_rows(named=True)
            if database.rows(query_text("lookups/account_used_unjudged_site"), _when(case))[0][0]
        )


def _when(case: Row) -> dict[str, object]:
    return {
        "account": case["account"],
        "first": case["start_utc"],
        "last": case["end_utc"],
    }


@contextmanager
def _warehouse(home: Path) -> Iterator[Database]:
    with open_district(home) as district:
        path, memory_mb = district.home.warehouse, district.settings.limits.memory_mb
    with writing(path, memory_mb=memory_mb) as database:
        yield database


def unproven(home: Path, cases: pl.DataFrame) -> Mapping[str, str]:
    """Return case -> the filter that lost most of its lines; without cases that lost none.

    Args:
        home: A district after a run.
        cases: Planted cases, with instants.
    """
    with _warehouse(home) as database:
        said = {case["case_id"]: _reason(database, case) for case in cases.iter_rows(named=True)}
    return {name: reason for name, reason in said.items() if reason}


def _reason(database: Database, case: Row) -> str:
    """Return the filter that loses the worst of a case's places; it needs all of them."""
    rule = rules().get(case["expected_rule"])
    if rule is None:
        return ""
    family = family_of(rule.header)
    devices = [name for name in (case["devices"] or "").split("|") if name]
    listed = [_own_lines(database, case, [name]) for name in devices]
    funnels = [*listed, _own_lines(database, case, devices, is_listed=False)]
    told = [rows for rows in funnels if rows.filter(family=family).height]
    if not told:
        return NO_KEYBOARD if family == KEYBOARDS else NO_LINE
    share, reason = max(_lost(rule, case["expected_rule"], rows) for rows in told)
    if share > MOST:
        return reason
    return TOO_SHORT if _is_too_short(database, case, rule) else ""


def _is_too_short(database: Database, case: Row, rule: Model) -> bool:
    """Return whether the needed facts between its first and last line are missing."""
    asked = [rule.header.params.get(name) for name in MIN_SECONDS]
    least = max([float(one.default or 0) for one in asked if one], default=0.0)
    ((seconds,),) = database.rows(SPAN, _when(case))
    return (seconds or 0.0) < least


def _own_lines(
    database: Database, case: Row, devices: Sequence[str], *, is_listed: bool = True
) -> pl.DataFrame:
    """Return the funnel of the case's lines on some devices, or on none of them."""
    values = {
        **_when(case),
        "devices": list(devices),
        "is_listed": is_listed,
    }
    query = models()[TABLE].query
    for own, (name, chosen) in zip(OWNED, OWN.items(), strict=True):
        used = {key: value for key, value in values.items() if f"${key}" in chosen}
        database.rows(f"create or replace temp table {own} as {chosen}", used)
        query = re.sub(rf"\b{re.escape(name)}\b", own, query)
    days = database.rows(DAYS)
    parts = [database.frame(query, {"event_date": day}) for (day,) in sorted(days)]
    schema = {"family": pl.String, "filter": pl.String, "position": pl.Int64}
    if not parts:
        return pl.DataFrame(schema=schema | dict.fromkeys(COUNTS, pl.Int64))
    return pl.concat(parts).group_by(*schema).agg(pl.col(COUNTS).sum())


def _lost(rule: Model, code: str, rows: pl.DataFrame) -> tuple[float, str]:
    """Return the share of the events that the rule loses, and the filter that loses most."""
    family = family_of(rule.header)
    usual = [*USUAL, *(() if code in DESKS_ONLY else (CARRIED,))]
    tunnels = rows.filter(family=TUNNELS)
    if tunnels.height and family in (SITES, PRESENCE):
        return _most(tunnels, usual)
    found = [_most(rows.filter(family=family), usual)]
    if family == SITES:
        # a named use needs a person at the device, whose identity may be less certain
        at_device = pl.col("filter").is_in(AT_DEVICE)
        found.append(_most(rows.filter(at_device, family=PRESENCE), usual))
        if DEVICES in rule.header.requires_registry:
            found.append(_most(rows.filter(family=PROPERTY), usual))
    return max(found)


def _most(steps: pl.DataFrame, usual: Sequence[str]) -> tuple[float, str]:
    counts = {row["filter"]: row for row in steps.sort("position").to_dicts()}
    came = max((row["event_count"] for row in counts.values()), default=0)
    came -= sum(counts[name]["dropped_count"] for name in usual if name in counts)
    lost = {name: row["dropped_count"] for name, row in counts.items() if name not in usual}
    if came <= 0 or not lost:
        return 0.0, ""
    return float(sum(lost.values()) / came), max(lost, key=lambda name: lost[name])
