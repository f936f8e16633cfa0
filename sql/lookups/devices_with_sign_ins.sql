-- Devices at which people sit, by building: how many, and how many wrote a sign-in.
with

devices as (
    select
        device,
        any_value(device_class) as device_class,
        arg_max(building, event_date) as building
    from identity.devices
    where
        event_date between $first and $last
        and device_class in (
            'desktop', 'laptop', 'chromebook', 'podium', 'lab_pc', 'kiosk'
        )
    group by device
),

writing as (
    select distinct device
    from identity.presences
    where event_date between $since and $last and presence = 'keyboard'
)

select
    devices.building,
    count(*) as device_count,
    count(writing.device) as writing_count
from devices
left join writing on devices.device = writing.device
where coalesce(devices.device = $device, $device is null)
group by devices.building
order by devices.building
