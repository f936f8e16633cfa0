/* ---
summary: Devices by bytes to and from outside in the seven days from a day.
grain: [device]
params:
  first: {type: date}
columns:
  device: {type: varchar, pii: indirect, is: device}
  device_class: {type: varchar, is: class in the registry}
  building: {type: varchar, is: building it was seen in most}
  site_count: {type: bigint, is: sites it reached}
  flow_count: {type: bigint, is: connections}
  megabytes_in: {type: double, is: received}
  megabytes_out: {type: double, is: sent}
--- */
select
    device,
    min(device_class) as device_class,
    mode(building) as building,
    count(distinct site) as site_count,
    sum(flow_count)::bigint as flow_count,
    round(coalesce(sum(bytes_in), 0) / 1e6, 1) as megabytes_in,
    round(coalesce(sum(bytes_out), 0) / 1e6, 1) as megabytes_out
from core.outside_flows
where
    device is not null
    and event_date between $first::date and $first::date + interval 6 day
group by device
order by megabytes_in + megabytes_out desc, device
