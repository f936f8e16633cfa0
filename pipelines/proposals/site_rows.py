"""Proposes rows of `approved_sites.csv`: sites that many people use, and their hosts."""

import re
from collections.abc import Iterator
from typing import Any

from pipelines.proposals.offers import Evidence, Proposal

MIN_ACCOUNTS = 3
MOST = 50
"""Sites in doubt that are listed, widest reach first."""
WIDE_SHARE = 0.1
"""Share of the staff, or of the students: a site that this many use at length is for school."""
READ_SECONDS = 120
READ_DAYS = 2
JOB_SHARE = 0.5
"""Of the accounts that use a site have the job for which it would be approved."""
HABIT_SHARE = 0.5
"""Share of working days: nearly every day, as a job requires."""
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
"""Categories whose sites are never accepted in a group, regardless of use."""
DISTRICT = "district"
SANCTIONED = "sanctioned"
"""The class of a site that staff or students use for work; others: `sites decide`."""
UNKNOWN = "uncategorized"

_SITES = """
with kinds as (
    select
        hosts.site,
        list(distinct categories.category order by categories.category) as categories,
        min(categories.category) filter (where categories.is_non_work) as leisure
    from built.core.host_categories as categories
    inner join built.identity.hosts as hosts
        on categories.url_hostname = hosts.url_hostname
    group by hosts.site
),

asked as (
    select
        requests.account,
        requests.site,
        requests.event_date,
        bool_or(requests.is_staff) as is_staff,
        bool_or(accounts.is_student) as is_student,
        count(*) as requests,
        count(distinct epoch(requests.start_time)::bigint // 300) as spans
    from built.core.engaged_requests as requests
    inner join built.core.site_verdicts as verdicts
        on
            requests.account = verdicts.account
            and requests.url_hostname = verdicts.url_hostname
            and requests.event_date = verdicts.event_date
    inner join built.identity.accounts as accounts
        on
            requests.account = accounts.account
            and requests.event_date = accounts.event_date
    where
        verdicts.verdict in ('external', 'no_list', 'leisure')
        and requests.site is not null
        -- a host goes by the site that it serves
        and requests.url_hostname not in (
            select url_hostname from built.core.served_hosts
        )
    group by requests.account, requests.site, requests.event_date
),

used as (
    select
        site,
        count(distinct account) as accounts,
        count(distinct case when is_staff then account end) as staff,
        count(distinct case when is_student then account end) as students,
        count(distinct event_date) as days,
        min(event_date) as first_day,
        sum(requests)::bigint as requests
    from asked
    group by site
),

-- of leisure only what was read counts: not what a page embeds, a mail links to
at_length as (
    select
        asked.site,
        asked.account,
        asked.is_staff,
        asked.event_date
    from asked
    left join kinds on asked.site = kinds.site
    where kinds.leisure is null and asked.requests >= 3 and asked.spans >= 2
    union
    select
        evidence.site,
        evidence.account,
        true,
        evidence.event_date
    from built.core.site_evidence as evidence
    inner join kinds on evidence.site = kinds.site
    where
        kinds.leisure is not null
        and evidence.is_page_read
        and evidence.request_count >= 3
        and evidence.longest_seconds >= $seconds
),

people as (
    select
        account,
        is_staff,
        is_student,
        coalesce(lower(job_title), lower(role)) as job
    from built.identity.accounts
    where account_type = 'person' and is_valid
    qualify event_date = max(event_date) over ()
),

jobs as (
    select
        job,
        count(*) as people
    from people
    where is_staff and job is not null
    group by job
),

work_days as (
    select
        account,
        count(distinct event_date) as days
    from built.core.engaged_requests
    where is_staff
    group by account
),

readers as (
    select
        at_length.site,
        at_length.account,
        bool_or(at_length.is_staff) as is_staff,
        count(distinct at_length.event_date) as days
    from at_length
    group by at_length.site, at_length.account
    having count(distinct at_length.event_date) >= $days
),

by_every_job as (
    select
        readers.site,
        people.job,
        jobs.people,
        count(*) as readers,
        count_if(
            readers.days >= $habit_days
            and readers.days >= $habit_share * work_days.days
        ) as daily
    from readers
    inner join people on readers.account = people.account
    inner join jobs on people.job = jobs.job
    left join work_days on readers.account = work_days.account
    group by readers.site, people.job, jobs.people
),

-- most of the people with a job; where few have it and hardly anyone is there to
-- compare with, one who uses the site nearly every day, or all if another job does
most_of_a_job as (
    select *
    from by_every_job
    where people > 2 and readers > 0.5 * people
),

by_job as (
    select *
    from by_every_job
    where
        (people > 2 and readers > 0.5 * people)
        or (people <= $small_job and daily >= 1)
        or (readers = people and site in (select site from most_of_a_job))
),

wide as (
    select
        site,
        count_if(is_staff) as staff_readers,
        count_if(not is_staff) as student_readers
    from readers
    group by site
),

totals as (
    select
        count_if(is_staff)::bigint as staff_total,
        count_if(is_student)::bigint as student_total
    from people
)

select
    used.*,
    kinds.categories,
    kinds.leisure,
    coalesce(wide.staff_readers, 0)::bigint as staff_readers,
    coalesce(wide.student_readers, 0)::bigint as student_readers,
    totals.staff_total,
    totals.student_total,
    (
        select list(by_job.job order by by_job.job)
        from by_job
        where by_job.site = used.site
    ) as jobs,
    (
        select coalesce(sum(by_job.readers), 0)::bigint
        from by_job
        where by_job.site = used.site
    ) as job_readers
from used
cross join totals
left join kinds on used.site = kinds.site
left join wide on used.site = wide.site
where used.accounts >= $fewest or used.site in (select site from by_job)
order by used.accounts desc, used.requests desc, used.site
"""

_LEARNED = """
with learned as (
    select * from built.core.learned_services
    qualify event_date = max(event_date) over (partition by site)
),

entries as (
    select hosts.site, min(approved.entry_id) as entry_id
    from built.registry.approved_sites as approved
    inner join built.identity.hosts as hosts
        on split_part(approved.pattern, '/', 1) = hosts.url_hostname
    where approved.match <> 'deny'
    group by hosts.site
)

select learned.*, entries.entry_id
from learned
inner join entries on learned.service = entries.site
where
    learned.site not in (
        select site from built.registry.service_hosts
        union all
        select site from entries
    )
order by learned.session_count desc, learned.site
"""


def reach(evidence: Evidence) -> Iterator[Proposal]:
    """Yield a row for each site that many use, by kind; accepting one approves it.

    Use shows what serves the school: a tenth of the staff or of the students
    use it at length, or most people in one job do; then it is approved for that job only.
    All others are in doubt.
    """
    found = evidence.frame(
        _SITES,
        fewest=MIN_ACCOUNTS,
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
            f"{row['accounts']} accounts, {row['staff']} of staff, {row['students']} of "
            f"students, on {row['days']} days, {row['requests']:,} requests",
            topic=f"sites:{kind}",
            doubt=doubt,
        )


def _site_kind(row: dict[str, Any], own: frozenset[str]) -> str:
    """Return the group of a site: the district's own, or its category."""
    if row["site"] in own:
        return DISTRICT
    word = row["leisure"] or next(iter(row["categories"] or ()), UNKNOWN)
    return re.sub("[^a-z]+", "-", word.lower()).strip("-") or UNKNOWN


def _whose(row: dict[str, Any]) -> tuple[str, str]:
    """Return the roles of an approval, and why a person has to review it first."""
    if never := sorted(NEVER.intersection(row["categories"] or ())):
        return _roles(row), f"lists classify it as {', '.join(never).replace('_', ' ')}"
    is_wide = row["staff_readers"] >= max(WIDE_SHARE * row["staff_total"], 2)
    is_taught = row["student_readers"] >= max(WIDE_SHARE * row["student_total"], 2)
    if row["leisure"] is None and (is_wide or is_taught):
        return _roles(row), ""
    jobs = [job for job in row["jobs"] or () if "|" not in job]
    if row["leisure"] is None:
        # an approval for one job excludes all others
        if jobs and row["job_readers"] >= JOB_SHARE * row["accounts"]:
            return "|".join(jobs), ""
        return _roles(row), "few accounts use it for long"
    # a site that several jobs use is for all: an approval for some excludes the others
    if is_wide and len(jobs) != 1:
        return "staff", ""
    if jobs:
        return "|".join(jobs), ""
    return _roles(row), f"lists classify it as {row['leisure'].replace('_', ' ')}, and few read it"


def _roles(row: dict[str, Any]) -> str:
    """Return the roles of its users, if they share one."""
    for role, count in (("staff", row["staff"]), ("student", row["students"])):
        if count == row["accounts"]:
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
        for number, row in enumerate(evidence.frame(_LEARNED).iter_rows(named=True), start=1)
    ]
