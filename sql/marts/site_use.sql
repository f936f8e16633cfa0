/* ---
summary: >
  Which sites people used on a day, over all accounts: how many accounts, about how
  long, and the decision of the district's list. No account is named.
grain: [event_date, site]
params:
  event_date: {type: date}
columns:
  event_date: date
  site: {type: varchar, is: registrable domain}
  verdict: {type: varchar, is: the list's decision for most accounts}
  category: {type: varchar, is: what category lists say}
  category_source_count: {type: bigint, is: lists agreeing on a non-work category}
  account_count: {type: bigint, is: accounts}
  staff_account_count: {type: bigint, is: staff accounts among them}
  minutes: {type: double, is: estimated minutes of all accounts}
  request_count: bigint
  unjudged_minutes:
    type: double
    is: >-
      of it by staff on district devices, on a site of a sensitive kind that no rule
      judges
--- */
with

use as (
    select *
    from core.site_use
    where event_date = $event_date::date
),

verdicts as (
    select
        site,
        verdict
    from use
    group by site, verdict
    qualify
        row_number() over (
            partition by site
            order by count(distinct account) desc, verdict
        ) = 1
)

select
    $event_date::date as event_date,
    use.site,
    any_value(verdicts.verdict) as verdict,
    max(use.categories) as category,
    max(use.non_work_sources) as category_source_count,
    count(distinct use.account) as account_count,
    count(distinct case when use.is_staff then use.account end) as staff_account_count,
    round(sum(use.total_seconds) / 60, 3) as minutes,
    sum(use.request_count)::bigint as request_count,
    coalesce(
        round(
            sum(use.total_seconds)
            filter (where use.is_sensitive and use.is_staff and use.is_district_device)
            / 60,
            1
        ),
        0
    ) as unjudged_minutes
from use
inner join verdicts on use.site = verdicts.site
group by use.site
