-- Intervals of active use by an account, and their devices.
select
    event_date,
    device,
    device_class,
    building,
    net_kind,
    attribution_grade,
    start_time,
    end_time,
    epoch(end_time - start_time) / 60 as minutes,
    request_count,
    site_count,
    live_share,
    is_live_known
from core.presence_blocks
where
    account = $account
    and event_date between $first and $last
order by start_time, device
