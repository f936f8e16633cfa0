-- Newest flows of a source to a host or address, and their bytes.
select
    max(time) as last_time,
    null::timestamptz as let_through_time,
    coalesce(sum(bytes_out) filter (where time > $recent), 0)::bigint as bytes
from raw.connections
where
    source = $source and (dst_ip = $to or dst_hostname = $to)
    and time between $since and $until
    and coalesce(disposition, 'allowed') = 'allowed'
