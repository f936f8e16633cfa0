-- Requests by day and building, with the number of people.
select
    event_date,
    building,
    count(*) as requests,
    count(distinct coalesce(account, device, src_ip)) as people
from core.http_requests
where event_date between $first and $last and building is not null
group by all
order by all
