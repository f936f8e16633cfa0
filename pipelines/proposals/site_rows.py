"""Proposes rows of `approved_sites.csv`: sites that many people use, and their hosts."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipelines.proposals.offers import Evidence, Proposal
from pipelines.state.rows import typed

MIN_ACCOUNTS = 3
MOST = 50
"""Sites in doubt that are listed, widest reach first."""
WIDE_SHARE = 0.1
"""Share of the staff, or of the students: a site that this many use at length is for school."""
READ_SECONDS = 120
READ_DAYS = 2
JOB_SHARE = 0.5
"""Minimum share of a site's accounts whose job uses it, for a site that few others use."""
HABIT_SHARE = 0.5
"""Share of working days: nearly every day, as a job requires."""
HABIT_DAYS = 5
SMALL_JOB = 8
"""People of a job in which what one of them uses nearly every day is the job."""

LONE_JOB = 2
"""People of a job with no one to compare with: there a look at the site counts as a day of use."""

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
"""Categories whose sites are never accepted in a group, regardless of use."""
DISTRICT = "district"
SANCTIONED = "sanctioned"
"""The class of a site that staff or students use for work; others: `sites decide`."""
UNKNOWN = "uncategorized"


class UsedSite(NamedTuple):
    """A site that many use: its accounts, those who use it at length, and what lists call it."""

    site: str
    accounts: int
    staff: int
    students: int
    days: int
    requests: int
    categories: Sequence[str] | None
    leisure: str | None
    staff_readers: int
    student_readers: int
    staff_total: int
    student_total: int
    jobs: Sequence[str] | None
    job_readers: int
    is_look_alike: bool


def reach(evidence: Evidence) -> Iterator[Proposal]:
    """Yield a row for each site that many use, by kind; accepting one approves it.

    A row has no first day, since no list forbade earlier use. Use shows what serves the school: a
    tenth of the staff or of the students use it at length, or most people in one job do. A site
    for leisure that a job requires is approved for that job only. All others are in doubt.
    """
    found = evidence.query(
        "used_sites",
        fewest=MIN_ACCOUNTS,
        seconds=READ_SECONDS,
        days=READ_DAYS,
        habit_days=HABIT_DAYS,
        small_job=SMALL_JOB,
        habit_share=HABIT_SHARE,
        lone_job=LONE_JOB,
    )
    rows = typed(UsedSite, found.select(UsedSite._fields).iter_rows(named=True))
    doubtful = 0
    for number, row in enumerate(rows, start=1):
        roles, doubt = _whose(row)
        kind = _site_kind(row, evidence.own_domains)
        doubtful += bool(doubt)
        if doubt and doubtful > MOST:
            continue
        yield Proposal(
            "approved_sites.csv",
            {
                "entry_id": f"N-{number:03d}",
                "pattern": row.site,
                "match": "domain",
                "roles": roles,
                "class": DISTRICT if kind == DISTRICT else SANCTIONED,
            },
            f"{row.accounts:,} accounts ({row.staff:,} of staff, {row.students:,} of "
            f"students) on {row.days} days, {row.requests:,} requests",
            topic=f"sites:{kind}",
            doubt=doubt,
        )


def _site_kind(row: UsedSite, own: frozenset[str]) -> str:
    """Return the group of a site: the district's own, or its category."""
    if row.site in own:
        return DISTRICT
    word = row.leisure or next(iter(row.categories or ()), UNKNOWN)
    return re.sub("[^a-z]+", "-", word.lower()).strip("-") or UNKNOWN


def _whose(row: UsedSite) -> tuple[str, str]:
    """Return the roles of an approval, and why a person has to review it first."""
    if row.is_look_alike:
        return _roles(row), "its name looks like that of another site"
    if never := sorted(NEVER.intersection(row.categories or ())):
        return _roles(row), f"lists classify it as {', '.join(never).replace('_', ' ')}"
    is_wide = row.staff_readers >= max(WIDE_SHARE * row.staff_total, 2)
    is_taught = row.student_readers >= max(WIDE_SHARE * row.student_total, 2)
    jobs = [job for job in row.jobs or () if "|" not in job]
    if row.leisure is None:
        # for all: an approval for one job would make a colleague's use a case
        is_of_a_job = jobs and row.job_readers >= JOB_SHARE * row.accounts
        is_used = is_wide or is_taught or is_of_a_job
        return _roles(row), "" if is_used else "most accounts use it only for a short time"
    # a site that several jobs use is for all: an approval for some excludes the others
    if is_wide and len(jobs) != 1:
        return "staff", ""
    if jobs:
        return "|".join(jobs), ""
    kind = row.leisure.replace("_", " ")
    return _roles(row), f"lists classify it as {kind}, and most accounts use it only briefly"


def _roles(row: UsedSite) -> str:
    """Return the roles of its users, if they share one."""
    for role, count in (("staff", row.staff), ("student", row.students)):
        if count == row.accounts:
            return role
    return "all"


def serving(evidence: Evidence) -> list[Proposal]:
    """Return a row for each site that was learned to serve one of the list, naming its entry.

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
