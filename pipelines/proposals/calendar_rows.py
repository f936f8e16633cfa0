"""Proposes rows of `calendar.csv`: days on which hardly anyone worked."""

from pipelines.proposals.offers import Evidence, Proposal

HARDLY, MOSTLY = 0.1, 0.5
"""Shares of the staff of a usual working day: of a closure, and of a day at work."""
FEWEST_STAFF = 10
OPEN_HOURS = 8
"""Hours from seven to five with lines, so that a silent log is no closed school."""


def days_off(evidence: Evidence) -> list[Proposal]:
    """Days on which the district did not do what its calendar says."""
    found = evidence.query(
        "unexpected_days",
        zone=evidence.zone,
        fewest=FEWEST_STAFF,
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
                "note": "by the logs",
            },
            f"the calendar says {row['day_type'].replace('_', ' ')}, and "
            f"{row['people']} of staff used a district device on site; {row['usual']} "
            "do on a working day",
        )
        for row in found.iter_rows(named=True)
    ]
