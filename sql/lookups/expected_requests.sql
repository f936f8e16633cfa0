-- Newest requests of a source to a host, and their bytes.
select
    max(time) filter (where not $refused or disposition = 'blocked') as last_time,
    max(time) filter (where $refused and coalesce(disposition, 'allowed') = 'allowed')
        as let_through_time,
    coalesce(sum(bytes_out) filter (where time > $recent), 0)::bigint as bytes
from raw.http_requests
where source = $source and url_hostname = $to and time between $since and $until
