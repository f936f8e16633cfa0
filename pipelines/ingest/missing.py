"""Which detections a field feeds: what a log without it can not show.

`NEEDS` is for whoever connects a source. A log that never had the field still
counts, and what another source knows (a lease, a logon) may fill the gap. A field
that a source used to fill and suddenly does not is another matter: see `STANDS_ON`.
"""

from collections.abc import Mapping, Sequence

import polars as pl

SITES = (
    "site_not_approved",
    "site_visited_often",
    "approval_does_not_cover",
    "off_hours_external",
    "way_around_the_filter",
    "look_alike_visited",
)
KEYBOARDS = (
    "keyboard_hop",
    "two_keyboards_one_campus",
    "account_on_two_campuses",
    "pooled_account",
    "account_on_others_devices",
    "shared_account_out_of_place",
)
FLOWS = (
    "bulk_upload",
    "rare_beacon",
    "swarm_of_peers",
    "program_fetched",
    "expected_traffic_missing",
)
WHERE = ("account_near_and_far", "signed_in_too_far_apart")
STANDING = ("ended_account_used", "dormant_account_used", "unknown_account_used")
REFUSED = ("many_accounts_refused",)
REQUESTS = (
    *SITES,
    "site_after_a_refusal",
    "site_without_a_name",
    "account_on_two_campuses",
    "two_keyboards_one_campus",
    "keyboard_hop",
    "owner_on_leave",
    "site_burst",
    "unusual_amount",
    "program_fetched",
    "shared_account_out_of_place",
    *WHERE,
)
"""Detections that stand on whose a request was."""

LOGONS = (*KEYBOARDS, "owner_on_leave", *WHERE, *STANDING, *REFUSED)

Needs = Mapping[str, Mapping[str, Sequence[str]]]

NEEDS: Needs = {
    "http_requests": {
        "src_ip": REQUESTS,
        "url_hostname": (*SITES, "site_after_a_refusal"),
        "disposition": ("site_after_a_refusal",),
    },
    "connections": {
        "src_ip": ("site_without_a_name", *FLOWS),
        "dst_ip": ("site_without_a_name", *FLOWS),
    },
    "logons": {
        "user_name": LOGONS,
        "activity": LOGONS,
        "host": (*KEYBOARDS, "owner_on_leave"),
        "logon_kind": (*KEYBOARDS, "owner_on_leave", *WHERE),
        "is_success": REFUSED,
    },
    "leases": {"ip": REQUESTS, "mac": REQUESTS},
}
"""Event class and column, with the detections that need it of this log."""

STANDS_ON: Needs = {
    **NEEDS,
    "http_requests": {
        **NEEDS["http_requests"],
        "user_name": (*REQUESTS, *STANDING),
        "disposition": (*SITES, "site_after_a_refusal"),
        "start_time": REQUESTS,
    },
    "connections": {**NEEDS["connections"], "user_name": REQUESTS},
    "logons": {
        **NEEDS["logons"],
        "src_ip": (*WHERE, *REFUSED),
        "assigned_ip": REQUESTS,
    },
    "leases": {**NEEDS["leases"], "action": REQUESTS},
}
"""The same for a field that was there: without it a request may go to the wrong
account, a refused one may pass for a visit, or nothing be found at all."""


def disabled(events: Mapping[str, pl.DataFrame]) -> dict[str, Sequence[str]]:
    """Detections by missing field, as `class.column`.

    Args:
        events: Events by class, without the columns that are null throughout.
    """
    return {
        f"{name}.{column}": detections
        for name, frame in events.items()
        for column, detections in NEEDS.get(name, {}).items()
        if column not in frame.columns
    }


def blocked_by(event_class: str, column: str) -> Sequence[str]:
    """Detections that must not run while a column that was filled is not."""
    return STANDS_ON.get(event_class, {}).get(column, ())
