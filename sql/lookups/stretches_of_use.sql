-- Stretches in which an account or a device was in use or signed in.
with

devices as (
    select
        device,
        event_date,
        device_class,
        building
    from identity.devices
    where event_date between $first and $last
),

-- a session that lasts serves several days
signed_in as (
    select
        account,
        device,
        presence as what,
        state,
        any_value(building) as building,
        bool_and(is_clock_checked) as is_clock_checked,
        min(start_time) as start_time,
        -- who unlocks a computer has its screen, though another account stays signed in
        max(least(end_time, unlocked_time)) as end_time,
        -- the end is only assumed
        bool_or(ended_by = 'limit' and unlocked_time is null) as is_open,
        min(logon_date) as event_date,
        [event_id >> 32] as files
    from identity.presences
    where
        event_date between $first and $last
        and case when $kind = 'account' then account else device end = $subject
    group by event_id, account, device, presence, state
),

used as (
    select
        account,
        device,
        'use' as what,
        attribution_grade as state,
        building,
        null::boolean as is_clock_checked,
        start_time,
        end_time,
        false as is_open,
        event_date,
        list_sort(list_distinct(list_transform(evidence, lambda one: one >> 32)))
            as files,
        request_count
    from core.presence_blocks
    where
        event_date between $first and $last
        and case when $kind = 'account' then account else device end = $subject
),

stretches as (
    select * from used
    union all
    by name
    select * from signed_in
)

select
    stretches.account,
    stretches.device,
    devices.device_class,
    -- a computer that stays is where the registry has it
    coalesce(
        stretches.building,
        if(
            devices.device_class in ('desktop', 'podium', 'lab_pc', 'kiosk'),
            devices.building,
            null
        )
    ) as building,
    stretches.what,
    stretches.state,
    stretches.is_clock_checked,
    stretches.request_count,
    stretches.start_time,
    stretches.end_time,
    coalesce(stretches.is_open, false) as is_open,
    stretches.files
from stretches
left join devices
    on
        stretches.device = devices.device
        and stretches.event_date = devices.event_date
where
    stretches.start_time < $until
    and stretches.end_time > $start
order by
    stretches.start_time,
    stretches.end_time,
    stretches.account,
    stretches.device,
    stretches.what
