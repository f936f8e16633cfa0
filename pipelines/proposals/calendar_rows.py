"""Proposes rows of `calendar.csv`: days on which hardly anyone worked."""

from pipelines.proposals.offers import Evidence, Proposal

HARDLY, MOSTLY = 0.1, 0.5
"""Shares of the staff of a usual working day: of a closure, and of a working day."""
MIN_STAFF = 10
OPEN_HOURS = 8
"""Minimum hours with lines from seven to five, so that a silent log is not a closed school."""


def days_off(evidence: Evidence) -> list[Proposal]:
    """Return days on which the logs contradict the calendar."""
    found = evidence.query(
        "unexpected_days",
        zone=evidence.zone,
        fewest=MIN_STAFF,
        hours=OPEN_HOURS,
        hardly=HARDLY,
        mostly=MOSTLY,
    )
    return [
        Proposal(
            "calendar.csv",
            {
                "date": f"{row['event_date']}",
                "day_type": "closure" if row["is_working"] else "pd_day",
                "declared_at": f"{row['event_date']} 00:00",
                "note": "from the logs",
            },
            f"the calendar lists {row['day_type'].replace('_', ' ')}, and {row['people']} "
            f"staff used a district device on site; {row['usual']} do on a working day",
        )
        for row in found.iter_rows(named=True)
    ]
