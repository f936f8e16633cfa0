-- Grade, lease and session of cited lines.
select
    requests.event_id,
    requests.attribution_grade,
    requests.binding_event_id,
    engaged.session_event_id
from core.http_requests as requests
left join core.engaged_requests as engaged
    on requests.event_id = engaged.event_id
where requests.event_id in (select unnest($ids))
