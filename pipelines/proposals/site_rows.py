"""Proposes rows of `approved_sites.csv`: sites that many people use, and their hosts."""

import re
from collections.abc import Iterator
from typing import Any

from pipelines.proposals.offers import Evidence, Proposal

FEWEST_ACCOUNTS = 3
MOST = 50
"""Sites in doubt that are listed, widest reach first."""
WIDE_SHARE = 0.1
"""Of the staff, or of the students: what so many use at length serves the school."""
READ_SECONDS = 120
READ_DAYS = 2
JOB_SHARE = 0.5
"""Of the accounts that use a site have the job for which it would be approved."""
HABIT_SHARE = 0.5
"""Of the days at work: nearly every day, as a person does whose job it is."""
HABIT_DAYS = 5
SMALL_JOB = 8
"""People of a job in which what one of them uses nearly every day is the job."""

NEVER = frozenset(
    {
        "adult",
        "advertising",
        "circumvention",
        "dating",
        "gambling",
        "infrastructure",
        "link_shortener",
        "malware",
        "paste",
        "remote_access",
    }
)
"""Categories of which no site is accepted with others, however many use it."""
DISTRICT = "district"
SANCTIONED = "sanctioned"
"""The class of a site that staff or students use for work; others: `sites decide`."""
UNKNOWN = "uncategorized"


def reach(evidence: Evidence) -> Iterator[Proposal]:
    """A row for each site that many use, by kind; accepting one approves it.

    What serves the school is found by its use: a tenth of the staff or of the students
    use it at length, or most people of one job do, for whom alone it is then approved.
    All others are in doubt.
    """
    found = evidence.query(
        "used_sites",
        fewest=FEWEST_ACCOUNTS,
        seconds=READ_SECONDS,
        days=READ_DAYS,
        habit_days=HABIT_DAYS,
        small_job=SMALL_JOB,
        habit_share=HABIT_SHARE,
    )
    doubtful = 0
    for number, row in enumerate(found.iter_rows(named=True), start=1):
        roles, doubt = _whose(row)
        kind = _site_kind(row, evidence.own_domains)
        doubtful += bool(doubt)
        if doubt and doubtful > MOST:
            continue
        yield Proposal(
            "approved_sites.csv",
            {
                "entry_id": f"N-{number:03d}",
                "pattern": row["site"],
                "match": "domain",
                "roles": roles,
                "valid_from": row["first_day"].isoformat(),
                "class": DISTRICT if kind == DISTRICT else SANCTIONED,
            },
            f"{row['accounts']} accounts, {row['staff']} of staff, {row['pupils']} of "
            f"students, on {row['days']} days, {row['requests']:,} requests",
            topic=f"sites:{kind}",
            doubt=doubt,
        )


def _site_kind(row: dict[str, Any], own: frozenset[str]) -> str:
    """The group of a site: the district's own, else its category."""
    if row["site"] in own:
        return DISTRICT
    word = row["leisure"] or next(iter(row["categories"] or ()), UNKNOWN)
    return re.sub("[^a-z]+", "-", word.lower()).strip("-") or UNKNOWN


def _whose(row: dict[str, Any]) -> tuple[str, str]:
    """For whom a site would be approved, and why a person has to look at it first."""
    if never := sorted(NEVER.intersection(row["categories"] or ())):
        return _roles(row), f"lists call it {', '.join(never).replace('_', ' ')}"
    is_wide = row["staff_readers"] >= max(WIDE_SHARE * row["staff_total"], 2)
    is_taught = row["pupil_readers"] >= max(WIDE_SHARE * row["pupil_total"], 2)
    if row["leisure"] is None and (is_wide or is_taught):
        return _roles(row), ""
    jobs = [job for job in row["jobs"] or () if "|" not in job]
    if row["leisure"] is None:
        # an approval for a job says that all others have none
        if jobs and row["job_readers"] >= JOB_SHARE * row["accounts"]:
            return "|".join(jobs), ""
        return _roles(row), "few use it at length"
    # what several jobs work with is for all: an approval says that others have none
    if is_wide and len(jobs) != 1:
        return "staff", ""
    if jobs:
        return "|".join(jobs), ""
    return _roles(row), f"lists call it {row['leisure'].replace('_', ' ')}, few read it"


def _roles(row: dict[str, Any]) -> str:
    """For whom: those who used it, if they are all of a kind."""
    for role, count in (("staff", row["staff"]), ("student", row["pupils"])):
        if count == row["accounts"]:
            return role
    return "all"


def serving(evidence: Evidence) -> list[Proposal]:
    """A row for each site that was learned to serve one of the list, naming its entry.

    It is judged so already; the row keeps what was learned, whatever logs show later.
    """
    return [
        Proposal(
            "approved_sites.csv",
            {
                "entry_id": f"S-{number:03d}",
                "pattern": row["site"],
                "match": "domain",
                "purpose": f"serves {row['service']}",
                "supports": row["entry_id"],
            },
            f"{row['share']:.0%} of {row['session_count']} sessions of "
            f"{row['account_count']} accounts on {row['day_count']} days began right "
            f"after {row['service']}",
        )
        for number, row in enumerate(evidence.query("served_sites").iter_rows(named=True), start=1)
    ]
