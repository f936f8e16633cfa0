-- How the accounts of cited requests are known.
with cited as (
    select unnest($findings) as finding_id, unnest($events) as event_id
)

select cited.finding_id, requests.attribution_facts, count(*) as request_count
from cited
inner join core.http_requests as requests using (event_id)
where requests.attribution_facts is not null
group by all
order by finding_id, request_count desc, attribution_facts
