/* ---
summary: >
  Accounts and sites of a day whose use is leisure, to the extent that logs show it,
  while the district has no list of approved sites: category lists mark the site as
  leisure, few of the staff use it at length within two weeks, few of those with the
  same job do, and the account does not use it nearly every day, as a job would require.
  A job that only one or two people have shows nothing. In the first two weeks of the
  logs all days count.
grain: [account, site, event_date]
lookback: 27
lookahead: 13
params:
  event_date: {type: date}
  staff_share:
    type: double
    default: 0.1
    min: 0.01
    max: 1
    why: a tenth of the staff uses what the district works with
  job_share:
    type: double
    default: 0.25
    min: 0.01
    max: 1
    why: a quarter of the people with one job use what that job needs
  job_people:
    type: int
    default: 3
    min: 2
    max: 100
    why: with one or two people in a job there is no one to compare with
  habit_days:
    type: int
    default: 5
    min: 2
    max: 14
    unit: days
    why: every other school day of two weeks; such use may be the job itself
columns:
  account: core.site_readers
  site: varchar
  day_count: {type: bigint, is: days of the two weeks on which it used the site}
  user_count: {type: bigint, is: staff accounts that used it}
  event_date: date
--- */
with

two_weeks as (
    select *
    from core.site_readers
    where
        event_date between $event_date::date - interval 27 day
        and $event_date::date + interval 13 day
    qualify is_in_two_weeks(event_date, $event_date::date)
),

people as (
    select
        account,
        coalesce(job_title, role) as job
    from identity.accounts
    where
        event_date = $event_date::date
        and account_type = 'person'
        and is_staff
        and is_valid
),

readers as (
    select
        two_weeks.account,
        people.job,
        two_weeks.site,
        two_weeks.event_date
    from two_weeks
    inner join people on two_weeks.account = people.account
),

jobs as (
    select
        job,
        count(*) as people_count
    from people
    where job is not null
    group by job
),

staff as (
    select count(*) as people_count
    from people
),

by_site as (
    select
        site,
        count(distinct account) as user_count
    from readers
    group by site
),

by_job as (
    select
        site,
        job,
        count(distinct account) as user_count
    from readers
    group by site, job
),

by_account as (
    select
        account,
        job,
        site,
        count(distinct event_date) as day_count
    from readers
    group by account, job, site
    having bool_or(event_date = $event_date::date)
)

select
    by_account.account,
    by_account.site,
    by_account.day_count,
    by_site.user_count,
    $event_date::date as event_date
from by_account
cross join staff
inner join jobs on by_account.job = jobs.job
inner join by_site on by_account.site = by_site.site
inner join by_job
    on by_account.site = by_job.site and by_account.job = by_job.job
where
    by_account.day_count < $habit_days
    and by_site.user_count < $staff_share * staff.people_count
    and jobs.people_count >= $job_people
    and by_job.user_count < $job_share * jobs.people_count
