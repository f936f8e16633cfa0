-- Sites that no list decides, with the people and the jobs that use them.
with kinds as (
    select
        hosts.site,
        list(distinct categories.category order by categories.category) as categories,
        min(categories.category) filter (where categories.is_non_work) as leisure
    from core.host_categories as categories
    inner join identity.hosts as hosts
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
    from core.engaged_requests as requests
    inner join core.site_verdicts as verdicts
        on
            requests.account = verdicts.account
            and requests.url_hostname = verdicts.url_hostname
            and requests.event_date = verdicts.event_date
    inner join identity.accounts as accounts
        on
            requests.account = accounts.account
            and requests.event_date = accounts.event_date
    where
        verdicts.verdict in ('external', 'no_list', 'leisure')
        and requests.site is not null
        -- a host goes by the site that it serves
        and requests.url_hostname not in (
            select url_hostname from core.served_hosts
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
        true as is_staff,
        evidence.event_date
    from core.site_evidence as evidence
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
        coalesce(job_title, role) as job
    from identity.accounts
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
    from core.engaged_requests
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
),

-- a shop that one list names: the only person in a job may open it every day
opened as (
    select
        site,
        account,
        count(distinct event_date) as days
    from core.site_evidence
    where is_page_read
    group by site, account
    having max(non_work_sources) <= 1 and not bool_or(is_well_known)
),

by_every_job as (
    select
        readers.site,
        people.job,
        jobs.people,
        count_if(readers.days >= $days) as readers,
        count(*) as visitors,
        count_if(
            greatest(
                readers.days,
                case
                    when jobs.people <= $lone_job then coalesce(opened.days, 0)
                    else 0
                end
            )
            >= greatest($habit_days, $habit_share * work_days.days)
        ) as daily
    from readers
    inner join people on readers.account = people.account
    inner join jobs on people.job = jobs.job
    left join work_days on readers.account = work_days.account
    left join opened
        on readers.site = opened.site and readers.account = opened.account
    group by readers.site, people.job, jobs.people
),

-- most of the people with a job, each on one day or more; where few have it and hardly
-- anyone is there to compare with, one who uses the site nearly every day, or all if
-- another job does
most_of_a_job as (
    select *
    from by_every_job
    where people > 2 and readers > 0 and visitors > 0.5 * people
),

by_job as (
    select *
    from by_every_job
    where
        (site, job) in (select (most.site, most.job) from most_of_a_job as most)
        or (people <= $small_job and daily >= 1)
        or (readers = people and site in (select site from most_of_a_job))
),

wide as (
    select
        site,
        count_if(is_staff) as staff_readers,
        count_if(not is_staff) as student_readers
    from readers
    where days >= $days
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
    ) as job_readers,
    used.site in (
        select alike.registrable_domain from core.look_alike_hosts as alike
    ) as is_look_alike
from used
cross join totals
left join kinds on used.site = kinds.site
left join wide on used.site = wide.site
where used.accounts >= $fewest or used.site in (select site from by_job)
order by used.accounts desc, used.requests desc, used.site
