-- Devices of the registry with the facts that the logs add.
with listed as (
    select * from registry.devices
    where valid_to is null
    qualify count(*) over (partition by device) = 1
)

select
    listed.*,
    learned.mac as learned_mac,
    learned.other_mac,
    learned.device_class as learned_class,
    learned.building as learned_building,
    learned.sighting_count,
    learned.keyboard_count,
    learned.problem
from identity.learned_devices as learned
inner join listed on learned.device = listed.device
qualify learned.event_date = max(learned.event_date) over ()
order by listed.device
