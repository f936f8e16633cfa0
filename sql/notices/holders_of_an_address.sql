-- Devices that held an address at a moment, the latest first.
select device, is_registered, start_time, end_time, binding, lease_event_id
from identity.address_holders
where
    ip = $ip and event_date = $day
    and start_time <= $time + to_seconds($seconds) and $time < end_time
order by start_time desc, device
