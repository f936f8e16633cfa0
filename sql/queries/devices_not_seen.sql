/* ---
summary: >
  Devices of the registry that no log has shown since a day, or, for laptops and
  Chromebooks, none away from the district's networks; those never seen first.
grain: [device]
params:
  since: {type: date}
columns:
  device: {type: varchar, pii: indirect, is: device}
  device_class: {type: varchar, is: class in the registry}
  last_seen_date: {type: date, is: last local day with an address or a connection}
  last_outside_date: {type: date, is: last local day in a tunnel}
  is_unseen: {type: boolean, is: nowhere since that day}
--- */
select
    device,
    device_class,
    last_seen_date,
    last_outside_date,
    coalesce(last_seen_date < $since::date, true) as is_unseen
from marts.device_reach
where
    coalesce(last_seen_date < $since::date, true)
    or (is_portable and coalesce(last_outside_date < $since::date, true))
order by is_unseen desc, last_seen_date nulls first, device
