-- Blocked requests by day, building and site, with the number of people.
select
    event_date,
    building,
    site,
    count(*) as requests,
    count(distinct coalesce(account, device, src_ip)) as people
from core.http_requests
where
    event_date between $first and $last
    and disposition = 'blocked'
    and site is not null
    and building is not null
group by all
order by all
