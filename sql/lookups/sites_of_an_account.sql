-- Sites that an account used, by day.
select
    event_date,
    case when is_sensitive then $withheld else site end as site,
    verdict,
    attribution_grade,
    round(sum(total_seconds) / 60) as minutes,
    sum(visit_count) as visits,
    min(start_time) as first_time,
    max(end_time) as last_time
from core.site_use
where account = $account and event_date between $first and $last
group by all
order by event_date, first_time
