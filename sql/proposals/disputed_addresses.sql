-- Devices of the registry whose fixed address a lease gave to another device.
with disputed as (
    select
        conflicts.ip,
        conflicts.other_device as device,
        any_value(conflicts.device) as leased_to,
        count(distinct conflicts.event_date) as days,
        max(conflicts.event_date) as last_day
    from identity.device_conflicts as conflicts
    where conflicts.binding = 'lease' and conflicts.other_binding = 'static'
    group by conflicts.ip, conflicts.other_device
    having count(distinct conflicts.event_date) >= $fewest
)

select
    devices.*,
    disputed.ip,
    disputed.leased_to,
    disputed.days,
    disputed.last_day
from disputed
inner join registry.devices as devices
    on disputed.device = devices.device and disputed.ip = devices.static_ip
order by devices.device, disputed.ip
