/* ---
summary: What the filter refused in the seven days from a day, by site.
grain: [site]
params:
  first: {type: date}
columns:
  site: {type: varchar, is: registrable domain}
  category: {type: varchar, is: what the filter calls it}
  request_count: {type: bigint, is: refused requests}
  account_count: {type: bigint, is: accounts that asked}
  device_count: {type: bigint, is: devices that asked}
  last_time: {type: timestamptz, is: the last of them}
--- */
select
    site,
    mode(category) as category,
    count(*) as request_count,
    count(distinct account) as account_count,
    count(distinct device) as device_count,
    max(time) as last_time
from core.http_requests
where
    disposition = 'blocked'
    and site is not null
    and event_date between $first::date and $first::date + interval 6 day
group by site
order by request_count desc, site
