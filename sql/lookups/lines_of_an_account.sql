-- Lines with an account in some hours, by what they record, source and device.
with

names as (
    select user_name
    from identity.account_names
    where account = $account
),

devices as (
    select
        device,
        event_date,
        device_class,
        -- a portable device can be anywhere
        if(device_class in ('desktop', 'podium', 'lab_pc', 'kiosk'), building, null)
            as building
    from identity.devices
    where event_date between $first and $last
),

lines as (
    select
        'request' as what,
        source,
        device,
        device_class,
        building,
        attribution_grade as grade,
        attribution_facts as facts,
        disposition = 'allowed' as is_success,
        start_time as time
    from core.http_requests
    where event_date between $first and $last and account = $account
    union all
    select
        if(
            logons.activity in ('logon', 'unlock'),
            coalesce(logons.logon_kind, logons.activity),
            logons.activity
        ) as what,
        logons.source,
        coalesce(logons.device, logons.host) as device,
        devices.device_class,
        devices.building,
        null as grade,
        null as facts,
        coalesce(logons.is_success, true) as is_success,
        logons.time
    from core.logons as logons
    inner join names on logons.user_name = names.user_name
    left join devices
        on
            logons.device = devices.device
            and logons.event_date = devices.event_date
    where logons.event_date between $first and $last
)

select
    what,
    source,
    device,
    device_class,
    building,
    grade,
    facts,
    is_success,
    count(*) as line_count,
    min(time) as first_time,
    max(time) as last_time
from lines
where time >= $start and time < $until
group by all
order by first_time, last_time, source, what, device, grade, facts, is_success
