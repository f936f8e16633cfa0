/* ---
summary: Devices that were first seen on a day or after it, the newest first.
grain: [device]
params:
  since: {type: date}
columns:
  device: {type: varchar, pii: indirect, is: device}
  device_class: {type: varchar, is: class in the registry; null where it is not listed}
  building: {type: varchar, is: building}
  first_time: {type: timestamptz, is: first connection}
  site_count: {type: bigint, is: sites it reached since}
--- */
select
    device,
    min(device_class) as device_class,
    mode(building) as building,
    min(first_time) as first_time,
    count(distinct site) as site_count
from core.outside_flows
where device is not null
group by device
having min(event_date) >= $since::date
order by first_time desc, device
