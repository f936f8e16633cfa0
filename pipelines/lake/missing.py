"""Which detections a log can not feed, by the fields that it never fills.

What is told here is for whoever connects a source: the file still counts, and
what another source knows (a lease, a logon) may fill the gap.
"""

from collections.abc import Mapping, Sequence

import polars as pl

SITES = (
    "site_not_approved",
    "site_visited_often",
    "off_hours_external",
    "way_around_the_filter",
)
KEYBOARDS = (
    "keyboard_hop",
    "two_keyboards_one_campus",
    "account_on_two_campuses",
    "pooled_account",
)

NEEDS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "http_requests": {
        "src_ip": (*SITES, "site_after_a_refusal", "site_without_a_name"),
        "url_hostname": (*SITES, "site_after_a_refusal"),
        "disposition": ("site_after_a_refusal",),
    },
    "connections": {
        "src_ip": ("site_without_a_name",),
        "dst_ip": ("site_without_a_name",),
    },
    "logons": {
        "user_name": KEYBOARDS,
        "host": KEYBOARDS,
        "logon_kind": KEYBOARDS,
    },
}
"""Event class and column, with the detections that need it of this log."""


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
