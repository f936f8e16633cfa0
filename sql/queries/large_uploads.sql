/* ---
summary: What devices sent to each site in the seven days from a day, most first.
grain: [device, site]
params:
  first: {type: date}
columns:
  device: {type: varchar, pii: indirect, is: device}
  site: {type: varchar, is: registrable domain}
  is_listed: {type: boolean, is: the site is on the list}
  day_count: {type: bigint, is: days on which it did}
  megabytes_out: {type: double, is: sent}
  first_time: {type: timestamptz, is: first connection}
  last_time: {type: timestamptz, is: last connection}
--- */
select
    device,
    site,
    bool_or(is_listed) as is_listed,
    count(distinct event_date) as day_count,
    round(sum(bytes_out) / 1e6, 1) as megabytes_out,
    min(first_time) as first_time,
    max(last_time) as last_time
from core.outside_flows
where
    device is not null
    and site is not null
    and event_date between $first::date and $first::date + interval 6 day
group by device, site
having sum(bytes_out) > 0
order by sum(bytes_out) desc, device, site
