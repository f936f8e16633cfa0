-- Flows that used an outside address, and its port where it is known.
select src_ip as ip, start_time, time, user_name, name_proof, format, event_id
from raw.connections
where
    nat_ip = $address and ($port::integer is null or nat_port = $port::integer)
    and coalesce(start_time, time) <= $time + to_seconds($seconds)
    and time >= $time - to_seconds($seconds)
    and src_ip is not null
order by event_id
