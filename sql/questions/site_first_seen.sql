-- Sites by the day of their first use.
select
    seen.site,
    seen.first_seen_date,
    arg_max(uses.verdict, uses.event_date) as verdict,
    arg_max(uses.category, uses.event_date) as category,
    count(*) as day_count,
    max(uses.account_count) as most_accounts_in_a_day,
    sum(uses.minutes) as minutes,
    sum(uses.request_count)::bigint as request_count
from marts.site_first_seen as seen
inner join marts.site_use as uses on seen.site = uses.site
where seen.first_seen_date >= coalesce($since, date '0001-01-01')
group by seen.site, seen.first_seen_date
order by seen.first_seen_date desc, minutes desc, seen.site
